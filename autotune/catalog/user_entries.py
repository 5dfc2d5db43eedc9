"""Models and GPUs that users describe: plain data to facts, with every mistake found at once.

An entry is a map of facts under a name. `like: NAME` starts from a known entry, so that only what differs is written. What may
be written is what `ModelFacts` and `Gpu` hold; GPUs take `memory_gb` (1e9 bytes) or `memory_bytes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from autotune.catalog.entry_faults import gpu_faults, model_faults
from autotune.catalog.facts import Catalog, Gpu, ModelFacts
from autotune.catalog.parameters import count_active_params, count_params
from autotune.diagnostics import Diagnostic, InputError, Writer, diagnostic, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Writer of a key of the entry; no key: of the entry itself.
Locate = Callable[[tuple[str, ...]], Writer | None]

_Entry = TypeVar("_Entry", ModelFacts, Gpu)

#: Facts that may be 0 or absent; all other numbers are positive.
_MAY_BE_ZERO = frozenset(
    {
        "intermediate_size", "num_experts", "experts_per_token", "moe_intermediate_size", "num_moe_layers", "shared_intermediate_size",
        "num_attention_layers", "num_state_layers", "state_layer_params", "num_dense_layers", "num_sliding_layers", "num_nextn_layers",
        "encoder_params_b",
    }
)  # fmt: skip

#: What can be worked out from the rest of a model's entry.
_DERIVED_MODEL: dict[str, Any] = {
    "params_b": 0.0,
    "active_params_b": 0.0,
    "head_dim": 0,
    "intermediate_size": 0,
    "num_kv_heads": 0,
    "source": "a user's entry",
}
_DERIVED_GPU: dict[str, Any] = {
    "product": "",
    "gpus_per_node": 8,
    "link_gb_s": 32.0,
    "nvlink": False,
    "node_link_gb_s": 25.0,
    "source": "a user's entry",
}


def model_from_entry(name: str, entry: Any, catalog: Catalog, locate: Locate) -> ModelFacts:
    """Facts of one model from its entry. `catalog` is where `like` looks.

    Raises InputError with everything that is wrong with it: AT002 unknown key, AT003 wrong value, AT010 unknown `like`.
    """
    data, base = _start(name, entry, "model", catalog.models, locate)
    given = _checked(_MODEL_ENTRY, data, "model", name, locate, partial=base is not None)
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    if base is not None:
        model = replace(base, **({"id": name, "aliases": (), "source": f"a user's entry, like {base.id}"} | given))
    else:
        model = ModelFacts(**(_DERIVED_MODEL | {"id": name} | given))
        model = _completed(model, given)
    if base is None or {"params_b", "active_params_b"} - given.keys():
        model = _counted(model, given, base)
    _raise(model_faults(model, given), "model", name, locate)
    if unknown := [gpu for gpu in model.status if gpu not in catalog.gpus]:
        message = f"`status` of model `{name}` speaks of the GPU `{unknown[0]}`, which is not known"
        known = {gpu.name for gpu in catalog.gpus.values()}
        raise InputError(
            diagnostic("AT011", message, writer=locate(("status", unknown[0])), help=suggest(unknown[0], known))
        )
    return model


def gpu_from_entry(name: str, entry: Any, catalog: Catalog, locate: Locate) -> Gpu:
    """Facts of one GPU from its entry. Raises InputError: AT002, AT003, and AT011 for an unknown `like`."""
    data, base = _start(name, entry, "GPU", catalog.gpus, locate)
    given = _checked(_GPU_ENTRY, data, "GPU", name, locate, partial=base is not None)
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    if "memory_gb" in given:
        given["memory_bytes"] = round(given.pop("memory_gb") * 1e9)
    if base is not None:
        gpu = replace(base, **({"name": name, "aliases": (), "source": f"a user's entry, like {base.name}"} | given))
    else:
        if "memory_bytes" not in given:
            _raise([("memory_gb", "is missing: GPU memory in GB (1e9 bytes), or `memory_bytes`")], "GPU", name, locate)
        resource = {"amd": "amd.com/gpu", "cpu": ""}.get(str(given["vendor"]), "nvidia.com/gpu")
        gpu = Gpu(**(_DERIVED_GPU | {"name": name, "product": name, "resource": resource} | given))
    _raise(gpu_faults(gpu, given), "GPU", name, locate)
    return gpu


def entry_from_model(model: ModelFacts) -> dict[str, Any]:
    """The entry that describes a model, without what is as usual; `model_from_entry` reads it back."""
    usual = {item.name: item.default for item in fields(ModelFacts) if item.default is not MISSING}
    data: dict[str, Any] = {}
    for item in fields(ModelFacts):
        value = getattr(model, item.name)
        if item.name != "id" and value != {} and not (item.name in usual and usual[item.name] == value):
            data[item.name] = list(value) if isinstance(value, tuple) else value
    for name in ("params_b", "active_params_b"):
        data[name] = round(data[name], 6)
    return data


def _start(
    name: str, entry: Any, kind: str, known: Mapping[str, _Entry], locate: Locate
) -> tuple[dict[str, Any], _Entry | None]:
    if not isinstance(entry, dict) or not entry:
        raise InputError(
            diagnostic(
                "AT003",
                f"{kind} `{name}` must be a map of facts",
                writer=locate(()),
                help="write `key: value` lines below it; docs/catalog.md lists the keys",
            )
        )
    data = dict(entry)
    like = data.pop("like", None)
    if like is None:
        return data, None
    base = next((item for key, item in known.items() if key.casefold() == str(like).casefold()), None)
    if base is None:
        code = "AT010" if kind == "model" else "AT011"
        message = f"{kind} `{name}` is like `{like}`, which is not known"
        raise InputError(diagnostic(code, message, writer=locate(("like",)), help=suggest(str(like), known, 6)))
    return data, base


def _checked(
    schema: type[BaseModel], data: dict[str, Any], kind: str, name: str, locate: Locate, *, partial: bool
) -> dict[str, Any]:
    """The values given, of the right types. With `partial` nothing is missed."""
    try:
        return schema.model_validate(data).model_dump(exclude_unset=True)
    except ValidationError as error:
        found: list[Diagnostic] = []
        for item in error.errors():
            path = tuple(str(part) for part in item["loc"] if part != "[key]")
            key = ".".join(path)
            if item["type"] == "missing":
                if not partial:
                    message = f"{kind} `{name}` lacks `{key}`"
                    found.append(
                        diagnostic(
                            "AT003",
                            message,
                            writer=locate(()),
                            help=f"write it, or start from a {kind} with `like: NAME`",
                        )
                    )
            elif item["type"] == "extra_forbidden":
                known = [*schema.model_fields, "like"]
                message = f"{kind} `{name}` has an unknown key `{key}`"
                found.append(diagnostic("AT002", message, writer=locate(path), help=suggest(key, known, 8)))
            else:
                message = f"`{key}` of {kind} `{name}` is {item['input']!r}: {item['msg'][0].lower()}{item['msg'][1:]}"
                found.append(
                    diagnostic("AT003", message, writer=locate(path), help="docs/catalog.md says what it takes")
                )
        if found:
            raise InputError(*found) from None
        return {key: value for key, value in data.items() if key in schema.model_fields}


def _completed(model: ModelFacts, given: Mapping[str, Any]) -> ModelFacts:
    """With what follows from the rest: one KV head a head, heads that share the width, experts as wide as a dense MLP."""
    changes: dict[str, Any] = {}
    if "num_kv_heads" not in given:
        changes["num_kv_heads"] = model.num_heads
    if "head_dim" not in given:
        changes["head_dim"] = max(1, model.hidden_size // model.num_heads)
    if "intermediate_size" not in given:
        changes["intermediate_size"] = model.moe_intermediate_size
    if model.num_experts and "num_moe_layers" not in given:
        changes["num_moe_layers"] = model.num_layers
    return replace(model, **changes) if changes else model


def _counted(model: ModelFacts, given: Mapping[str, Any], base: ModelFacts | None) -> ModelFacts:
    """Parameters that were not given, counted from the shape; those of `base` where the shape is the same."""
    if base is not None and count_params(model) == count_params(base):
        return model
    changes: dict[str, Any] = {}
    if "params_b" not in given:
        changes["params_b"] = count_params(model) / 1e9
    if "active_params_b" not in given:
        changes["active_params_b"] = (
            count_active_params(model) / 1e9 if model.is_moe else changes.get("params_b", model.params_b)
        )
    return replace(model, **changes)


def _raise(faults: Iterable[tuple[str, str]], kind: str, name: str, locate: Locate) -> None:
    found = [
        diagnostic("AT003", f"`{key}` of {kind} `{name}` {what}", writer=locate((key,)), help="compare with the model's config.json" if kind == "model" else "compare with the data sheet")
        for key, what in faults
    ]  # fmt: skip
    if found:
        raise InputError(*found)


def _schema(facts: type, derived: Iterable[str], **more: Any) -> type[BaseModel]:
    """A strict model of what an entry may hold: the fields of the facts, those that can be derived optional."""
    hints = get_type_hints(facts)
    made: dict[str, Any] = {}
    for item in fields(facts):
        if item.name in ("id", "name"):
            continue
        kind = hints[item.name]
        if kind == tuple[str, ...]:
            kind = list[str]
        elif kind in (int, float, int | None):
            limit = Field(ge=0) if item.name in _MAY_BE_ZERO else Field(gt=0)
            kind = Annotated[kind, limit]
        optional = item.name in derived or item.default is not MISSING or item.default_factory is not MISSING
        made[item.name] = (kind | None if kind is int else kind, None if optional else ...)
    return create_model(f"{facts.__name__}Entry", __config__=ConfigDict(extra="forbid", strict=True), **made, **more)


_MODEL_ENTRY = _schema(ModelFacts, _DERIVED_MODEL)
_GPU_ENTRY = _schema(Gpu, {*_DERIVED_GPU, "memory_bytes"}, memory_gb=(Annotated[float, Field(gt=0)], None))
