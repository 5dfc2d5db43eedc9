"""Results as a Parquet file, for pandas, Polars, DuckDB and the like."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import InputError, diagnostic
from autotune.store.columns import FIRST, result_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.store.result import Result


def to_parquet(results: Iterable[Result]) -> bytes:
    """One row a result, with the columns of the CSV and types: whole numbers, numbers, truth values, else text.

    A column that holds several kinds is text. Raises InputError (AT030) where pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise InputError(
            diagnostic(
                "AT030",
                "--format parquet needs the Python package `pyarrow`",
                help="pip install 'llm-autotune[parquet]', or take --format csv",
            )
        ) from error
    names, rows = result_columns(results)
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        kind = "string" if name in FIRST and name != "score" else _kind(values)
        if kind == "string":
            values = [None if value is None else _text(value) for value in values]
        columns[name] = pa.array(values, type=pa.type_for_alias(kind))
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


def _kind(values: Sequence[Any]) -> str:
    """The Arrow type of a column. Python's True is an int too, so truth values are looked for first."""
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, bool) for value in there):
        return "bool"
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in there):
        return "string"
    whole = there and all(isinstance(value, int) and -(2**63) <= value < 2**63 for value in there)
    return "int64" if whole else "float64"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
