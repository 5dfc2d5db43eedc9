"""Results as text for other programs. JSON has everything; CSV has one line a result, its columns sorted."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from autotune.store.rows import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    """One line a result: identity and status first, then `config.*` and the `metrics.*` of its best measurement."""
    first = ["run_id", "point_id", "status", "kind", "score", "failure.kind", "failure.message"]
    rows = [
        dict(
            _flat(
                {
                    key: row[key]
                    for key in ("run_id", "point_id", "status", "kind", "score", "failure", "config", "metrics")
                }
            )
        )
        for row in ({"score": None} | row for row in result_rows(results))
    ]
    rest = sorted({key for row in rows for key in row if key.startswith(("config.", "metrics."))})
    text = io.StringIO()
    writer = csv.DictWriter(text, [*first, *rest], restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield prefix + key, json.dumps(value)
        else:
            yield prefix + key, value
