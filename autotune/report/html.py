"""The report of runs as one HTML file: no script, no network, nothing beside it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from autotune.report.page import build_page
from autotune.resources import folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jinja2 import Environment

    from autotune.report.reported import Reported


def render_html(reports: Sequence[Reported], *, templates: Path | None = None) -> str:
    """The page for one run, or for several side by side. The same input gives the same text.

    `templates` is the folder that holds `report/page.html.j2`, default the package's own. Everything is escaped, whatever
    it holds.
    """
    return environment(templates or folder("templates")).get_template("report/page.html.j2").render(build_page(reports))


@functools.cache
def environment(templates: Path) -> Environment:
    """Templates of that folder, everything escaped and nothing undefined let pass."""
    # Jinja2 costs tens of milliseconds that a terminal table does not need.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
