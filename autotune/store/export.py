"""Results as text for other programs. JSON has everything; CSV has one line a result, in the columns of `columns`."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from autotune.store.columns import result_columns
from autotune.store.rows import finite

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.store.result import Result


def result_rows(results: Iterable[Result]) -> list[dict[str, Any]]:
    """`results --format json` as plain data."""
    return [finite(result.as_dict()) for result in results]


def to_json(results: Iterable[Result]) -> str:
    return json.dumps(result_rows(results), indent=2, ensure_ascii=False, allow_nan=False)


def to_json_lines(results: Iterable[Result]) -> str:
    """One JSON object a line, each line ended."""
    return "".join(f"{json.dumps(row, ensure_ascii=False, allow_nan=False)}\n" for row in result_rows(results))


def to_csv(results: Iterable[Result]) -> str:
    """A line of names, and one line a result."""
    names, rows = result_columns(results)
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
