"""Results as flat columns, for tables: CSV and Parquet have the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autotune.store.rows import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autotune.store.result import Result

#: What every table has, in this order; groups with names of their own follow, each sorted.
FIRST = ("run_id", "point_id", "status", "kind", "score", "failure.kind", "failure.message")
GROUPS = ("config", "metrics", "predicted", "environment")


def result_columns(results: Iterable[Result]) -> tuple[list[str], list[dict[str, Any]]]:
    """The names of all columns in order, and one row a result: identity and status, then `config.*`, the `metrics.*` of
    its best measurement, what was `predicted.*` for the same load, and the `environment.*` that served it.

    Lists are JSON text; numbers that are not finite and what a result does not have are left out.
    """
    rows = [_row(result) for result in results]
    names = {name for row in rows for name in row}
    rest = [sorted(name for name in names if name.startswith(f"{group}.")) for group in GROUPS]
    return [*FIRST, *(name for group in rest for name in group)], rows


def _row(result: Result) -> dict[str, Any]:
    best, predicted, failure = result.best, result.best_prediction, result.failure
    data = {
        "run_id": result.run_id,
        "point_id": result.point_id,
        "status": result.status,
        "kind": result.kind,
        "score": result.score,
        "failure": {} if failure is None else {"kind": failure.kind, "message": failure.message},
        "config": result.config,
        "metrics": {} if best is None else result.measurements[best].as_dict(),
        "predicted": {} if predicted is None else predicted.as_dict(),
        "environment": result.environment,
    }
    return {name: value for name, value in _flat(finite(data)) if value is not None}


def _flat(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield prefix + key, json.dumps(value, ensure_ascii=False)
        else:
            yield prefix + key, value
