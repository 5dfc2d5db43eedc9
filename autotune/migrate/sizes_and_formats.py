"""`parallel_config` and `quant_config` of v1: sizes, number formats, and presets of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.migrate.values import read_choices, read_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.migrate.draft import Draft

_SIZES = ("tp", "pp", "dp", "dcp", "cp", "ep", "moe_tp", "moe_ep")

_WEIGHTS = {
    **{
        name: name for name in ("auto", "bf16", "fp16", "fp8", "fp8_block", "fp8_static", "mxfp8", "int8_wo", "int4_wo")
    },
    **{name: name for name in ("nvfp4", "mxfp4", "w4a16", "w4a8", "w8a8")},
    "bfloat16": "bf16",
    "float16": "fp16",
    "half": "fp16",
    "w4afp8": "w4a8",
}
_CACHE = {
    **{name: name for name in ("auto", "bf16", "fp16", "fp8", "fp8_e4m3", "fp8_e5m2", "int8", "nvfp4")},
    "bfloat16": "bf16",
    "float16": "fp16",
}
_ATTENTION = {"auto": "auto", "bf16": "bf16", "bfloat16": "bf16", "fp16": "fp16", "float16": "fp16", "fp8": "fp8"}

#: v1 key -> config path and the names of its formats.
_FORMATS: dict[str, tuple[str, dict[str, str]]] = {
    "gemm_dtype": ("quantization.gemm_mode", _WEIGHTS),
    "kvcache_dtype": ("quantization.kvcache_mode", _CACHE),
    "attention_dtype": ("quantization.fmha_mode", _ATTENTION),
    "moe_dtype": ("quantization.moe_mode", _WEIGHTS),
}
#: v1's presets: gemm, KV cache, attention, experts.
PRESETS: dict[str, tuple[str, str, str, str]] = {
    "default": ("auto", "auto", "auto", "auto"),
    "kv-cache-fp8": ("auto", "fp8_e5m2", "auto", "auto"),
    "dynamic-fp8": ("fp8", "fp8_e5m2", "fp8", "fp8"),
    "bf16-stable": ("bfloat16", "fp8_e5m2", "auto", "auto"),
    "aggressive-moe": ("bfloat16", "fp8_e5m2", "fp8", "w4afp8"),
}


def migrate_parallel(draft: Draft, config: Mapping[str, Any]) -> None:
    """Account for `parallel_config`."""
    for key, value in config.items():
        path = ("parallel_config", key)
        choices = read_choices(value)
        if key == "presets":
            _parallel_presets(draft, value, choices)
        elif key not in _SIZES:
            draft.refuse(path, value, "not a size that v1 knew")
        elif not choices:
            draft.note(path, value, "nothing to try: left to the engine")
        elif None in (sizes := [read_count(item) for item in choices]):
            draft.refuse(path, value, "sizes are whole numbers from 1 on")
        else:
            draft.vary(path, value, f"parallel.{key}", [f"parallel.{key}"], [[size] for size in sizes])


def _parallel_presets(draft: Draft, value: Any, choices: list[Any]) -> None:
    """Maps of sizes are rows of one sweep; what a name stood for is not known."""
    path = ("parallel_config", "presets")
    if not choices:
        draft.note(path, value, "nothing to try")
        return
    maps = [item for item in choices if isinstance(item, dict)]
    keys = [key for key in _SIZES if any(key in item for item in maps)]
    rows = [[None if key not in item else read_count(item[key]) for key in keys] for item in maps]
    exact = all(set(item) <= set(keys) and all(read_count(size) is not None for size in item.values()) for item in maps)
    if len(maps) < len(choices) or not exact or not keys:
        draft.refuse(path, value, "what these presets stood for is not known: write the sizes under sweep:")
    elif any(f"parallel.{key}" in draft.taken for key in keys):
        draft.refuse(path, value, "the sizes are set beside the presets: keep one of them")
    else:
        draft.vary(path, value, "parallel presets", [f"parallel.{key}" for key in keys], rows)
        draft.taken |= {f"parallel.{key}": ("parallel_config.presets", None) for key in keys}


def migrate_formats(draft: Draft, config: Mapping[str, Any]) -> None:
    """Account for `quant_config`."""
    presets = read_choices(config.get("presets"))
    for key, value in config.items():
        path = ("quant_config", key)
        choices = read_choices(value)
        if key == "presets":
            _format_presets(draft, value, choices)
        elif key not in _FORMATS:
            draft.refuse(path, value, "not a format that v1 knew")
        elif not choices:
            draft.note(path, value, "nothing to try: left to the engine")
        elif presets:
            draft.refuse(path, value, "presets set the formats too: keep one of them")
        else:
            target, names = _FORMATS[key]
            meant = [names.get(str(item).lower()) for item in choices]
            if None in meant:
                unknown = ", ".join(str(item) for item, name in zip(choices, meant, strict=True) if name is None)
                draft.refuse(path, value, f"{target} has no format {unknown}")
            else:
                draft.vary(path, value, target, [target], [[item] for item in meant])


def _format_presets(draft: Draft, value: Any, choices: list[Any]) -> None:
    path = ("quant_config", "presets")
    unknown = [str(item) for item in choices if not isinstance(item, str) or item not in PRESETS]
    targets = [target for target, _ in _FORMATS.values()]
    if not choices:
        draft.note(path, value, "nothing to try: left to the engine")
    elif unknown:
        draft.refuse(path, value, f"v1 had no preset {', '.join(unknown)}")
    elif taken := [target for target in targets if target in draft.taken]:
        draft.refuse(path, value, f"{draft.taken[taken[0]][0]} sets {taken[0]} too: keep one of them")
    else:
        rows = [
            [names[name] for name, (_, names) in zip(PRESETS[item], _FORMATS.values(), strict=True)] for item in choices
        ]
        note = f"gemm, KV cache, attention and experts of {', '.join(choices)}"
        draft.vary(path, value, "presets of formats", targets, rows, note=note)
        draft.taken |= dict.fromkeys(targets, ("quant_config.presets", None))
