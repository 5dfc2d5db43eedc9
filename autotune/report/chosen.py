"""What one would choose, as the page and the Markdown show it: the picks with their numbers, and why a pick is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autotune.report.interval import show_metric
from autotune.report.masking import mask_text
from autotune.report.picks import find_picks, pick_lines
from autotune.report.plain import clean
from autotune.report.reproduce import pack_command

if TYPE_CHECKING:
    from autotune.report.picks import Picked
    from autotune.report.reported import Reported
    from autotune.report.rows import Row

NAMES = {
    "best": "best score",
    "slo": "best within the limits",
    "knee": "knee of the frontier",
    "nearest": "nearest to the limits",
}


#: The picks that `emit --pick` knows by name; other rows go by their point.
PACKED = ("best", "slo", "knee")


class Choice(NamedTuple):
    """One row that was picked, under one name or several: `title` has them in words; `pack` is the command that packs it."""

    title: str
    names: tuple[str, ...]
    row: Row
    number: int
    where: str
    load: str
    per_gpu: str
    tpot: str
    ttft: str
    remark: str
    pack: str


class Chosen(NamedTuple):
    """The choices in order; and (what, why) of each pick that there is none of, where that says something."""

    choices: tuple[Choice, ...]
    missing: tuple[tuple[str, str], ...]


def choose(report: Reported) -> Chosen:
    """The picks of a run; none where there is no choice."""
    picked = find_picks(report.results)
    choices = tuple(_choice(report, names.split(", "), row, remark) for names, row, remark in pick_lines(picked))
    return Chosen(choices, _missing(picked) if choices else ())


def pick_names(chosen: Chosen) -> dict[tuple[int, int], str]:
    """Which picks fall on a row, by the result's identity and the row's index."""
    return {(id(item.row.result), item.row.index): ", ".join(item.names) for item in chosen.choices}


def _choice(report: Reported, names: list[str], row: Row, remark: str) -> Choice:
    words = "; ".join(NAMES[name] for name in names)
    return Choice(
        words[:1].upper() + words[1:],
        tuple(names),
        row,
        report.number(row.result),
        report.label(row.result),
        row.measurement.load.label if report.with_load else "",
        show_metric(row.measurement, "output_tokens_per_s_per_gpu"),
        show_metric(row.measurement, "tpot_ms"),
        show_metric(row.measurement, "ttft_ms"),
        mask_text(clean(remark)),
        pack_command(report.run, names[0] if names[0] in PACKED else row.result.point_id),
    )


def _missing(picked: Picked) -> tuple[tuple[str, str], ...]:
    """Why there is no knee, and why nothing is within the limits; that there are no limits at all is no news."""
    picks = picked.picks
    wanted = ["knee", *(["slo"] if "nearest" in picks.chosen else [])]
    told = {name: why for name, why in picks.why_not.items() if name in wanted}
    return tuple((f"No {NAMES[name]}", mask_text(clean(why))) for name, why in told.items())
