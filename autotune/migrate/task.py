"""A whole v1 task to a v2 task file, key by key in its own order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.catalog.registry import find_model
from autotune.diagnostics import InputError
from autotune.engines import ENGINES
from autotune.engines.known import known_flags
from autotune.migrate.draft import Draft, leaves
from autotune.migrate.entry import Entry, Migration, Status
from autotune.migrate.measuring import migrate_benchmark, migrate_optimization, migrate_slo
from autotune.migrate.parameters import migrate_parameters
from autotune.migrate.placement import (
    engine_of,
    migrate_image,
    migrate_mode,
    migrate_model,
    migrate_runtime,
    migrate_storage,
)
from autotune.migrate.read_v1 import read_v1
from autotune.migrate.sizes_and_formats import migrate_formats, migrate_parallel
from autotune.migrate.write_v2 import write_v2

if TYPE_CHECKING:
    from autotune.catalog import Catalog
    from autotune.catalog.facts import ModelFacts

_MAPS = ("parallel_config", "quant_config", "optimization", "slo", "benchmark", "storage")
_OME = ("clusterbasemodel_config", "clusterservingruntime_config")
EXECUTORS = frozenset({"auto", "local", "emulated"})


def migrate_text(
    text: str, name: str, catalog: Catalog, *, engine: str | None = None, executors: frozenset[str] = EXECUTORS
) -> Migration:
    """`read_v1` and `migrate_task`. Raises InputError where the text is no v1 task."""
    return migrate_task(read_v1(text, name), name, catalog, engine=engine, executors=executors)


def migrate_task(
    data: dict[str, Any],
    name: str,
    catalog: Catalog,
    *,
    engine: str | None = None,
    executors: frozenset[str] = EXECUTORS,
) -> Migration:
    """The v2 task file of a v1 task, and what became of each value.

    `engine` answers for a runtime whose name holds none; without an answer nothing is written, and every value is refused
    with that reason.
    """
    runtime = data["base_runtime"]
    chosen = engine_of(runtime) or engine
    if chosen is None:
        reason = f"the engine of the runtime `{runtime}` is not known: say which with --engine"
        entries = tuple(
            Entry(path, value, Status.REFUSED, (), reason, needs_human=True) for path, value in leaves(data, ())
        )
        return Migration(name, None, entries)
    draft = Draft()
    version = migrate_image(draft, data["runtime_image_tag"], chosen) if "runtime_image_tag" in data else None
    model = data["model"].get("id_or_path") if isinstance(data["model"], dict) else data["model"]
    facts = _facts(catalog, model)
    known = known_flags(chosen, version or ENGINES[chosen].versions()[-1])
    for key, value in data.items():
        if key == "runtime_image_tag":
            _move_last(draft)
        elif key in ("task_name", "description"):
            _keep_text(draft, key, value)
        elif key == "base_runtime":
            migrate_runtime(draft, value, chosen, answered=engine_of(value) is None)
        elif key == "model":
            migrate_model(draft, value, facts)
        elif key == "deployment_mode":
            migrate_mode(draft, value, executors)
        elif key == "parameters" and value:
            migrate_parameters(draft, value, known, facts, str(model))
        elif key in _OME:
            draft.refuse(
                (key,),
                value,
                "v2 emits the OME resources itself (`autotune emit --target ome`): carry over by hand what is special",
            )
        elif value in (None, {}) and key in ("parameters", *_MAPS):
            draft.note((key,), value, "empty")
        elif key in _MAPS and isinstance(value, dict):
            _migrate_map(draft, key, value, str(model))
        else:
            draft.refuse((key,), value, "no key that v1 knew")
    text = write_v2(draft, data["task_name"], data.get("description"))
    return Migration(name, text, tuple(draft.entries))


def _migrate_map(draft: Draft, key: str, value: dict[str, Any], model: str) -> None:
    if key == "benchmark":
        migrate_benchmark(draft, value, model)
    else:
        {
            "parallel_config": migrate_parallel,
            "quant_config": migrate_formats,
            "optimization": migrate_optimization,
            "slo": migrate_slo,
            "storage": migrate_storage,
        }[key](draft, value)


def _move_last(draft: Draft) -> None:
    """The image was read first, because flags depend on the version; its account belongs where its key stood."""
    moved = [entry for entry in draft.entries if entry.path[0] == "runtime_image_tag"]
    draft.entries = [entry for entry in draft.entries if entry.path[0] != "runtime_image_tag"] + moved


def _keep_text(draft: Draft, key: str, value: Any) -> None:
    target = "name" if key == "task_name" else key
    if value is None:
        draft.note((key,), value, "empty")
    else:
        draft.entries.append(Entry((key,), value, Status.MAPPED, (target,)))


def _facts(catalog: Catalog, model: Any) -> ModelFacts | None:
    try:
        return find_model(catalog, str(model))
    except InputError:
        return None
