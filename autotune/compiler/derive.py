"""Facts about a point, and the values that follow from them. Pure: data in, data out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.catalog import find_gpu, find_model
from autotune.compiler.world import REFERENCE_GPU, World
from autotune.diagnostics import Diagnostic, InputError, Source, Writer, diagnostic
from autotune.engines import find_engine, resolve_version
from autotune.engines.engine import Facts
from autotune.layers import get_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.catalog.facts import Gpu, ModelFacts

Written = dict[str, tuple[Any, Writer]]


def resolve_facts(
    data: Mapping[str, Any], origin: Mapping[str, Writer], world: World, engine_name: str
) -> tuple[Facts, Written, list[Diagnostic]]:
    """The facts that conditions and lowering rest on, the values they decide, and notes about them.

    Raises InputError with all of AT010 (model), AT011 (GPU) and AT020 (engine) that apply.
    """
    wrong: list[Diagnostic] = []
    notes: list[Diagnostic] = []
    written: Written = {}
    model: ModelFacts | None = None
    gpu: Gpu | None = None
    engine = version = ""
    count = 0
    try:
        model = _model(data, world)
    except InputError as error:
        wrong += error.diagnostics
    try:
        gpu, count = _gpu(data, world, written, notes)
    except InputError as error:
        wrong += error.diagnostics
    try:
        engine, version = _engine(engine_name, data, world, written)
    except InputError as error:
        wrong += error.diagnostics
    if wrong or model is None or gpu is None:
        raise InputError(*(item.at(origin.get(item.path or "")) for item in wrong))
    if model.id != get_path(data, ("model", "id")) and world.catalog.models.get(model.id) is model:
        # A short name is ours alone: the engine and the Hub know the model by its own.
        written["model.id"] = (model.id, origin.get("model.id", Writer(Source.BASE, "the catalog")))
    per_node = get_path(data, ("system", "gpus_per_node"))
    if not isinstance(per_node, int):
        per_node = count or gpu.gpus_per_node
        written["system.gpus_per_node"] = (
            per_node,
            Writer(Source.BASE, f"the catalog's usual node of {gpu.name}" if not count else "this machine"),
        )
    nodes = get_path(data, ("system", "nodes"))
    if get_path(data, ("system", "num_gpus")) is None and isinstance(nodes, int):
        written["system.num_gpus"] = (per_node * nodes, Writer(Source.BASE, "system.gpus_per_node x system.nodes"))
    return Facts(model, gpu, per_node, engine, version), written, notes


def _model(data: Mapping[str, Any], world: World) -> ModelFacts:
    name = get_path(data, ("model", "id"))
    path = get_path(data, ("model", "path"))
    if not isinstance(name, str) or not name:
        if not isinstance(path, str):
            raise InputError(
                diagnostic(
                    "AT010",
                    "no model is named",
                    path="model.id",
                    help="set model.id=org/name; `autotune models` lists those known",
                )
            )
        name = path
    for place in (path, name):
        if isinstance(place, str) and (facts := world.read_model(place)) is not None:
            return facts
    return find_model(world.catalog, name)


def _gpu(data: Mapping[str, Any], world: World, written: Written, notes: list[Diagnostic]) -> tuple[Gpu, int]:
    name = get_path(data, ("system", "gpu"))
    if name in (None, "auto"):
        if world.detected_gpu is not None:
            found, count = world.detected_gpu
            written["system.gpu"] = (found, Writer(Source.BASE, "the GPU in this machine"))
            return find_gpu(world.catalog, found), count
        gpu = find_gpu(world.catalog, REFERENCE_GPU)
        written["system.gpu"] = (gpu.name, Writer(Source.BASE, "the reference system"))
        notes.append(
            diagnostic(
                "AT201",
                f"no GPU in sight: system.gpu=auto is taken as {gpu.gpus_per_node} x {gpu.name}",
                path="system.gpu",
                help="name the GPU to compile for another: system.gpu=h200_sxm",
            )
        )
        return gpu, 0
    return find_gpu(world.catalog, str(name)), 0


def engine_names(data: Mapping[str, Any]) -> list[str]:
    """The engines that system.backend names, in the order they are to be tried."""
    backend = get_path(data, ("system", "backend"))
    if isinstance(backend, list | tuple) and backend:
        return [str(name) for name in backend]
    return [str(backend)] if isinstance(backend, str) else ["vllm"]


def _engine(name: str, data: Mapping[str, Any], world: World, written: Written) -> tuple[str, str]:
    backend = get_path(data, ("system", "backend"))
    engine = find_engine(name, world.engines)
    wanted = get_path(data, ("system", "backend_version"))
    # A version that YAML read as a number has lost its zeros (0.10 is 0.1); validation refuses it, with its place.
    version = resolve_version(engine, wanted if isinstance(wanted, str) else None)
    if backend != engine.name:
        reason = "the only engine of the list" if len(engine_names(data)) == 1 else "chosen from the list of engines"
        written["system.backend"] = (engine.name, Writer(Source.BASE, reason))
    if wanted is None or (isinstance(wanted, str) and wanted != version):
        reason = f"the newest {engine.name} in the flag table" if wanted is None else f"the known release for {wanted}"
        written["system.backend_version"] = (version, Writer(Source.BASE, reason))
    return engine.name, version
