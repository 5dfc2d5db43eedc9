"""Constraints: CEL over the metrics of one measurement, which must give true.

    ttft_ms.p95 < 300.0 && error_rate == 0.0

Latencies are maps of statistic -> ms; everything else is one number. Every number is a float, so literals that are
added or multiplied need their decimal point (CEL does not convert between types; comparisons take either).
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import Diagnostic, InputError, diagnostic, nearest, suggest
from autotune.layers.cel import compile_expression
from autotune.score.slo import STATISTICS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.metrics import Measurement

PATH = "optimization.constraints"
LATENCIES = ("ttft_ms", "tpot_ms", "itl_ms", "e2e_latency_ms")
NUMBERS = (
    "output_tokens_per_s",
    "output_tokens_per_s_per_gpu",
    "output_tokens_per_s_per_user",
    "total_tokens_per_s",
    "requests_per_s",
    "goodput_requests_per_s",
    "error_rate",
    "completed",
    "failed",
    "duration_s",
)

#: The variable that a macro such as `[..].all(x, x < 1.0)` binds.
_BOUND = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_]\w*)\s*,")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One compiled constraint."""

    source: str
    program: Any

    def why_not(self, measurement: Measurement) -> str | None:
        """Why the measurement does not meet the constraint; None when it does.

        A statistic that the tool did not give is a reason: what was not measured is not known to be met.
        """
        try:
            outcome = self.program.execute(_variables(measurement))
        except KeyError as error:
            return f"`{self.source}`: the statistic {error} was not measured"
        except (RuntimeError, TypeError, ValueError) as error:
            if absent := sorted(set(self.program.variables()) & set(NUMBERS) - _variables(measurement).keys()):
                return f"`{self.source}`: {', '.join(absent)} was not measured"
            return f"`{self.source}`: {error}"
        return None if outcome is True else f"`{self.source}` does not hold"


def compile_constraints(sources: Iterable[str]) -> tuple[Constraint, ...]:
    """Compile and try out every constraint. Raises InputError (AT008) with a finding for each that is wrong:
    a syntax error, an unknown metric or statistic, or an expression that does not give true or false.
    """
    found = [_compile(source) for source in sources]
    wrong = [item for item in found if isinstance(item, Diagnostic)]
    if wrong:
        raise InputError(*wrong)
    return tuple(item for item in found if isinstance(item, Constraint))


def unmet_constraints(measurement: Measurement, constraints: Iterable[Constraint]) -> tuple[str, ...]:
    """The reasons, one for each constraint that is not met."""
    return tuple(reason for item in constraints if (reason := item.why_not(measurement)) is not None)


@functools.cache
def _compile(source: str) -> Constraint | Diagnostic:
    try:
        program = compile_expression(source)
    except ValueError as error:
        return _wrong(source, f"is not CEL: {error}", None)
    bound = set(_BOUND.findall(source))
    unknown = [name for name in program.variables() if name not in {*LATENCIES, *NUMBERS, *bound}]
    if unknown:
        return _wrong(source, f"reads {unknown[0]!r}, which is no metric", _known(unknown[0]))
    # Once with every metric small and once large: most expressions then take each branch of && and || at least once.
    for number in (0.5, 1e12):
        try:
            outcome = program.execute(_sample(number))
        except KeyError as error:
            name = str(error.args[0])
            return _wrong(source, f"reads the statistic {name!r}, which no latency has", suggest(name, STATISTICS))
        except (RuntimeError, TypeError, ValueError) as error:
            return _wrong(source, str(error), "every metric is a float: write 300.0, not 300, in arithmetic")
        if not isinstance(outcome, bool):
            return _wrong(source, f"gives {outcome!r}, not true or false", "compare it: `error_rate < 0.01`")
    return Constraint(source, program)


def _wrong(source: str, what: str, hint: str | None) -> Diagnostic:
    return diagnostic("AT008", f"constraint `{source}` {what}", path=PATH, help=hint)


def _known(name: str) -> str:
    close = nearest(name, (*LATENCIES, *NUMBERS))
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    return (
        f"{meant}latencies ({', '.join(LATENCIES)}) have "
        f"{', '.join(f'.{item}' for item in STATISTICS)}; numbers are {', '.join(NUMBERS)}"
    )


def _variables(measurement: Measurement) -> dict[str, Any]:
    """The measurement as CEL variables; numbers that are not known are left out."""
    data: dict[str, Any] = {
        name: {key: float(value) for key, value in getattr(measurement, name).items() if math.isfinite(value)}
        for name in LATENCIES
    }
    numbers = {name: float(getattr(measurement, name)) for name in NUMBERS}
    return data | {name: value for name, value in numbers.items() if math.isfinite(value)}


def _sample(number: float) -> dict[str, Any]:
    return {name: dict.fromkeys(STATISTICS, number) for name in LATENCIES} | dict.fromkeys(NUMBERS, number)
