"""The report of a run as one HTML file: no script, no network, nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.report.page import build_page
from autotune.resources import folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from autotune.store.record import RunRecord
    from autotune.store.result import Result


def render_html(
    run: RunRecord,
    results: Sequence[Result],
    *,
    environment: Mapping[str, str] | None = None,
    templates: Path | None = None,
) -> str:
    """The page for one run and its results, in the order given. The same input gives the same text.

    `environment` is shown as it is (driver, host, versions ...); `templates` is the folder that holds
    `report.html.j2`, default the package's own. Everything is escaped, whatever it holds.
    """
    # Jinja2 costs tens of milliseconds that a terminal table does not need.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = Environment(
        loader=FileSystemLoader(templates or folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return loader.get_template("report.html.j2").render(build_page(run, results, environment or {}))
