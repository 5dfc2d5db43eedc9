"""Several runs side by side: what they differ in, the frontier of all of them, and points that are alike.

Only what is of one kind is compared: something measured is never laid against something emulated.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.report.effects import Effect
from autotune.report.pairs import config_leaves, pair_loads
from autotune.score import Objective, frontier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.report.reported import Reported
    from autotune.report.rows import Row
    from autotune.store.result import Result

#: Config paths that say where a point runs, how it is searched for, and at which loads it is measured: the last are matched
#: by themselves, the others are no part of what a point is.
_OUTSIDE = ("executor.", "optimization.", "benchmark.bin_dir", "benchmark.results_uri", "benchmark.timeout_s",
            "benchmark.num_concurrency", "benchmark.request_rate", "benchmark.traffic_scenarios")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs that can be compared, and those that are `apart` because they are of another kind, or have no numbers.

    `letters` name the compared runs, by their place among all that were given.
    `differing` are the config paths that each run has one value of, but not all the same, with the values by run, as text.
    `effects` lay each later run against the first. `scenarios` are the traffic that all have; `frontier` holds (run, row) of
    the rows with such traffic that no other beats, over all runs, in the objectives of the first.
    """

    reports: tuple[Reported, ...]
    letters: tuple[str, ...]
    apart: tuple[Reported, ...]
    differing: tuple[tuple[str, tuple[str, ...]], ...]
    effects: tuple[Effect, ...]
    scenarios: frozenset[str]
    rows: tuple[tuple[int, Row], ...]
    frontier: tuple[tuple[int, Row], ...]
    objectives: tuple[Objective, ...]


def compare_runs(reports: Sequence[Reported]) -> Comparison | None:
    """Compare the runs of one kind, measured ones where there are any; None where fewer than two can be compared."""
    kind = "measured" if any(report.leading == "measured" for report in reports) else reports[0].leading
    named = [(letter(place), report) for place, report in enumerate(reports)]
    kept = [(name, report) for name, report in named if report.leading == kind and report.ranked]
    if len(kept) < 2:
        return None
    letters, chosen = tuple(name for name, _ in kept), tuple(report for _, report in kept)
    apart = tuple(report for name, report in named if name not in letters)
    leaves = [[_leaves(result) for result in report.results] for report in chosen]
    differing = _differing(leaves)
    scenarios = frozenset.intersection(
        *(frozenset(row.measurement.load.scenario for row in report.ranked) for report in chosen)
    )
    rows = tuple(
        (place, row)
        for place, report in enumerate(chosen)
        for row in report.ranked
        if row.measurement.load.scenario in scenarios
    )
    objectives = chosen[0].objectives
    values = [[item.value(row.measurement, row.gpus or None) for item in objectives] for _, row in rows]
    ignored = {path for path, _ in differing}
    alike = [_by_key(report, known, ignored) for report, known in zip(chosen, leaves, strict=True)]
    effects = tuple(
        effect
        for place in range(1, len(chosen))
        if (effect := _effect(letters[0], letters[place], alike[0], alike[place])) is not None
    )
    best = tuple(rows[index] for index in frontier(values)) if rows else ()
    return Comparison(chosen, letters, apart, differing, effects, scenarios, rows, best, objectives)


def letter(place: int) -> str:
    """The short name of a run in a comparison: A, B, ... Z, A1, ..."""
    return chr(ord("A") + place % 26) + (str(place // 26) if place >= 26 else "")


def _leaves(result: Result) -> dict[str, str]:
    return {path: value for path, value in config_leaves(result.config).items() if not path.startswith(_OUTSIDE)}


def _differing(leaves: Sequence[Sequence[Mapping[str, str]]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    paths = sorted({path for run in leaves for point in run for path in point})
    found = []
    for path in paths:
        values = [{point.get(path, "") for point in run} for run in leaves]
        if all(len(known) == 1 for known in values) and len(set.union(*values)) > 1:
            found.append((path, tuple(known.pop() for known in values)))
    return tuple(found)


def _by_key(
    report: Reported, leaves: Sequence[Mapping[str, str]], ignored: set[str]
) -> dict[frozenset[tuple[str, str]], list[Row]]:
    """The rows of each point by what it is, less what its run differs in from the others."""
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in report.ranked:
        rows[report.place(row.result)].append(row)
    return {
        frozenset((path, value) for path, value in known.items() if path not in ignored): rows[place]
        for place, known in enumerate(leaves)
        if place in rows
    }


def _effect(
    old: str,
    new: str,
    before: Mapping[frozenset[tuple[str, str]], Sequence[Row]],
    after: Mapping[frozenset[tuple[str, str]], Sequence[Row]],
) -> Effect | None:
    paired = [pairs for key, rows in before.items() if (pairs := pair_loads(rows, after.get(key, ())))]
    if not paired:
        return None
    return Effect("run", old, new, tuple(pair for pairs in paired for pair in pairs), len(paired), ())
