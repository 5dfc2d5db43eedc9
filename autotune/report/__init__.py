"""What came out of a run, for people: a table for the terminal, a page for everything else."""

from autotune.report.html import render_html
from autotune.report.reported import Reported
from autotune.report.rows import Row, frontier_rows, measured_rows, swept_columns
from autotune.report.table import render_table

__all__ = ["Reported", "Row", "frontier_rows", "measured_rows", "render_html", "render_table", "swept_columns"]
