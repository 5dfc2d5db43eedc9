"""From what a client measured to what counts: repeats taken together, loads with too many errors refused."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.bench.errors import BenchError
from autotune.bench.student_t import half_width
from autotune.metrics import LATENCIES, RATES, STATISTICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.metrics import Load, Measurement
    from autotune.schema import Benchmark

#: Distinct reasons of failed requests that are kept, and the characters of each.
ERRORS_KEPT = 3
_REASON_CHARS = 300
_COUNTED = re.compile(r"(\d+) x (.*)", re.DOTALL)


def settle(measurements: Iterable[Measurement], benchmark: Benchmark) -> list[Measurement]:
    """Every load once, repeats taken together. Raises BenchError, with all of them, when one has too many errors.

    Too many is more than `benchmark.max_error_rate`: the server was then under a lighter load than the one asked for.
    """
    combined = combine_repeats(measurements)
    wrong = [item for item in combined if item.error_rate > benchmark.max_error_rate]
    if wrong:
        raise BenchError("; ".join(_complaint(item, benchmark) for item in wrong), measurements=combined)
    return combined


def combine_repeats(measurements: Iterable[Measurement]) -> list[Measurement]:
    """One measurement a load, in the order in which they first appear; what was taken once comes back as it is."""
    groups: dict[Load, list[Measurement]] = {}
    for item in measurements:
        groups.setdefault(item.load, []).append(item)
    return [items[0] if len(items) == 1 else _combine(items) for items in groups.values()]


def count_errors(reasons: Iterable[str]) -> tuple[str, ...]:
    """The most frequent reasons, each as `count x reason`, shortened."""
    counts = Counter(" ".join(reason.split())[:_REASON_CHARS] for reason in reasons)
    return _most_frequent(counts)


def _combine(items: Sequence[Measurement]) -> Measurement:
    """The mean of each metric, over the repeats that have it; counts and time are sums."""
    rows = [item.metrics() for item in items]
    samples = {
        name: values for name in rows[0] if len(values := tuple(row[name] for row in rows if name in row)) == len(rows)
    }
    means = {name: math.fsum(values) / len(values) for name, values in samples.items()}
    completed, failed = sum(item.completed for item in items), sum(item.failed for item in items)
    latencies = {
        name: {key: means[path] for key in STATISTICS if (path := f"{name}.{key}") in means} for name in LATENCIES
    }
    rates = {name: means.get(name, math.nan) for name in RATES}
    return replace(
        items[0],
        **latencies,  # type: ignore[arg-type]
        **rates,  # type: ignore[arg-type]
        completed=completed,
        failed=failed,
        error_rate=failed / max(completed + failed, 1),
        duration_s=math.fsum(item.duration_s for item in items),
        errors=_merge_errors(items),
        repeats=len(items),
        ci95={name: half_width(values) for name, values in samples.items()},
        samples=samples,
    )


def _merge_errors(items: Sequence[Measurement]) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for text in (error for item in items for error in item.errors):
        found = _COUNTED.fullmatch(text)
        counts[found[2] if found else text] += int(found[1]) if found else 1
    return _most_frequent(counts)


def _most_frequent(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(f"{count} x {reason}" for reason, count in counts.most_common(ERRORS_KEPT))


def _complaint(item: Measurement, benchmark: Benchmark) -> str:
    reasons = "; ".join(item.errors) or "the tool does not say why"
    return (
        f"{item.load.label}: {item.failed} of {item.completed + item.failed} requests failed ({item.error_rate:.1%}, "
        f"benchmark.max_error_rate={benchmark.max_error_rate:g}): {reasons}"
    )
