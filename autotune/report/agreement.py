"""A verdict on a predictor as tables: what the terminal, Markdown and the page show alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.report.github import table
from autotune.report.number import UNKNOWN, show_number
from autotune.verify.align import METRICS
from autotune.verify.choice import SCORE

if TYPE_CHECKING:
    from autotune.verify.common import Common
    from autotune.verify.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Section:
    """One table; the columns in `numbers` are numbers. `title` is empty for the first; `note` stands below."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: range
    note: str = ""


def sections(verdict: Verdict) -> list[Section]:
    """Every table of a verdict that has rows, in order."""
    found = [_metrics(verdict), _choice(verdict), _worst(verdict), _common(verdict)]
    return [item for item in found if item.rows]


def headline(verdict: Verdict) -> str:
    """What was compared with what, in one line."""
    points = len({(pair.run_id, pair.point_id) for pair in verdict.pairs})
    runs = list(dict.fromkeys(pair.run_id for pair in verdict.pairs))
    version = f" {verdict.version}" if verdict.version else ""
    loads = f"{len(verdict.pairs)} load{'' if len(verdict.pairs) == 1 else 's'}"
    on = f"{points} point{'' if points == 1 else 's'}"
    return f"{verdict.predictor}{version} against {loads} on {on}, measured in {', '.join(runs)}"


def show_share(share: float, *, signed: bool = False) -> str:
    """A share of 1 as whole percent, with its sign where asked for; a dash where it is not known.

    An error of ten times and more is a factor: 24x.
    """
    if not math.isfinite(share):
        return UNKNOWN
    if signed and share >= 9:
        return f"{1 + share:.0f}x"
    return f"{100 * share:+.0f} %" if signed else f"{100 * share:.0f} %"


def _metrics(verdict: Verdict) -> Section:
    rows = tuple(
        (
            METRICS[item.metric],
            str(item.pairs),
            show_share(item.mape),
            show_share(item.median),
            show_share(item.bias, signed=True),
            f"{item.worst:.1f}x",
            _correlation(item.spearman),
            _correlation(item.kendall),
        )
        for item in verdict.agreements
    )
    medians = [METRICS[item.metric] for item in verdict.agreements if item.medians]
    note = "error: |predicted / measured - 1|; bias: below 0 the prediction is too low; worst: the largest factor between the two"
    if medians:
        note += f"; the measured {', '.join(medians)} is a median where the tool gave no mean"
    return Section("", ("metric", "pairs", "mean error", "median", "bias", "worst", "Spearman", "Kendall"), rows, range(1, 8), note)  # fmt: skip


def _choice(verdict: Verdict) -> Section:
    rows: list[tuple[str, ...]] = []
    if (overlap := verdict.overlap) is not None:
        shared = f"{len(overlap.shared)} of {len(overlap.measured)} measured frontier points were predicted to be on it ({len(overlap.predicted)} were)"  # fmt: skip
        rows.append(("frontier, points shared", show_share(len(overlap.shared) / len(overlap.measured)), shared))
        names = ", ".join(item.name for item in verdict.objectives)
        rows.append(("frontier, hypervolume", show_share(overlap.reached), f"reached by measuring the predicted frontier of {names}"))  # fmt: skip
    for regret in verdict.regrets:
        worst, name = regret.worst, "the score" if regret.objective == SCORE else regret.objective
        chosen, best = (verdict.pairs[index] for index in (worst.chosen, worst.best))
        where = f" under {worst.load}" if worst.load else ""
        more = f"at most {show_share(worst.share)}{where}: {chosen.name} instead of {best.name}" if worst.share > 0 else "the best was predicted to be the best"  # fmt: skip
        rows.append((f"regret, {name}", show_share(regret.mean), more))
    note = "regret: how much worse the point measured that was predicted to be best, on average over the loads"
    return Section("Believing it", ("what", "share", "in words"), tuple(rows), range(1, 2), note)


def _worst(verdict: Verdict) -> Section:
    rows = []
    for item in verdict.worst:
        pair = verdict.pairs[item.index]
        values = pair.values[item.metric]
        rows.append(
            (
                pair.name,
                pair.load.label,
                METRICS[item.metric],
                show_number(values.predicted),
                show_number(values.measured),
                show_share(values.error, signed=True),
            )
        )
    return Section("Worst", ("point", "load", "metric", "predicted", "measured", "error"), tuple(rows), range(3, 6))


def _common(verdict: Verdict) -> Section:
    """What the metrics' errors follow; end-to-end latency and throughput mostly follow what TTFT and TPOT do."""
    first = {item.words: item for item in reversed(verdict.common)}
    rows = tuple(_common_row(item) for item in verdict.common if first[item.words] is item)
    return Section("In common", ("metric", "where", "there", "elsewhere"), rows, range(0))


def _common_row(item: Common) -> tuple[str, ...]:
    return (METRICS[item.metric], item.words, _off(item.inside, item.pairs_inside), _off(item.outside, item.pairs_outside))  # fmt: skip


def _off(share: float, pairs: int) -> str:
    """To which side and how far, and of how many: `41 % too low (12 pairs)`, `2.3x too high (3 pairs)`."""
    size = show_share(abs(share)) if share < 1 else f"{1 + share:.1f}x"
    return f"{size} too {'low' if share < 0 else 'high'} ({pairs} pairs)"


def _correlation(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else UNKNOWN


def to_markdown(verdict: Verdict) -> str:
    """For a pull request."""
    lines = [f"**{_escape(headline(verdict))}**", ""]
    for section in sections(verdict):
        if section.title:
            lines += [f"#### {section.title}", ""]
        right = [index in section.numbers for index in range(len(section.head))]
        rows = [[_escape(cell) for cell in row] for row in section.rows]
        lines += [table(section.head, rows, right), ""]
        if section.note:
            lines += [f"<sub>{_escape(section.note)}</sub>", ""]
    return "\n".join(lines)


def _escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    for letter in "\\`*_[]|":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("<", "&lt;").replace("\n", " ")
