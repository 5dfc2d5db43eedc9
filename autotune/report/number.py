"""Numbers as a reader wants them: three or four digits that mean something."""

from __future__ import annotations

import math

#: What stands where a number is not known.
UNKNOWN = "-"


def show_number(value: float | None) -> str:
    """About three significant digits, never an exponent below a million: 0.412, 6.63, 48.2, 590, 12,345."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size >= 1e7 or 0 < size < 1e-3:
        return f"{value:.3g}"
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}" if value else "0"


def show_percent(share: float) -> str:
    """A share of 1 as a percentage; a dash where it is not known."""
    if not math.isfinite(share):
        return UNKNOWN
    return "0 %" if share == 0 else f"{100 * share:.1f} %"
