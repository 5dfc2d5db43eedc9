"""Config values that could have given an argument, for one row of an engine's table.

A row's `values` are read backwards, a value that was not translated is itself, and each `convert` that computes has its
inverse here. These are proposals: whoever takes one lowers it again and compares. An inverse that is missing or wrong
costs a flag its config path - it stays a flag then - and never makes a wrong config.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, get_args

from autotune.catalog.activations import activation_bytes, overhead_bytes
from autotune.catalog.budget import DRIVER_BYTES
from autotune.catalog.memory import plan_memory
from autotune.catalog.sharding import shard
from autotune.engines import sglang_values, transformers_values, trtllm_values, vllm_values
from autotune.engines.sglang_values import attention_ranks
from autotune.schema.engine import GemmMode, KvCacheMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autotune.engines.flag import Flag, Lowering

GB, GIB = 1e9, 2**30
#: The config's own names of formats, for conversions that pick one of them.
_NAMES: dict[str, tuple[str, ...]] = {
    "quantization.gemm_mode": get_args(GemmMode),
    "quantization.kvcache_mode": get_args(KvCacheMode),
}
_SPECULATIVE = ("ngram", "draft_model", "eagle", "eagle3", "mtp", "suffix")


def propose(row: Flag, value: Any, at: Lowering) -> Iterator[Any]:
    """Config values for the row's path, the likeliest first. `value` is the argument, as `read_arguments` gives it."""
    yield from (name for name, meant in row.values.items() if _spelled_alike(meant, value))
    if row.convert in INVERSES:
        yield from INVERSES[row.convert](value, at)
    yield from _NAMES.get(row.path, ())
    if value is None:
        yield False
        return
    if row.off is not None:
        yield from (False, True)
    elif value is True:
        yield from (True, False)
    yield from _plain(value)
    if value == {}:
        yield True


