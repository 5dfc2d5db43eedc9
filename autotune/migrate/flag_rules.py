"""Which engine flags of v1 have a config path, and for which values the path lowers to the very same flag again.

A rule reads one value: KEEP where the flag must stay as it is, because its path would lower to something else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.migrate.values import read_count, read_number, read_switch

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.catalog.facts import ModelFacts
    from autotune.engines.known import KnownFlags

GB, GIB = 1e9, 2**30
#: More host memory than any machine has; such a number is a mistake, and stays as it is.
_MOST_GIB = 2**20

KEEP: Any = object()


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a flag is for. `own` says whether the engine has the flag; `model` is None where the catalog lacks the model."""

    known: KnownFlags
    own: bool
    model: ModelFacts | None
    beside: frozenset[str]
    """Names of all flags of the task, with dashes."""

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self.known.engine


@dataclass(frozen=True, slots=True)
class Rule:
    """A config path and how to read a value for it; `foreign` where the path means the same in engines without the flag."""

    path: str
    read: Callable[[Any, Target], Any]
    foreign: bool = True


def _count(value: Any, _: Target) -> Any:
    return KEEP if (number := read_count(value)) is None else number


def _page(value: Any, _: Target) -> Any:
    number = read_count(value)
    return KEEP if number is None or number > 1024 else number


def _fraction(value: Any, _: Target) -> Any:
    number = read_number(value)
    return number if number is not None and 0 < number < 1 else KEEP


def _conservativeness(value: Any, _: Target) -> Any:
    number = read_number(value)
    return number if number is not None and 0 < number <= 10 else KEEP


def _one_of(*names: str) -> Callable[[Any, Target], Any]:
    return lambda value, _: value if isinstance(value, str) and value in names else KEEP


def _switch(on: bool) -> Callable[[Any, Target], Any]:
    """v1's true is the flag, false its absence: the engine's own default, which v2 writes as null."""
    return lambda value, _: KEEP if (given := read_switch(value)) is None else (on if given else None)


def _text(value: Any, _: Target) -> Any:
    return value if isinstance(value, str) and value else KEEP


