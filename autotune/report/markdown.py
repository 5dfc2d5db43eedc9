"""The report of runs as Markdown for a pull request: the frontier open, everything else folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.report.attainment import find_attainment
from autotune.report.chosen import choose
from autotune.report.convergence import FOUND, find_convergence
from autotune.report.effects import effect_metrics, find_effects
from autotune.report.facts import run_facts
from autotune.report.failures import group_failures
from autotune.report.github import block, code, fold, table
from autotune.report.interval import LEGEND, any_repeated
from autotune.report.listing import best_tiles, frontier_table
from autotune.report.markdown_effects import effect_table
from autotune.report.markdown_joint import joint_parts
from autotune.report.page import show_counts, show_when
from autotune.report.reproduce import run_commands
from autotune.report.series import choose_series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autotune.report.failures import FailureGroup
    from autotune.report.reported import Reported

#: GitHub refuses comments and descriptions of more ("Body is too long (maximum is 65536 characters)").
MAX_CHARACTERS = 65_536
_ROOM = 60_000
MAX_ROWS, MAX_FAILURES, LOG_LINES = 25, 8, 12
LOG_CHARACTERS = 3_000
_MOST_NAMED = 6
#: Characters of a message.
_MESSAGE = 500


def render_markdown(reports: Sequence[Reported]) -> str:
    """One run, or several after each other, as GitHub Flavored Markdown that fits into a comment.

    What comes from outside (names, values, messages, logs) stands in code, so it can neither mention anybody nor break out.
    Parts at the end are left out where there would be too much, which is said.
    """
    blocks = joint_parts(reports) if len(reports) > 1 else []
    blocks += [part for report in reports for part in _run(report)]
    kept, used = [], 0
    for part in blocks:
        if used + len(part) > _ROOM:
            kept.append("*The rest is left out: a comment may not be longer. `autotune report` writes all of it.*")
            break
        kept.append(part)
        used += len(part) + 2
    return "\n\n".join(kept) + "\n"


def _run(report: Reported) -> list[str]:
    parts = [f"## {code(report.title)}", *_banner(report)]
    parts.append(f"Run {code(report.run.run_id)}, {show_when(report)}. {show_counts(report)}.")
    parts += [*_chosen(report), *_frontier(report), *_failures(report), *_effects(report)]
    parts += _convergence(report)
    parts.append(fold("Where it ran, and how to run it again", _origin(report)))
    return parts


def _banner(report: Reported) -> list[str]:
    if not report.kinds:
        return []
    some = "" if all(result.kind != "measured" for result in report.results) else "Some points here were "
    text = f"**{some}{' and '.join(report.kinds).upper()}, NOT MEASURED.** Do not lay them against measurements."
    return [f"> [!WARNING]\n> {text}"]


def _chosen(report: Reported) -> list[str]:
    """The picks; where there is no choice, the best of each metric."""
    chosen = choose(report)
    if not chosen.choices:
        return _best(report)
    rows = [
        [f"**{item.title}**", code(item.row.result.point_id), code(item.where), code(item.load), item.per_gpu, item.tpot,
         item.ttft, code(item.remark, _MESSAGE)]
        for item in chosen.choices
    ]  # fmt: skip
    head = ["What to choose", "Point", "Settings", "Load", "tokens/s/GPU", "TPOT ms", "TTFT ms", "Why"]
    shown = table(head, rows, [False, False, False, False, True, True, True, False])
    packed = f"As measured, with its manifests: {code(chosen.choices[0].pack, _MESSAGE)}"
    return [shown, *(f"{what}: {code(why, _MESSAGE)}" for what, why in chosen.missing), packed]


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
    rows = frontier_table(report, series, find_attainment(report.ranked), {})
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


def _convergence(report: Reported) -> list[str]:
    found = find_convergence(report.results, report.objectives, report.leading)
    if found is None or len(found.steps) < 2:
        return []
    needed, total = found.experiments_for(FOUND), len(found.steps)
    return [f"After {needed} of {total} experiments {100 * FOUND:.0f} % of the last hypervolume was there."]


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
    shown = effect_table(effects, effect_metrics(report.results), "Setting")
    return [fold("What each setting did", f"{told}\n\n{shown}")]


def _origin(report: Reported) -> str:
    facts = table(["", ""], ([name, code(value)] for name, value in run_facts(report)), [False, False])
    commands = run_commands(report.run)
    return f"{facts}\n\n{block(chr(10).join(commands), 'sh')}" if commands else facts
