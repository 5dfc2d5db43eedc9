"""Results as text for other programs. JSON has everything; CSV has one line a result, in the columns of `columns`."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from autotune.store.columns import result_columns
from autotune.store.rows import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.store.result import Result


def result_rows(results: Sequence[Result], picks: Sequence[Mapping[str, int]] | None = None) -> list[dict[str, Any]]:
    """`results --format json` as plain data. `picks` adds to each result the picks that fall on it: name -> index among
    its measurements.
    """
    rows = [finite(result.as_dict()) for result in results]
    if picks is not None:
        rows = [row | {"picks": dict(own)} for row, own in zip(rows, picks, strict=True)]
    return rows


def to_json(results: Sequence[Result], picks: Sequence[Mapping[str, int]] | None = None) -> str:
    return json.dumps(result_rows(results, picks), indent=2, ensure_ascii=False, allow_nan=False)


def to_json_lines(results: Sequence[Result], picks: Sequence[Mapping[str, int]] | None = None) -> str:
    """One JSON object a line, each line ended."""
    rows = result_rows(results, picks)
    return "".join(f"{json.dumps(row, ensure_ascii=False, allow_nan=False)}\n" for row in rows)


def to_csv(results: Iterable[Result]) -> str:
    """A line of names, and one line a result."""
    names, rows = result_columns(results)
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
