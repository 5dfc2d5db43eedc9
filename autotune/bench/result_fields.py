"""What the readers of load clients' result files share: statistics by their names, rates by their loads."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from autotune.bench.scenario import DATASET, Scenario
from autotune.metrics import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autotune.metrics import Load


@contextmanager
def written_by(tool: str) -> Iterator[None]:
    """Turn what goes wrong while a result file is read into one ValueError, which says what was expected."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"this is not what {tool} writes: {type(error).__name__}: {error}") from error


def statistics(found: Mapping[str, Any], names: Mapping[str, str], scale: float = 1.0) -> dict[str, float]:
    """The statistics that a tool gives, times `scale`; `names` is our name -> the tool's. What is missing stays missing."""
    return {
        ours: float(found[theirs]) * scale
        for ours, theirs in names.items()
        if isinstance(found.get(theirs), (int, float)) and math.isfinite(found[theirs])
    }


def scenario_name(
    isl: float | None, osl: float | None, isl_sd: float | None = None, osl_sd: float | None = None
) -> str:
    """The traffic scenario with these mean tokens and standard deviations, `dataset` where the means are not known."""
    if not isl or not osl:
        return DATASET
    means = max(1, round(isl)), max(1, round(osl))
    deviations = round(isl_sd or 0), round(osl_sd or 0)
    if not any(deviations):
        return str(Scenario("D", (means[0], means[0]), (means[1], means[1])))
    return str(Scenario("N", (means[0], deviations[0]), (means[1], deviations[1])))


def nothing_completed(load: Load, failed: int, duration_s: float = math.nan) -> Measurement:
    """The measurement of a load of which no request came back: counts, and no latency (some tools write zeros)."""
    return Measurement(load=load, error_rate=1.0 if failed else 0.0, failed=failed, duration_s=duration_s)


def per_user(tpot_ms: Mapping[str, float]) -> float:
    """Output tokens per second that one reader sees: 1000 / mean TPOT in ms."""
    return 1000 / tpot_ms["mean"] if tpot_ms.get("mean") else math.nan
