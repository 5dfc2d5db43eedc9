"""Looking things up: the built-in catalog, one model, one GPU."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from autotune.catalog.facts import Catalog, Gpu, ModelFacts
from autotune.catalog.gpus import GPUS
from autotune.catalog.models import MODELS
from autotune.catalog.variables import condition_variables, describe_variables
from autotune.diagnostics import InputError, diagnostic, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "builtin_catalog", "condition_variables", "describe_variables", "extend_catalog", "find_gpu", "find_model", "get_model", "list_gpus", "list_models", "make_catalog",
]  # fmt: skip

_Entry = TypeVar("_Entry", Gpu, ModelFacts)


@functools.cache
def builtin_catalog() -> Catalog:
    """Everything that ships. A model also answers to the last part of its Hub name where that is unique."""
    return make_catalog(GPUS, MODELS)


def make_catalog(gpus: Iterable[Gpu], models: Iterable[ModelFacts]) -> Catalog:
    """A catalog of these entries by name and alias. Of two with one name the later counts, so users' own come last."""
    by_gpu: dict[str, Gpu] = {}
    for gpu in gpus:
        by_gpu |= dict.fromkeys((*gpu.aliases, gpu.name), gpu)
    by_model: dict[str, ModelFacts] = {}
    entries = list(models)
    short = Counter(name.rpartition("/")[2] for name in {model.id for model in entries})
    for model in entries:
        last = model.id.rpartition("/")[2]
        names = (*model.aliases, model.id, *((last,) if short[last] == 1 else ()))
        by_model |= dict.fromkeys(names, model)
    return Catalog(gpus=by_gpu, models=by_model)


def extend_catalog(catalog: Catalog, gpus: Iterable[Gpu] = (), models: Iterable[ModelFacts] = ()) -> Catalog:
    """The catalog with further entries, which take the place of those of the same name, and of their short names."""
    more_gpus, more_models = list(gpus), list(models)
    kept_gpus = _without(catalog.gpus.values(), {gpu.name for gpu in more_gpus}, "name")
    kept_models = _without(catalog.models.values(), {model.id for model in more_models}, "id")
    return make_catalog((*kept_gpus, *more_gpus), (*kept_models, *more_models))


def find_gpu(catalog: Catalog, name: str) -> Gpu:
    """The GPU of that name or alias, whatever the case; `-` counts as `_`. Raises InputError AT011."""
    found = _look_up(catalog.gpus, name) or _look_up(catalog.gpus, name.replace("-", "_"))
    if found is None:
        message = f"unknown GPU `{name}`"
        raise InputError(
            diagnostic(
                "AT011", message, path="system.gpu", help=suggest(name, {gpu.name for gpu in catalog.gpus.values()}, 16)
            )
        )
    return found


def find_model(catalog: Catalog, name: str) -> ModelFacts:
    """The model of that id or alias, whatever the case. Raises InputError AT010."""
    found = _look_up(catalog.models, name)
    if found is None:
        message = f"unknown model `{name}`"
        known = {model.id for model in catalog.models.values()}
        help_line = suggest(name, catalog.models if "/" not in name else known, 6)
        raise InputError(diagnostic("AT010", message, path="model.id", help=help_line))
    return found


def list_models() -> list[ModelFacts]:
    """The built-in models, by id."""
    return sorted(MODELS, key=lambda model: model.id.casefold())


def list_gpus() -> list[Gpu]:
    """The built-in GPUs, in the order of the table."""
    return list(GPUS)


def get_model(name: str) -> ModelFacts:
    """A built-in model by id or alias. Raises InputError AT010."""
    return find_model(builtin_catalog(), name)


def _without(entries: Iterable[_Entry], names: set[str], key: str) -> list[_Entry]:
    """Each entry once, in order, but for those named."""
    return [entry for name, entry in {getattr(entry, key): entry for entry in entries}.items() if name not in names]


def _look_up(entries: dict[str, _Entry], name: str) -> _Entry | None:
    if name in entries:
        return entries[name]
    folded = name.casefold()
    return next((entry for key, entry in entries.items() if key.casefold() == folded), None)