def propose_speculative(texts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Values of misc.speculative, which lowers as a whole. `texts` are its arguments by the path below it."""
    numbers = [int(item) for item in texts.values() if _is_count(item)]
    models = [item for item in texts.values() if isinstance(item, str)]
    steps, topk = texts.get("steps"), texts.get("topk")
    for method in _SPECULATIVE:
        for count in dict.fromkeys((*numbers, *(item - 1 for item in numbers))):
            if count < 1:
                continue
            plain: dict[str, Any] = {"method": method, "num_tokens": count}
            extended = plain | ({"num_steps": steps} if _is_count(steps) and steps != count else {})
            extended |= {"topk": topk} if _is_count(topk) and topk != 1 else {}
            for base in (plain, extended) if extended != plain else (plain,):
                yield from (base | {"model": model} for model in models)
                yield base


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _spelled_alike(meant: Any, value: Any) -> bool:
    if meant is None:
        return False
    return type(meant) is type(value) and bool(meant == value)


def _plain(value: Any) -> Iterator[Any]:
    """The value itself, and in lower case, as the config writes names."""
    yield list(value) if isinstance(value, tuple) else value
    if isinstance(value, str):
        yield value.lower()
        if value.isascii() and value.isdigit():
            yield int(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)
        yield [value]
        yield str(value)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _gib(value: Any, _: Lowering) -> Iterator[Any]:
    """GiB with three digits, or whole ones that were rounded up, to GB: rounded down, so that neither gives more again."""
    if (number := _number(value)) is not None:
        yield math.floor(number * GIB / GB * 1000) / 1000
        yield round(number * GIB / GB, 6)


def _bytes(value: Any, _: Lowering) -> Iterator[Any]:
    if (number := _number(value)) is not None:
        yield number / GB


def _of_ranks(value: Any, at: Lowering) -> Iterator[Any]:
    """GB of each rank to those of a replica."""
    if (number := _number(value)) is not None:
        yield number * (at.config.parallel.tp or 1) * (at.config.parallel.pp or 1)


def _of_groups(value: Any, at: Lowering) -> Iterator[Any]:
    if (number := _number(value)) is not None:
        yield int(number) // attention_ranks(at.config)


def _blocks(value: Any, at: Lowering) -> Iterator[Any]:
    if (number := _number(value)) is not None:
        default = vllm_values.BLOCK_TOKENS_MLA if at.facts.model.is_mla else vllm_values.BLOCK_TOKENS
        yield int(number) * (at.config.memory.page_size or default) * (at.config.parallel.dcp or 1)


def _paged_blocks(value: Any, at: Lowering) -> Iterator[Any]:
    if (number := _number(value)) is not None:
        yield int(number) * (at.config.memory.page_size or transformers_values.BLOCK_TOKENS)


def _ranks(_: Any, at: Lowering) -> Iterator[Any]:
    """Experts of vLLM lie on all tp x dp ranks."""
    yield (at.config.parallel.tp or 1) * (at.config.parallel.dp or 1)


def _shortest(fraction: float) -> Iterator[float]:
    """With as few digits as give the same again; the engines' own flags have three or four."""
    yield from (round(fraction, digits) for digits in (2, 3, 4, 5, 6))


def _vllm_fraction(value: Any, at: Lowering) -> Iterator[Any]:
    """The reverse of `vllm_utilization`."""
    if (number := _number(value)) is not None:
        total = at.facts.gpu.memory_bytes - (DRIVER_BYTES if at.facts.gpu.vendor == "nvidia" else 0)
        sharding = shard(at.config, at.facts)
        extra = activation_bytes(at.config, at.facts, sharding) + overhead_bytes(at.config, at.facts, sharding)
        yield from _shortest(number - extra / total)


def _trtllm_fraction(value: Any, at: Lowering) -> Iterator[Any]:
    """The reverse of `trtllm_free_fraction`."""
    if (number := _number(value)) is not None:
        plan = plan_memory(trtllm_values.served_formats(at.config, at.facts), at.facts)
        free = plan.total_bytes - plan.weights_bytes - plan.activation_bytes - plan.overhead_bytes
        yield from _shortest((number * free + plan.weights_bytes) / plan.total_bytes)


def _transformers_fraction(value: Any, at: Lowering) -> Iterator[Any]:
    """The reverse of `transformers_kv_fraction`."""
    if (number := _number(value)) is not None:
        plan = plan_memory(transformers_values.served_formats(at.config, at.facts), at.facts)
        free = plan.total_bytes - plan.weights_bytes
        yield from _shortest((number * free + plan.weights_bytes - plan.activation_bytes) / plan.total_bytes)


def _named(table: dict[str, Any]) -> Callable[[Any, Lowering], Iterator[Any]]:
    """A table of names read backwards; the spelling with underscores is the config's own."""

    def names(value: Any, _: Lowering) -> Iterator[Any]:
        yield from (name for name, meant in table.items() if meant == value)

    return names


def _vllm_attention(value: Any, at: Lowering) -> Iterator[Any]:
    yield from (name for name, both in vllm_values.ATTENTION.items() if value in both[at.facts.model.is_mla])


def _flash_version(value: Any, _: Lowering) -> Iterator[Any]:
    yield from (name for name, version in vllm_values.FLASH_ATTENTION.items() if version == value)


def _one_word(value: Any, _: Lowering) -> Iterator[Any]:
    if isinstance(value, str):
        yield value.lower()


def _switched_off(value: Any, _: Lowering) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value


def _capacity(value: Any, _: Lowering) -> Iterator[Any]:
    """1 is neutral and keeps room for every request; anything below it admits more, and 0.5 stands for that."""
    yield 0.5 if value == "MAX_UTILIZATION" else 1.0


#: By the conversion that is undone.
INVERSES: dict[Any, Callable[[Any, Lowering], Iterator[Any]]] = {
    vllm_values.to_gib: _gib,
    vllm_values.kv_blocks: _blocks,
    vllm_values.expert_parallel: _ranks,
    vllm_values.gpu_memory_utilization: _vllm_fraction,
    vllm_values.attention_backend: _vllm_attention,
    vllm_values.flash_attention_version: _flash_version,
    sglang_values.whole_gib: _gib,
    sglang_values.host_cache: _of_ranks,
    sglang_values.over_ranks: _of_groups,
    sglang_values.attention_backend: _named(sglang_values.ATTENTION),
    trtllm_values.to_bytes: _bytes,
    trtllm_values.free_fraction: _trtllm_fraction,
    trtllm_values.attention_backend: _named(trtllm_values.ATTENTION),
    trtllm_values.moe_backend: _one_word,
    trtllm_values.switched_off: _switched_off,
    trtllm_values.capacity_policy: _capacity,
    trtllm_values.kv_cache_dtype: _named(trtllm_values.KV_CACHE),
    transformers_values.kv_blocks: _paged_blocks,
    transformers_values.max_memory_percent: _transformers_fraction,
    transformers_values.attention_implementation: _named(transformers_values.ATTENTION),
    transformers_values.online_format: _named(transformers_values.ONLINE_FORMATS),
}
