"""A run in the forms that other programs and people take it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.report.html import render_html
from autotune.report.markdown import render_markdown
from autotune.report.picks import picks_of
from autotune.store.export import to_csv, to_json_lines
from autotune.store.parquet import to_parquet

if TYPE_CHECKING:
    from autotune.report.reported import Reported


def export_run(report: Reported, form: str) -> bytes:
    """The run as `csv`, `jsonl`, `parquet`, `md` or `html`. Raises InputError (AT030) for Parquet without its package, and
    KeyError for another form.
    """
    results = list(report.results)
    if form == "parquet":
        return to_parquet(results)
    texts = {
        "csv": lambda: to_csv(results),
        "jsonl": lambda: to_json_lines(results, picks_of(results)),
        "md": lambda: render_markdown([report]),
        "html": lambda: render_html([report]),
    }
    return texts[form]().encode()