def _seed(value: Any, _: Target) -> Any:
    number = read_number(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else KEEP


def _policy(value: Any, at: Target) -> Any:
    """SGLang's `priority` is a switch in the path's meaning, so it stays a flag; vLLM knows fcfs and priority only."""
    names = ("fcfs", "priority") if at.engine == "vllm" else ("fcfs", "lpm", "random", "dfs-weight", "lof")
    text = value.lower() if isinstance(value, str) else value
    return text if text in names else KEEP


def _kv_cache(value: Any, at: Target) -> Any:
    """`auto` is a flag in v1 and no flag in v2, and 16 bit names differ by version; both stay as they are."""
    names = ("fp8_e4m3", "fp8_e5m2") if at.engine == "sglang" else ("fp8", "fp8_e4m3", "fp8_e5m2")
    return value if at.engine in ("sglang", "vllm") and value in names else KEEP


def _attention(value: Any, at: Target) -> Any:
    """Lower case. Only names that each engine spells back alike: vLLM's depend on the model, MLA or not."""
    if not isinstance(value, str):
        return KEEP
    lower = value.lower()
    if at.engine == "sglang":
        flag = at.known.find("--attention-backend")
        same = flag is not None and lower in flag.flag.takes and lower not in ("flash_attn", "sdpa", "torch_sdpa")
        return lower if same else KEEP
    if at.engine == "vllm" and (not at.own or (at.model is not None and not at.model.is_mla)):
        names = {"flash_attn": "flash_attn", "flashinfer": "flashinfer", "triton_attn": "triton", "triton": "triton"}
        return names.get(lower, KEEP)
    return KEEP


def _gemm(value: Any, at: Target) -> Any:
    """fp8 made while loading, where the catalog knows the model and its checkpoint is not quantized already."""
    plain = at.model is not None and not at.model.is_quantized
    return value if value == "fp8" and plain and at.engine in ("sglang", "vllm") else KEEP


def _offload(value: Any, at: Target) -> Any:
    """The flag counts whole GiB, the path GB; rounded down to 3 digits, SGLang's rounding up gives the same GiB again."""
    number = read_count(value)
    if number is None or number > _MOST_GIB or at.engine != "sglang":
        return KEEP
    return math.floor(number * GIB / GB * 1000) / 1000


def _experts(value: Any, at: Target) -> Any:
    """A dense model has no experts: the path would lower to nothing there."""
    return _count(value, at) if at.model is not None and at.model.is_moe and at.engine != "vllm" else KEEP


def _replicas(value: Any, at: Target) -> Any:
    """With data parallel attention SGLang's number counts groups inside tp, not replicas."""
    return KEEP if {"enable-dp-attention", "attn-dp-size"} & at.beside else _count(value, at)


def _eager(value: Any, at: Target) -> Any:
    """VLLM's eager mode drops torch.compile too; beside a wish for that the flag stays a flag."""
    return KEEP if "enable-torch-compile" in at.beside else _switch(on=False)(value, at)


def _compile(value: Any, at: Target) -> Any:
    return KEEP if "enforce-eager" in at.beside else _switch(on=True)(value, at)


def _only(engine: str, read: Callable[[Any, Target], Any]) -> Callable[[Any, Target], Any]:
    return lambda value, at: read(value, at) if at.engine == engine else KEEP


_DTYPES = ("auto", "half", "float16", "bfloat16", "float", "float32")
_TP = Rule("parallel.tp", _count)
_PP = Rule("parallel.pp", _count)
_DP = Rule("parallel.dp", _replicas)
_FRACTION = Rule("memory.mem_fraction_static", _fraction)
_RUNNING = Rule("scheduling.max_running_requests", _count)
_STEP = Rule("scheduling.max_batched_tokens", _count)
_CONTEXT = Rule("misc.context_length", _count)
_PAGE = Rule("memory.page_size", _page)
_POLICY = Rule("scheduling.policy", _policy)
_TOKENIZER = Rule("model.tokenizer", _text)

#: Flags by name, with dashes and without those in front; also the names of authors who wrote none of the engine's.
RULES: dict[str, Rule] = {
    **dict.fromkeys(("tp-size", "tensor-parallel-size", "tpsize", "tp"), _TP),
    **dict.fromkeys(("pp-size", "pipeline-parallel-size", "pp"), _PP),
    **dict.fromkeys(("dp-size", "data-parallel-size", "dp"), _DP),
    "ep-size": Rule("parallel.ep", _experts, foreign=False),
    **dict.fromkeys(("mem-fraction-static", "mem-frac"), _FRACTION),
    "max-total-tokens": Rule("memory.max_total_tokens", _count),
    **dict.fromkeys(("page-size", "block-size"), _PAGE),
    "cpu-offload-gb": Rule("memory.cpu_offload_gb", _offload, foreign=False),
    "disable-radix-cache": Rule("memory.prefix_caching", _switch(on=False)),
    "enable-prefix-caching": Rule("memory.prefix_caching", _switch(on=True)),
    **dict.fromkeys(("schedule-policy", "scheduling-policy"), _POLICY),
    "schedule-conservativeness": Rule("scheduling.conservativeness", _only("sglang", _conservativeness)),
    **dict.fromkeys(("max-running-requests", "max-num-seqs", "max-batch-size"), _RUNNING),
    **dict.fromkeys(("max-num-batched-tokens", "max-prefill-tokens", "max-num-tokens"), _STEP),
    "chunked-prefill-size": Rule("attention.chunked_prefill_size", _only("sglang", _count), foreign=False),
    "enable-chunked-prefill": Rule("scheduling.chunked_prefill", _switch(on=True)),
    "disable-overlap-schedule": Rule("scheduling.overlap", _switch(on=False)),
    "kv-cache-dtype": Rule("quantization.kvcache_mode", _kv_cache, foreign=False),
    "quantization": Rule("quantization.gemm_mode", _gemm, foreign=False),
    "attention-backend": Rule("attention.backend", _attention),
    "dtype": Rule("misc.dtype", _one_of(*_DTYPES)),
    **dict.fromkeys(("context-length", "max-model-len", "max-seq-len"), _CONTEXT),
    "enable-torch-compile": Rule("misc.torch_compile", _compile),
    "enforce-eager": Rule("misc.cuda_graphs", _eager),
    "trust-remote-code": Rule("misc.trust_remote_code", _switch(on=True)),
    **dict.fromkeys(("random-seed", "seed"), Rule("misc.seed", _seed)),
    **dict.fromkeys(("tokenizer", "tokenizer-path"), _TOKENIZER),
    "revision": Rule("model.revision", _text),
    "served-model-name": Rule("model.served_name", _text),
    "port": Rule("deploy.port", _count),
}
