"""The report of runs as Markdown for a pull request: the frontier open, everything else folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.report.attainment import find_attainment
from autotune.report.comparison import compare_runs, letter
from autotune.report.effects import effect_metrics, find_effects
from autotune.report.facts import run_facts
from autotune.report.failures import group_failures
from autotune.report.github import block, code, fold, table
from autotune.report.interval import LEGEND, any_repeated
from autotune.report.listing import best_tiles, frontier_table, tiles_by_run
from autotune.report.masking import mask_value
from autotune.report.page import show_counts, show_when
from autotune.report.reproduce import run_commands
from autotune.report.sections import metric_name, show_ratio
from autotune.report.series import choose_series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autotune.report.comparison import Comparison
    from autotune.report.effects import Change, Effect
    from autotune.report.failures import FailureGroup
    from autotune.report.reported import Reported
    from autotune.score import Objective

#: GitHub refuses comments and descriptions of more ("Body is too long (maximum is 65536 characters)").
MAX_CHARACTERS = 65_536
_ROOM = 60_000
MAX_ROWS, MAX_FAILURES, MAX_EFFECTS, LOG_LINES = 25, 8, 25, 12
LOG_CHARACTERS = 3_000
_MOST_NAMED = 6
#: Characters of a message.
_MESSAGE = 500


def render_markdown(reports: Sequence[Reported]) -> str:
    """One run, or several after each other, as GitHub Flavored Markdown that fits into a comment.

    What comes from outside (names, values, messages, logs) stands in code, so it can neither mention anybody nor break out.
    Parts at the end are left out where there would be too much, which is said.
    """
    blocks = _joint(reports) if len(reports) > 1 else []
    blocks += [part for report in reports for part in _run(report)]
    kept, used = [], 0
    for part in blocks:
        if used + len(part) > _ROOM:
            kept.append("*The rest is left out: a comment may not be longer. `autotune report` writes all of it.*")
            break
        kept.append(part)
        used += len(part) + 2
    return "\n\n".join(kept) + "\n"


def _joint(reports: Sequence[Reported]) -> list[str]:
    """Several runs beside each other, as far as they are of one kind."""
    comparison = compare_runs(reports)
    names = [
        f"**{letter(place)}** {code(report.run.run_id)} ({report.leading})" for place, report in enumerate(reports)
    ]
    parts = [f"## {len(reports)} runs side by side", ", ".join(names)]
    if comparison is None:
        return [*parts, "They are not compared: there are no two of one kind with numbers."]
    if comparison.apart:
        apart = ", ".join(code(report.run.run_id) for report in comparison.apart)
        parts.append(f"Not compared with the others: {apart}. Only what is of one kind is compared.")
    parts.append(_best_of_each(comparison))
    if comparison.differing:
        rows = [
            [code(path), *(code(mask_value(path, value)) for value in values)]
            for path, values in comparison.differing[:MAX_EFFECTS]
        ]
        head = ["What differs", *comparison.letters]
        parts.append(fold("What differs between the runs", table(head, rows, [False] * len(head))))
    if comparison.effects:
        metrics = effect_metrics(comparison.reports[0].results)
        told = "Median and range of new / old, over points that are alike but for what the runs differ in as a whole."
        parts.append(f"{told}\n\n{_effect_table(comparison.effects, metrics, 'Runs')}")
    return parts


def _best_of_each(comparison: Comparison) -> str:
    titles, tiles = tiles_by_run(comparison.reports)
    shares = [sum(place == at for at, _ in comparison.frontier) for place in range(len(tiles))]
    shown = [["-" if tile is None else f"{tile['value']} {tile['unit']}" for tile in found] for found in tiles]
    rows = [
        [f"**{name}**", *cells, f"{share} of {len(comparison.frontier)}"]
        for name, cells, share in zip(comparison.letters, shown, shares, strict=True)
    ]
    head = ["Run", *titles, "On the joint frontier"]
    return table(head, rows, [False, *(True for _ in head[1:])])


def _run(report: Reported) -> list[str]:
    parts = [f"## {code(report.title)}", *_banner(report)]
    parts.append(f"Run {code(report.run.run_id)}, {show_when(report)}. {show_counts(report)}.")
    parts += [*_best(report), *_frontier(report), *_failures(report), *_effects(report)]
    parts.append(fold("Where it ran, and how to run it again", _origin(report)))
    return parts


def _banner(report: Reported) -> list[str]:
    if not report.kinds:
        return []
    some = "" if all(result.kind != "measured" for result in report.results) else "Some points here were "
    text = f"**{some}{' and '.join(report.kinds).upper()}, NOT MEASURED.** Do not lay them against measurements."
    return [f"> [!WARNING]\n> {text}"]


def _best(report: Reported) -> list[str]:
    rows = [
        [tile["title"], f"{tile['value']} {tile['unit']}", code(tile["point_id"]), code(tile["where"]),
         code(tile["load"])]
        for tile in best_tiles(report)
    ]  # fmt: skip
    if not rows:
        return []
    return [table(["Best", "Value", "Point", "Settings", "Load"], rows, [False, True, False, False, False])]


def _frontier(report: Reported) -> list[str]:
    series = choose_series(report, ())
    rows = frontier_table(report, series, find_attainment(report.ranked))
    objectives = ", ".join(objective.name for objective in report.objectives)
    if not rows:
        return [f"No load is on the frontier of {objectives}."]
    limits = any(row["meets"] is not None for row in rows)
    columns: list[tuple[str, bool, Callable[[dict[str, Any]], str]]] = [
        ("Point", False, lambda row: code(row["point_id"])),
        *(
            (code(name), False, lambda row, place=place: code(row["values"][place]))
            for place, name in enumerate(report.names.values())
        ),
        *([("Load", False, lambda row: code(row["load"]))] if report.with_load else []),
        ("GPUs", True, lambda row: str(row["gpus"])),
        ("TTFT ms", True, lambda row: row["ttft"]),
        ("TPOT ms", True, lambda row: row["tpot"]),
        ("tokens/s", True, lambda row: row["total"]),
        ("tokens/s/GPU", True, lambda row: row["per_gpu"]),
        *([("Limits", False, lambda row: "met" if row["meets"] else "missed")] if limits else []),
    ]
    shown = table(
        [name for name, _, _ in columns],
        ([cell(row) for _, _, cell in columns] for row in rows[:MAX_ROWS]),
        [number for _, number, _ in columns],
    )
    notes = [f"and {len(rows) - MAX_ROWS} more loads" if len(rows) > MAX_ROWS else ""]
    notes.append(LEGEND if any_repeated(row.measurement for row in report.frontier) else "")
    told = "; ".join(filter(None, notes))
    return [f"### Pareto frontier of {objectives}", shown, *([f"<sub>{told}</sub>"] if told else [])]


def _failures(report: Reported) -> list[str]:
    groups = group_failures(report.results)
    if not groups:
        return []
    count = sum(len(group.results) for group in groups)
    told = [_failure(report, group) for group in groups[:MAX_FAILURES]]
    if len(groups) > MAX_FAILURES:
        told.append(f"and {len(groups) - MAX_FAILURES} more kinds of failures")
    return [fold(f"{count} point{'' if count == 1 else 's'} did not run", "\n\n".join(told))]


def _failure(report: Reported, group: FailureGroup) -> str:
    named = [f"{code(result.point_id)} {code(report.label(result))}".rstrip() for result in group.results[:_MOST_NAMED]]
    more = len(group.results) - len(named)
    parts = [f"**{group.name}**: {code(group.message, _MESSAGE)}"]
    if group.remedy:
        parts.append(f"What to do: {code(group.remedy, _MESSAGE)}")
    parts.append("\n".join(f"- {name}" for name in [*named, *([f"and {more} more"] if more else [])]))
    if group.log:
        parts.append(block("\n".join(group.log.splitlines()[-LOG_LINES:])[-LOG_CHARACTERS:]))
    return "\n\n".join(parts)


def _effects(report: Reported) -> list[str]:
    effects = find_effects(report.results, report.run.inputs.overrides)
    if not effects:
        return []
    told = (
        "Median and range of new / old, over pairs of points that differ in this one setting. "
        "Under five pairs chance and the other settings may explain the number."
    )
    shown = _effect_table(effects, effect_metrics(report.results), "Setting")
    return [fold("What each setting did", f"{told}\n\n{shown}")]


def _effect_table(effects: Sequence[Effect], metrics: Sequence[Objective], subject: str) -> str:
    rows = [
        [code(effect.setting), f"{code(effect.old) or 'not said'} → {code(effect.new) or 'not said'}",
         *(_change(effect.change(metric)) for metric in metrics), _basis(effect)]
        for effect in effects[:MAX_EFFECTS]
    ]  # fmt: skip
    head = [subject, "Change", *(metric_name(metric) for metric in metrics), "Pairs of points"]
    more = f"\n\nand {len(effects) - MAX_EFFECTS} more" if len(effects) > MAX_EFFECTS else ""
    return table(head, rows, [False, False, *(True for _ in metrics), True]) + more


def _change(change: Change | None) -> str:
    if change is None:
        return "-"
    median = f"**{show_ratio(change.median)}**"
    return median if len(change.ratios) == 1 else f"{median} ({show_ratio(change.low)} to {show_ratio(change.high)})"


def _basis(effect: Effect) -> str:
    return f"{effect.points}{' (few)' if effect.few else ''}"


def _origin(report: Reported) -> str:
    facts = table(["", ""], ([name, code(value)] for name, value in run_facts(report)), [False, False])
    commands = run_commands(report.run)
    return f"{facts}\n\n{block(chr(10).join(commands), 'sh')}" if commands else facts
