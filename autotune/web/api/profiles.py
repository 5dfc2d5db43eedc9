"""Profiles: list, show and try them; write and remove the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from autotune.diagnostics import InputError, UnknownNameError, diagnostic, suggest
from autotune.explanation import explain_point
from autotune.web.api.refusals import refusals
from autotune.web.api.shapes import Applied, Applying, NewProfile, ProfileInFull, Profiles, ProfileText
from autotune.web.own_profiles import save_profile
from autotune.web.paging import Paged, answer, listing
from autotune.web.requested import read_request
from autotune.web.shown import point_data
from autotune.web.state import State
from autotune.workspace.files import read_text
from autotune.workspace.profile_files import is_own, remove_profile

if TYPE_CHECKING:
    from autotune.layers import Entry
    from autotune.web.state import WebState
    from autotune.workspace.profiles import ProfileShelf

router = APIRouter(prefix="/api/v2", tags=["profiles"])


@router.get("/profiles", response_model=Profiles, responses=refusals(), summary="Every profile, by name")
def list_profiles(request: Request, state: State, page: Paged) -> Response:
    shelf = state.workspace.shelf
    entries = shelf.entries()
    return listing(request, [_short(shelf, entry) for entry in page.of(entries)], len(entries), page)


@router.post(
    "/profiles", status_code=201, response_model=ProfileInFull, responses=refusals(), summary="Write a profile"
)
def create_profile(request: Request, sent: NewProfile, state: State) -> Response:
    """A profile of the user's own, checked first. It may set what a request may set."""
    save_profile(state.workspace.shelf, sent.name, sent.text)
    place = f"/api/v2/profiles/{sent.name}"
    return answer(request, _full(state, sent.name), status=201, headers={"Location": place})


@router.get(
    "/profiles/{name}", response_model=ProfileInFull, responses=refusals(404), summary="One profile with its layers"
)
def show_profile(request: Request, name: str, state: State) -> Response:
    return answer(request, _full(state, name))


@router.put(
    "/profiles/{name}",
    response_model=ProfileInFull,
    responses=refusals(404),
    summary="Change a profile of the user's own",
)
def change_profile(request: Request, name: str, sent: ProfileText, state: State) -> Response:
    _find(state, name)
    save_profile(state.workspace.shelf, name, sent.text, replace=True)
    return answer(request, _full(state, name))


@router.delete(
    "/profiles/{name}", status_code=204, responses=refusals(404), summary="Remove a profile of the user's own"
)
def delete_profile(name: str, state: State) -> Response:
    _find(state, name)
    remove_profile(state.workspace.shelf, name)
    return Response(status_code=204)


@router.post(
    "/profiles/{name}/apply", response_model=Applied, responses=refusals(404), summary="What a profile does to a point"
)
def apply_profile(request: Request, name: str, said: Applying, state: State) -> Response:
    """One point compiled with the profile: each layer with its outcome, each value with whether it stands."""
    _find(state, name)
    points = read_request(state.workspace, None, [f"+profile={name}", *said.overrides], multirun=False).compile()
    point = points[0]
    if point.layered is None:
        raise InputError(*point.diagnostics)
    writes = [
        {"path": item.path, "value": item.value, "layer": f"{item.writer.profile}/{item.writer.layer}",
         "stands": item.stands, "reason": item.reason or None}
        for item in point.layered.writes
    ]  # fmt: skip
    return answer(request, {"point": point_data(point), "layers": explain_point(point)["layers"], "writes": writes})


def _find(state: WebState, name: str) -> Entry:
    shelf = state.workspace.shelf
    found = next((entry for entry in shelf.entries() if entry.name == name), None)
    if found is None:
        raise UnknownNameError(diagnostic("AT006", f"unknown profile `{name}`", help=suggest(name, shelf)))
    return found


def _short(shelf: ProfileShelf, entry: Entry) -> dict[str, Any]:
    about = {"name": entry.name, "file": entry.file, "builtin": entry.builtin, "own": is_own(shelf, entry.name)}
    try:
        profile = shelf[entry.name]
    except InputError as error:
        broken = f"cannot be read: {error.diagnostics[0].message}"
        return about | {"description": broken, "extends": [], "conflicts": [], "layers": []}
    return about | {
        "description": profile.description, "extends": list(profile.extends), "conflicts": list(profile.conflicts),
        "layers": list(profile.layers),
    }  # fmt: skip


def _full(state: WebState, name: str) -> dict[str, Any]:
    entry, shelf = _find(state, name), state.workspace.shelf
    profile = shelf[name]
    layers = {
        layer.name: {
            "when": None if layer.when is None else layer.when.text,
            "set": {".".join(path): value for path, value, _ in layer.writes},
        }
        for layer in profile.layers.values()
    }
    return _short(shelf, entry) | {"layers": layers, "text": read_text(shelf.path(name), "profile")}
