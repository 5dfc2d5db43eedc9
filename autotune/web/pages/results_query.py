"""What a page of results was asked for: its address, read. Whatever does not make sense is left out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from autotune.report.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import QueryParams

#: What the names of fields begin with: weights in percent, limits in ms, values of swept settings.
WEIGHT, LIMIT, VALUE = "w:", "slo:", "v:"
#: Runs side by side.
MOST_RUNS = 8
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class ResultsQuery:
    """`asked` says that the form was sent, so that an empty field is a limit taken away and not one left alone.

    `weights` are percent by objective, as far as they were said; `moved` is the one that was changed last. `limits` are ms
    by `ttft.p95`.
    """

    runs: tuple[str, ...] = ()
    asked: bool = False
    selection: Selection = field(default_factory=Selection)
    columns: tuple[str, ...] = ()
    axes: tuple[str, str] = ("", "")
    weights: Mapping[str, float] = field(default_factory=dict)
    moved: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)


def read_query(params: QueryParams) -> ResultsQuery:
    """The query of an address."""

    def one(name: str) -> str:
        return params.get(name, "")[:_LONGEST]

    values: dict[str, set[str]] = {}
    weights: dict[str, float] = {}
    limits: dict[str, float] = {}
    for name, value in params.multi_items():
        if name.startswith(VALUE):
            values.setdefault(name.removeprefix(VALUE), set()).add(value)
        elif name.startswith(WEIGHT) and (weight := _number(value)) is not None and 0 <= weight <= 100:
            weights[name.removeprefix(WEIGHT)] = weight
        elif name.startswith(LIMIT) and (limit := _number(value)) is not None and limit > 0:
            limits[name.removeprefix(LIMIT)] = limit
    selection = Selection(
        text=one("q"),
        statuses=frozenset(params.getlist("status")),
        values={path: frozenset(wanted) for path, wanted in values.items()},
        frontier_only=one("frontier") == "1",
        best_only=one("best") == "1",
        sort=one("sort"),
        descending=one("desc") == "1",
        page=int(one("page")) if one("page").isdecimal() and len(one("page")) < 7 else 1,
    )
    return ResultsQuery(
        runs=tuple(dict.fromkeys(name for name in params.getlist("run") if name))[:MOST_RUNS],
        asked=one("asked") == "1",
        selection=selection,
        columns=tuple(params.getlist("col")),
        axes=(one("x"), one("y")),
        weights=weights,
        moved=one("moved"),
        limits=limits,
    )


def address(params: QueryParams, path: str = "/results", **changes: str | None) -> str:
    """The same address with some fields changed; None takes one out."""
    kept = [(name, value) for name, value in params.multi_items() if name not in changes and value]
    kept += [(name, value) for name, value in changes.items() if value is not None]
    return f"{path}?{urlencode(kept)}"


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
