"""What came out of a run, for people: a table for the terminal, a page for everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.lazy import lazy_names

if TYPE_CHECKING:
    from autotune.report.html import render_html
    from autotune.report.reported import Reported
    from autotune.report.rows import Row, frontier_rows, measured_rows, swept_columns
    from autotune.report.table import render_table

_HOMES = {
    "Reported": "autotune.report.reported",
    "Row": "autotune.report.rows",
    "frontier_rows": "autotune.report.rows",
    "measured_rows": "autotune.report.rows",
    "render_html": "autotune.report.html",
    "render_table": "autotune.report.table",
    "swept_columns": "autotune.report.rows",
}

__all__ = ["Reported", "Row", "frontier_rows", "measured_rows", "render_html", "render_table", "swept_columns"]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
