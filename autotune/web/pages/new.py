"""New: a run from four choices (Quick) or from every field there is (Advanced), checked while one types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from autotune.diagnostics import InputError, ordered, unique
from autotune.schema import Config
from autotune.schema.fields import Field, describe_group, fields_of
from autotune.web.pages.checked import check_words
from autotune.web.pages.draft import ALSO, Draft, first_draft, read_draft
from autotune.web.pages.notes import Note, build_notes
from autotune.web.pages.panel import build_panel
from autotune.web.pages.rendering import render
from autotune.web.problems import status_of
from autotune.web.requested import MOST_RUN, read_request
from autotune.web.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.web.state import WebState
    from autotune.workspace.load import Workspace

router = APIRouter(prefix="/new")

#: What Quick can aim at: objectives, as the optimization group takes them, and what people call them.
GOALS = (
    ("[maximize_throughput_per_gpu,minimize_tpot]", "Throughput per GPU against speed per user"),
    ("[maximize_throughput_per_gpu]", "Most tokens per GPU"),
    ("[minimize_ttft]", "First token soonest"),
    ("[minimize_tpot]", "Tokens fastest for one user"),
    ("[minimize_latency]", "Whole answer soonest"),
)
#: Tensor parallel sizes that Quick offers; Advanced takes any.
SIZES = ("1", "2", "4", "8")
#: Paths that have a control of their own in Quick.
_QUICK = ("model.id", "system.gpu", "parallel.tp", "optimization.objectives", "executor")
#: What the executors are for, in the order in which they are offered.
EXECUTORS = (
    ("emulated", "Emulated: no GPU is used, figures are the predictor's"),
    ("auto", "Auto: this machine's engine, else Docker, else emulated"),
    ("local", "Local: the engine as a process here"),
    ("docker", "Docker: the engine in containers"),
    ("kubernetes", "Kubernetes"),
    ("ome", "OME on Kubernetes"),
    ("ray", "Ray"),
)


class Tab(NamedTuple):
    """One group of the Advanced form. `inner` maps the name of each inner group to its fields."""

    group: str
    about: str
    options: tuple[str, ...]
    fields: tuple[Field, ...]
    inner: Mapping[str, tuple[Field, ...]]


@router.get("")
def new(request: Request) -> Response:
    return RedirectResponse(f"/new/quick?{request.url.query}".rstrip("?"))


@router.get("/quick")
def quick(request: Request, state: State) -> HTMLResponse:
    return _page(request, state, "quick")


@router.get("/advanced")
def advanced(request: Request, state: State) -> HTMLResponse:
    return _page(request, state, "advanced")


@router.get("/panel/{mode}")
def panel(request: Request, state: State, mode: str) -> HTMLResponse:
    """The part of the page that follows the form, and the notes below its fields."""
    draft = _draft(request, state)
    mode = "advanced" if mode == "advanced" else "quick"
    response = render(request, "new_panel", **_values(state, draft, mode, _tab(request)), fragment=True)
    tab = _tab(request) if mode == "advanced" else ""
    response.headers["HX-Replace-Url"] = f"/new/{mode}{draft.query(tab=tab)}"
    return response


@router.post("/run")
async def run(request: Request, state: State) -> Response:
    """Start what the form holds, and go to the run's page; what keeps it from starting is shown in the form again."""
    form = await request.form()
    pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return await run_in_threadpool(_start, request, state, pairs)


def _start(request: Request, state: WebState, pairs: list[tuple[str, str]]) -> Response:
    workspace = state.workspace
    draft = read_draft(pairs, workspace.composer.groups)
    try:
        words = draft.overrides()
        inputs = read_request(workspace, None, words, most=MOST_RUN)
        record = state.jobs.start(inputs.compile(), None, None, words, multirun=True)
    except InputError as error:
        mode = "advanced" if ("mode", "advanced") in pairs else "quick"
        values = _values(state, draft, mode, "model") | {"refused": ordered(unique(error.diagnostics))}
        return render(request, f"new_{mode}", status=status_of(error), **values, fragment=False)
    return RedirectResponse(f"/runs/{record.run_id}", status_code=303)


def _page(request: Request, state: WebState, mode: str) -> HTMLResponse:
    draft = _draft(request, state) if request.url.query else first_draft(state.workspace)
    return render(request, f"new_{mode}", **_values(state, draft, mode, _tab(request)), fragment=False)


def _draft(request: Request, state: WebState) -> Draft:
    return read_draft(request.query_params.multi_items(), state.workspace.composer.groups)


def _tab(request: Request) -> str:
    named = request.query_params.get("tab", "")
    return named if named in (*Config.model_fields, "more") else "model"


def _values(state: WebState, draft: Draft, mode: str, tab: str) -> dict[str, Any]:
    workspace = state.workspace
    words = draft.overrides()
    checked = check_words(workspace, words)
    notes = build_notes(checked, draft.also)
    tabs = tabs_of(workspace) if mode == "advanced" else ()
    return {
        "mode": mode,
        "refused": [],
        "tab": tab,
        "draft": draft,
        "panel": build_panel(workspace, words, checked),
        "notes": notes,
        "tabs": tabs,
        "marks": {item.group: _mark(item, draft, notes) for item in tabs}
        | {"more": (len(draft.also), len(notes[ALSO].findings))},
        "profiles": [(entry.name, _description(workspace, entry.name)) for entry in workspace.shelf.entries()],
        "models": sorted({model.id for model in workspace.world.catalog.models.values()}, key=str.casefold),
        "gpus": list({gpu.name: gpu for gpu in workspace.world.catalog.gpus.values()}.values()),
        "goals": GOALS,
        "sizes": SIZES,
        "executors": EXECUTORS,
        "detected": workspace.world.detected_gpu,
        "chosen_sizes": [part for part in draft.values.get("parallel.tp", "").split(",") if part],
        "carried": _carried(draft),
    }


def tabs_of(workspace: Workspace) -> tuple[Tab, ...]:
    """Every group of the schema with its fields, inner groups apart."""
    found = []
    for group in Config.model_fields:
        fields = fields_of(group)
        inner: dict[str, list[Field]] = {}
        for field in fields:
            if "." in field.name:
                inner.setdefault(field.name.partition(".")[0], []).append(field)
        options = workspace.composer.options(group) if group in workspace.composer.groups else []
        found.append(
            Tab(
                group,
                describe_group(group),
                tuple(options) if len(options) > 1 else (),
                tuple(field for field in fields if "." not in field.name),
                {name: tuple(below) for name, below in inner.items()},
            )
        )
    return tuple(found)


def _mark(tab: Tab, draft: Draft, notes: Mapping[str, Note]) -> tuple[int, int]:
    """How many fields of a tab are set by the person, and how many are wrong."""
    fields = [*tab.fields, *(field for below in tab.inner.values() for field in below)]
    mine = sum(field.path in draft.values for field in fields) + (tab.group in draft.values)
    return mine, sum(notes[field.path].invalid for field in fields)


def _carried(draft: Draft) -> list[tuple[str, str]]:
    """What Quick has no control for, and carries along."""
    sizes = draft.values.get("parallel.tp", "").split(",")
    own = [path for path in _QUICK if path != "parallel.tp" or set(sizes) <= {*SIZES, ""}]
    return [(name, value) for name, value in draft.items() if name not in (*own, "profile")]


def _description(workspace: Workspace, name: str) -> str:
    try:
        return workspace.shelf[name].description
    except InputError:
        return "cannot be read"
