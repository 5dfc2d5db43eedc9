"""Profiles: what there is, what one holds, what it does to a model on a GPU; and the user's own, to be edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from autotune.diagnostics import InputError, UnknownNameError, diagnostic, ordered, suggest
from autotune.explanation import explain_point
from autotune.report.reproduce import show_command
from autotune.web.own_profiles import check_profile, save_profile
from autotune.web.pages.checked import check_words
from autotune.web.pages.draft import Draft
from autotune.web.pages.panel import show_value
from autotune.web.pages.rendering import render
from autotune.web.state import State
from autotune.workspace.files import read_text
from autotune.workspace.profile_files import is_own, remove_profile

if TYPE_CHECKING:
    from autotune.layers import Profile
    from autotune.web.state import WebState
    from autotune.workspace.profiles import ProfileShelf

router = APIRouter(prefix="/profiles")

Text = Annotated[str, Form(max_length=200_000)]
Name = Annotated[str, Form(max_length=200)]

_BLANK = """\
# {name}: what it is for, and why each value is what it is.
description: One sentence for lists.
layers:
  weights:
    when: gpu.supports_fp8 && !model.is_quantized
    set:
      quantization.gemm_mode: fp8
"""


@router.get("")
def profiles(request: Request, state: State) -> HTMLResponse:
    shelf = _shelf(state)
    return render(request, "profiles", rows=[_row(shelf, entry.name) | {"entry": entry} for entry in shelf.entries()])


@router.get("/new")
def new_profile(request: Request, state: State, start: str = "") -> HTMLResponse:
    """The editor with a blank profile, or with a copy of the one that `start` names."""
    shelf = _shelf(state)
    text = read_text(shelf.path(start), "profile") if start in shelf else _BLANK.format(name="mine")
    return _editor(request, state, name=f"my_{start}" if start in shelf else "", text=text, editing=False)


@router.post("/check")
def check(request: Request, state: State, text: Text = "", name: Name = "") -> HTMLResponse:
    """What is wrong with the text in the editor, as one types."""
    return render(request, "profile_findings", findings=ordered(check_profile(_shelf(state), name.strip(), text)))


@router.post("/save")
def save(
    request: Request, state: State, text: Text = "", name: Name = "", editing: Annotated[bool, Form()] = False
) -> Response:
    name = name.strip()
    try:
        save_profile(_shelf(state), name, text, replace=editing)
    except InputError as error:
        return _editor(request, state, name=name, text=text, editing=editing, findings=ordered(error.diagnostics))
    return RedirectResponse(f"/profiles/{name}", status_code=303)


@router.get("/{name}")
def profile(request: Request, state: State, name: str, model: str = "", gpu: str = "") -> HTMLResponse:
    shelf = _shelf(state)
    _known(shelf, name)
    catalog = state.workspace.world.catalog
    found, wrong = _read(shelf, name)
    return render(
        request,
        "profile",
        profile=found,
        wrong=wrong,
        entry=next(entry for entry in shelf.entries() if entry.name == name),
        own=is_own(shelf, name),
        text=read_text(shelf.path(name), "profile"),
        show_value=show_value,
        models=sorted({item.id for item in catalog.models.values()}, key=str.casefold),
        gpus=list({item.name: item for item in catalog.gpus.values()}.values()),
        **_trial(state, name, model.strip(), gpu.strip()),
    )


@router.get("/{name}/try")
def trial(request: Request, state: State, name: str, model: str = "", gpu: str = "") -> HTMLResponse:
    """What the profile does to a model on a GPU: the part of its page that follows the two choices."""
    _known(_shelf(state), name)
    response = render(request, "profile_trial", **_trial(state, name, model.strip(), gpu.strip()))
    response.headers["HX-Replace-Url"] = f"/profiles/{name}{Draft({'model': model, 'gpu': gpu}).query()}"
    return response


@router.get("/{name}/edit")
def edit(request: Request, state: State, name: str) -> Response:
    shelf = _shelf(state)
    _known(shelf, name)
    if not is_own(shelf, name):
        return RedirectResponse(f"/profiles/new?start={name}")
    return _editor(request, state, name=name, text=read_text(shelf.path(name), "profile"), editing=True)


@router.post("/{name}/delete")
def delete(state: State, name: str) -> Response:
    remove_profile(_shelf(state), name)
    return RedirectResponse("/profiles", status_code=303)


def _editor(
    request: Request, state: WebState, *, name: str, text: str, editing: bool, findings: list[Any] | None = None
) -> HTMLResponse:
    found = (
        ordered(check_profile(state.workspace.shelf, name, text)) if findings is None and editing else findings or []
    )
    return render(
        request,
        "profile_editor",
        status=422 if findings else 200,
        name=name,
        text=text,
        editing=editing,
        findings=found,
    )


def _trial(state: WebState, name: str, model: str, gpu: str) -> dict[str, Any]:
    draft = Draft({key: value for key, value in (("model.id", model), ("system.gpu", gpu)) if value}, (name,))
    checked = check_words(state.workspace, draft.overrides())
    point = checked.points[0] if checked.points else None
    writes = []
    for record in point.layered.writes if point is not None and point.layered is not None else ():
        outcome = "written" if record.stands else record.reason
        writes.append(
            (record.path, show_value(record.value), f"{record.writer.profile}/{record.writer.layer}", outcome)
        )
    deployment = point.deployment if point is not None and point.runnable else None
    return {
        "name": name,
        "model": model,
        "gpu": gpu,
        "point": point,
        "findings": checked.findings,
        "layers": explain_point(point)["layers"] if point is not None else [],
        "writes": writes,
        "command": "" if deployment is None else show_command(deployment.argv),
        "draft": draft,
    }


def _shelf(state: WebState) -> ProfileShelf:
    """The profiles as the files are now."""
    state.workspace.shelf.refresh()
    return state.workspace.shelf


def _known(shelf: ProfileShelf, name: str) -> None:
    if name not in shelf:
        raise UnknownNameError(diagnostic("AT006", f"unknown profile `{name}`", help=suggest(name, shelf)))


def _read(shelf: ProfileShelf, name: str) -> tuple[Profile | None, list[Any]]:
    try:
        return shelf[name], []
    except InputError as error:
        return None, ordered(error.diagnostics)


def _row(shelf: ProfileShelf, name: str) -> dict[str, Any]:
    found, wrong = _read(shelf, name)
    return {
        "name": name,
        "description": found.description if found is not None else f"cannot be read: {wrong[0].message}",
        "layers": len(found.layers) if found is not None else 0,
        "extends": found.extends if found is not None else (),
        "conflicts": found.conflicts if found is not None else (),
        "own": is_own(shelf, name),
    }
