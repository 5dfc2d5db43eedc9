"""Models and systems: the facts that checks and predictions rest on."""

from __future__ import annotations

import functools
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from autotune.catalog import find_gpu, find_model
from autotune.diagnostics import InputError, UnknownNameError
from autotune.store.rows import finite
from autotune.web.api.refusals import refusals
from autotune.web.api.shapes import Model, Models, System, Systems
from autotune.web.paging import Paged, answer, listing
from autotune.workspace.catalog_files import UserCatalog, load_catalog
from autotune.workspace.described import describe_gpu, describe_model

router = APIRouter(prefix="/api/v2", tags=["catalog"])

Filter = Annotated[str, Query(max_length=200, description="Only those whose name holds this text.")]


@functools.cache
def _catalog() -> UserCatalog:
    """As the server found it when it was first asked; the compiler works with the same."""
    return load_catalog()


@router.get("/models", response_model=Models, responses=refusals(), summary="Every model whose facts are known")
def list_models(request: Request, page: Paged, q: Filter = "") -> Response:
    models = {model.id: model for model in _catalog().catalog.models.values() if q.casefold() in model.id.casefold()}
    found = sorted(models.values(), key=lambda model: model.id.casefold())
    return listing(request, [finite(describe_model(_catalog(), model)) for model in page.of(found)], len(found), page)


@router.get("/models/{name:path}", response_model=Model, responses=refusals(404), summary="One model")
def show_model(request: Request, name: str) -> Response:
    """By its name, an alias, or a short name that is only one's."""
    try:
        found = find_model(_catalog().catalog, name)
    except InputError as error:
        raise UnknownNameError(*error.diagnostics) from None
    return answer(request, finite(describe_model(_catalog(), found)))


@router.get("/systems", response_model=Systems, responses=refusals(), summary="Every GPU whose facts are known")
def list_systems(request: Request, page: Paged, q: Filter = "") -> Response:
    text = q.casefold()
    gpus = {gpu.name: gpu for gpu in _catalog().catalog.gpus.values()}
    found = [gpu for gpu in gpus.values() if text in gpu.name.casefold() or text in gpu.product.casefold()]
    return listing(request, [finite(describe_gpu(_catalog(), gpu)) for gpu in page.of(found)], len(found), page)


@router.get("/systems/{name}", response_model=System, responses=refusals(404), summary="One GPU")
def show_system(request: Request, name: str) -> Response:
    try:
        found = find_gpu(_catalog().catalog, name)
    except InputError as error:
        raise UnknownNameError(*error.diagnostics) from None
    return answer(request, finite(describe_gpu(_catalog(), found)))
