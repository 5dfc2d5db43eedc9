"""What aiconfigurator says of a config, in the units of a `Measurement`.

Its figures are of one replica, in ms and s. Where it differs (sdk/inference_session.py, sdk/picking.py of 0.12.0):

- `tokens/s` counts osl - 1 tokens a request in aggregated serving and osl in disaggregated: here it is seq/s x osl;
- `concurrency` is the requests in flight of the whole replica: batch size x attention data parallel ranks;
- with --inclusive-tpot the saved TPOT is (TTFT + TPOT x (osl - 1)) / osl; it is told by request_latency = osl x TPOT, and undone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autotune.metrics import Load, Measurement

if TYPE_CHECKING:
    from autotune.importing.aiconfigurator.folder import Choice

#: Figures are rounded to 3 digits behind the point, so what should agree does within this share.
_ROUNDING = 0.005


def claim_of(choice: Choice) -> Measurement:
    """The predicted measurement. Raises ValueError with the column that is missing or no number."""
    isl, osl = _number(choice, "isl"), _number(choice, "osl")
    ttft, tpot, total = _number(choice, "ttft"), _number(choice, "tpot"), _number(choice, "request_latency")
    rate, gpus = _number(choice, "seq/s"), _number(choice, "num_total_gpus")
    if _close(total, tpot * osl) and not _close(total, ttft + tpot * (osl - 1)) and osl > 1:
        tpot = (total - ttft) / (osl - 1)
    return Measurement(
        load=Load(f"D({isl:.0f},{osl:.0f})", concurrency=round(_number(choice, "concurrency"))),
        kind="predicted",
        ttft_ms={"mean": ttft},
        tpot_ms={"mean": round(tpot, 3)},
        e2e_latency_ms={"mean": total},
        output_tokens_per_s=round(rate * osl, 3),
        output_tokens_per_s_per_gpu=round(rate * osl / gpus, 3) if gpus else math.nan,
        output_tokens_per_s_per_user=round(1e3 / tpot, 3) if tpot else math.nan,
        total_tokens_per_s=round(rate * (isl + osl), 3),
        requests_per_s=rate,
    )


def _number(choice: Choice, column: str) -> float:
    text = choice.row.get(column, "")
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f"column {column!r} of row {choice.rank} is {text!r}, and a number is needed"
            if text
            else f"there is no column {column!r}"
        ) from None


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= _ROUNDING * max(abs(one), abs(other))
