"""Models and systems: what is known of them, and how a model fills the memory of a GPU."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from autotune.catalog import Gpu, ModelFacts, find_gpu, find_model, measurements, settings_for, statuses
from autotune.catalog.measured import SOURCE
from autotune.catalog.memory import MemoryPlan, largest_context, plan_memory, smallest_tp
from autotune.diagnostics import InputError, UnknownNameError
from autotune.engines import ENGINES
from autotune.report.number import show_number
from autotune.schema.fields import fields_of
from autotune.web.pages.checked import check_words
from autotune.web.pages.draft import Draft, read_draft
from autotune.web.pages.panel import show_value
from autotune.web.pages.rendering import render
from autotune.web.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.catalog import Catalog
    from autotune.diagnostics import Diagnostic
    from autotune.web.state import WebState

router = APIRouter(prefix="/models")

#: Settings that the memory plan of a model can be tried with, beside the GPU.
_TRIED = ("parallel.tp", "quantization.gemm_mode", "quantization.kvcache_mode", "misc.context_length", "system.backend")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a GPU's memory: its size in GB and its share of all of it in percent."""

    name: str
    size_gb: str
    percent: float


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model fills one GPU of a server."""

    plan: MemoryPlan
    parts: tuple[Part, ...]
    gpus: int
    gpu: str
    largest_context: int
    smallest_tp: int | None


@router.get("")
def models(request: Request, state: State) -> HTMLResponse:
    return _list(request, state, "models")


@router.get("/systems")
def systems(request: Request, state: State) -> HTMLResponse:
    return _list(request, state, "systems")


@router.get("/rows/{kind}")
def rows(request: Request, state: State, kind: str) -> HTMLResponse:
    """The rows of either table that the filter leaves."""
    kind = "systems" if kind == "systems" else "models"
    text = request.query_params.get("filter", "")
    response = render(request, f"{kind}_rows", rows=_rows(state, kind, text))
    place = "/models/systems" if kind == "systems" else "/models"
    response.headers["HX-Replace-Url"] = f"{place}{Draft({'filter': text} if text else {}).query()}"
    return response


@router.get("/show")
def show(request: Request, state: State, name: str) -> HTMLResponse:
    """One model. Raises UnknownNameError (AT010) for an unknown one."""
    model = _model(state, name)
    return render(
        request,
        "model",
        model=model,
        facts=_facts(model),
        settings_needed=[(engine, item) for engine in ENGINES for item in settings_for(model.id, engine)],
        measured=measurements(model.id),
        statuses=statuses(model),
        source=SOURCE,
        show_number=show_number,
        show_value=show_value,
        gpus=_gpus(state.workspace.world.catalog),
        tried=[field for path in _TRIED for field in fields_of(path.partition(".")[0]) if field.path == path],
        **_fit(request, state, model),
    )


@router.get("/memory")
def memory(request: Request, state: State, name: str) -> HTMLResponse:
    """The memory plan that follows the choices on a model's page."""
    model = _model(state, name)
    values = _fit(request, state, model)
    response = render(request, "model_memory", **values)
    response.headers["HX-Replace-Url"] = (
        f"/models/show{Draft({'name': model.id} | dict(values['draft'].values)).query()}"
    )
    return response


@router.get("/system")
def system(request: Request, state: State, name: str) -> HTMLResponse:
    """One GPU. Raises UnknownNameError (AT011) for an unknown one."""
    try:
        gpu = find_gpu(state.workspace.world.catalog, name)
    except InputError as error:
        raise UnknownNameError(*error.diagnostics) from None
    return render(
        request, "system", gpu=gpu, measured=measurements(gpu=gpu.name), source=SOURCE, show_number=show_number
    )


def _model(state: WebState, name: str) -> ModelFacts:
    try:
        return find_model(state.workspace.world.catalog, name)
    except InputError as error:
        raise UnknownNameError(*error.diagnostics) from None


def _list(request: Request, state: WebState, kind: str) -> HTMLResponse:
    text = request.query_params.get("filter", "")
    catalog = state.workspace.world.catalog
    counts = {"models": len(_models(catalog)), "systems": len(_gpus(catalog))}
    return render(request, "models", kind=kind, filter=text, rows=_rows(state, kind, text), counts=counts)


def _rows(state: WebState, kind: str, text: str) -> list[Any]:
    catalog, wanted = state.workspace.world.catalog, text.strip().casefold()
    if kind == "systems":
        return [gpu for gpu in _gpus(catalog) if wanted in f"{gpu.name} {gpu.product} {gpu.architecture}".casefold()]
    found = [model for model in _models(catalog) if wanted in " ".join((model.id, *model.aliases)).casefold()]
    return [(model, [gpu for gpu, status in statuses(model).items() if status == "production"]) for model in found]


def _models(catalog: Catalog) -> list[ModelFacts]:
    """Each model once, whatever names it goes by."""
    return sorted({model.id: model for model in catalog.models.values()}.values(), key=lambda item: item.id.casefold())


def _gpus(catalog: Catalog) -> list[Gpu]:
    return list({gpu.name: gpu for gpu in catalog.gpus.values()}.values())


def _facts(model: ModelFacts) -> list[tuple[str, str]]:
    """What is known beyond the defaults, under the catalog's own names."""
    shown = [("id", model.id)]
    for item in fields(model):
        value = getattr(model, item.name)
        if item.name in ("id", "status", "aliases", "source") or (
            value == item.default and item.name not in ("dtype", "gated")
        ):
            continue
        shown.append((item.name, f"{value:.6g}" if isinstance(value, float) else show_value(value)))
    if model.aliases:
        shown.append(("aliases", ", ".join(model.aliases)))
    return [*shown, ("source", model.source)]


def _fit(request: Request, state: WebState, model: ModelFacts) -> dict[str, Any]:
    chosen = read_draft(request.query_params.multi_items(), ()).values
    draft = Draft({path: text for path, text in chosen.items() if path in (*_TRIED, "system.gpu")})
    checked = check_words(state.workspace, Draft({"model.id": model.id, **draft.values}).overrides(), limit=1)
    point = checked.points[0] if checked.points else None
    fit = None
    if point is not None and point.config is not None and point.facts is not None:
        plan = plan_memory(point.config, point.facts)
        fit = Fit(
            plan=plan,
            parts=tuple(_parts(plan)),
            gpus=point.deployment.gpus if point.deployment is not None else 1,
            gpu=point.facts.gpu.name,
            largest_context=largest_context(plan),
            smallest_tp=smallest_tp(point.config, point.facts),
        )
    return {"draft": draft, "fit": fit, "findings": _about_memory(checked.findings), "model_id": model.id}


def _about_memory(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What the choices on the page can be blamed for: errors."""
    return [item for item in findings if item.severity.value == "error"]


def _parts(plan: MemoryPlan) -> Iterable[Part]:
    sizes = {
        "weights": plan.weights_bytes,
        "activations": plan.activation_bytes,
        "engine": plan.overhead_bytes,
        "KV cache": max(0, plan.kv_bytes),
    }
    sizes["left free"] = max(0, plan.total_bytes - sum(sizes.values()))
    whole = max(plan.total_bytes, sum(sizes.values()))
    for name, size in sizes.items():
        yield Part(name, f"{size / 1e9:.1f}", round(100 * size / whole, 2))
