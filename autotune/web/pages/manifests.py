"""Manifests: the files of a config for one target, to be looked at, copied and downloaded. Nothing is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from autotune.compiler import prune
from autotune.diagnostics import InputError, Severity, ordered
from autotune.emit import EMITTERS, SWEEP_EMITTERS, emit_sweep, find_emitters
from autotune.engines import merge_loads
from autotune.report.masking import mask_text
from autotune.web.pages.archive import download, zip_texts
from autotune.web.pages.checked import check_words
from autotune.web.pages.draft import Draft, first_draft, read_draft
from autotune.web.pages.panel import command_line
from autotune.web.pages.rendering import render
from autotune.web.state import State

if TYPE_CHECKING:
    from autotune.diagnostics import Diagnostic
    from autotune.web.pages.checked import Checked
    from autotune.web.state import WebState

router = APIRouter(prefix="/manifests")

#: Points of a download; a page shows those that are checked while one types.
_MOST_POINTS = 1000
_TARGET = "k8s"


@router.get("")
def manifests(request: Request, state: State) -> HTMLResponse:
    draft, target = _asked(request, state)
    checked = check_words(state.workspace, draft.overrides())
    files, found = _emit(checked, target)
    words = [*draft.overrides(), "--target", target, "-o", "manifests"]
    name = "manifests_files" if request.headers.get("hx-request") else "manifests"
    response = render(
        request,
        name,
        draft=draft,
        target=target,
        targets=[(item, item in SWEEP_EMITTERS) for item in EMITTERS],
        files={path: mask_text(text) for path, text in files.items()},
        findings=found,
        checked=checked,
        command=command_line(["emit", *words], sweeps=any(item.swept for item in checked.dimensions)),
    )
    response.headers["HX-Replace-Url"] = f"/manifests{draft.query(target=target)}"
    return response


@router.get("/download")
def fetch(request: Request, state: State) -> Response:
    """All files as a ZIP archive. Raises InputError with what keeps them from being made."""
    draft, target = _asked(request, state)
    checked = check_words(state.workspace, draft.overrides(), limit=_MOST_POINTS)
    files, found = _emit(checked, target)
    if not files:
        raise InputError(*(item for item in found if item.severity is Severity.ERROR))
    return download(zip_texts(files), f"{target}.zip", "application/zip")


def _asked(request: Request, state: WebState) -> tuple[Draft, str]:
    items = request.query_params.multi_items()
    draft = read_draft(items, state.workspace.composer.groups)
    target = request.query_params.get("target", "") or _TARGET
    return (draft if draft.items() else first_draft(state.workspace)), target


def _emit(checked: Checked, target: str) -> tuple[dict[str, str], list[Diagnostic]]:
    """The files of every server, points that share one counted once; and everything found on the way."""
    found = checked.findings
    if not checked.can_run:
        return {}, found
    try:
        find_emitters([target])
        runnable = prune(checked.points)
        deployments = merge_loads(runnable)
        return emit_sweep(deployments, [target]), found
    except InputError as error:
        return {}, ordered([*error.diagnostics, *found])
