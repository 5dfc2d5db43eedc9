"""Layers over one point, with what their conditions may read of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.catalog import condition_variables
from autotune.compiler.fit import measure_fit
from autotune.engines.known import known_flags
from autotune.layers import Layered, apply_layers, get_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from autotune.diagnostics import Writer
    from autotune.engines.engine import Facts
    from autotune.layers import Layer


def lay(data: Mapping[str, Any], layers: Iterable[Layer], pinned: Mapping[str, Writer], facts: Facts) -> Layered:
    """The layers laid over a composed point whose facts are known."""
    num_gpus = get_path(data, ("system", "num_gpus"))

    def variables(current: Mapping[str, Any], roots: Collection[str]) -> Mapping[str, Any]:
        return condition_scope(current, roots, facts, num_gpus, measure_fit)

    return apply_layers(data, layers, pinned, variables)


def condition_scope(
    current: Mapping[str, Any],
    roots: Collection[str],
    facts: Facts,
    num_gpus: Any,
    measure: Callable[[Mapping[str, Any], Facts], dict[str, Any]],
) -> Mapping[str, Any]:
    """What a condition with these roots may read: the config as it stands, and the facts; `measure` gives the fit."""
    known = condition_variables(facts, num_gpus)
    scope = {**current, **known, "model": {**current.get("model", {}), **known["model"]}}
    if "engine" in roots:
        scope["engine"] = {**known["engine"], "flags": list(known_flags(facts.engine, facts.engine_version).flags)}
    if "fit" in roots:
        scope["fit"] = measure(current, facts)
    return scope
