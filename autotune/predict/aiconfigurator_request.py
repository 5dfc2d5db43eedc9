"""What aiconfigurator is asked: one server under one load, in its words. Pure; the package is not needed here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from autotune.catalog import builtin_catalog
from autotune.catalog.activations import batched_tokens, sequences
from autotune.catalog.formats import expert_format, is_chosen, linear_format
from autotune.catalog.memory import plan_memory
from autotune.catalog.sharding import shard
from autotune.diagnostics import diagnostic
from autotune.predict.parts import speculation
from autotune.predict.predictor import UnpredictableError
from autotune.predict.traffic import mean_traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from autotune.catalog.facts import ModelFacts
    from autotune.catalog.sharding import Sharding
    from autotune.engines.engine import Facts
    from autotune.metrics import Load
    from autotune.predict.efficiency import Efficiency
    from autotune.predict.traffic import Traffic
    from autotune.schema import Config

#: Names that differ. aiconfigurator knows the shapes of Llama 3.1 by those of the base models.
_SYSTEMS = {"rtx_pro_6000": "rtx_pro_6000_server"}
_MODELS = {
    "meta-llama/Llama-3.1-8B-Instruct": "meta-llama/Meta-Llama-3.1-8B",
    "meta-llama/Llama-3.1-70B-Instruct": "meta-llama/Meta-Llama-3.1-70B",
    "meta-llama/Llama-3.1-405B-Instruct": "meta-llama/Meta-Llama-3.1-405B",
}
#: Weight format -> (GEMMQuantMode, MoEQuantMode); None: it has no such mode.
_FORMATS: dict[str, tuple[str | None, str | None]] = {
    "bf16": ("bfloat16", "bfloat16"),
    "fp16": ("bfloat16", "bfloat16"),
    "fp8": ("fp8", "fp8"),
    "fp8_static": ("fp8", "fp8"),
    "fp8_block": ("fp8_block", "fp8_block"),
    "int8_wo": ("int8_wo", None),
    "w8a8": ("sq", None),
    "int4_wo": ("int4_wo", "int4_wo"),
    "w4a16": ("int4_wo", "int4_wo"),
    "w4a8": (None, "w4afp8"),
    "nvfp4": ("nvfp4", "nvfp4"),
    "mxfp4": (None, "w4a16_mxfp4"),
}
_MXFP4_MXFP8 = "w4a8_mxfp4_mxfp8"
_CACHES = {"bf16": "bfloat16", "fp16": "bfloat16", "fp8": "fp8", "fp8_e4m3": "fp8", "int8": "int8"}


class Request(NamedTuple):
    """One aggregated server under a closed loop; of independent replicas, one of them. Formats are names of aiconfigurator's
    quantization modes; None: what the checkpoint says. `batch_size` is of one attention rank and pipeline stage.
    """

    model: str
    system: str
    backend: str
    version: str
    """The engine's own; aiconfigurator has tables of a few versions."""
    tp: int
    pp: int
    attention_dp: int
    moe_tp: int
    moe_ep: int
    gemm: str | None
    moe: str | None
    kvcache: str | None
    isl: int
    osl: int
    prefix: int
    batch_size: int
    ctx_tokens: int
    nextn: int
    tokens_per_iteration: float
    concurrency: int
    in_service: int
    """Requests of those that the server's batches and KV cache hold at once; the rest wait outside."""


def translate(
    config: Config, facts: Facts, load: Load, models: Callable[[], Collection[str]], efficiency: Efficiency
) -> Request:
    """The request for one load. `models` gives those whose shapes aiconfigurator ships; others it would download.

    Raises UnpredictableError (AT064) for what it cannot say: another engine, an unknown shape or format, request rates,
    disaggregated serving, context parallelism.
    """
    model, sharding, parallel = facts.model, shard(config, facts), config.parallel
    if facts.engine not in ("vllm", "sglang", "trtllm"):
        raise cannot(f"it has no tables of {facts.engine}", "system.backend", "use vllm, sglang or trtllm")
    if load.request_rate is not None:
        raise cannot(
            "it takes a concurrency, no request rate", "benchmark.request_rate", "set benchmark.num_concurrency"
        )
    if config.system.serving_mode == "disagg":
        raise cannot("it is asked for aggregated serving only", "system.serving_mode", "predict with the roofline")
    if (parallel.cp or 1) * (parallel.dcp or 1) > 1:
        raise cannot(
            "it is asked for servers without context parallelism only", "parallel.cp", "predict with the roofline"
        )
    name = _model(model, models())
    exact = name == model.id or name in model.aliases
    traffic = mean_traffic(load.scenario, config)
    concurrency = min(load.concurrency or 1, config.benchmark.max_requests)
    width = sharding.expert_ranks if model.is_moe else sharding.attention_tp
    attention_dp = max(1, width // sharding.attention_tp)
    replicas = max(1, sharding.dp // attention_dp)
    shares = replicas * attention_dp * sharding.pp
    batch = min(-(-concurrency // shares), _slots(config, facts, traffic) // sharding.pp or 1)
    moe_ep = _expert_parallel(config, facts, sharding) if model.is_moe else 1
    gemm, moe = _formats(config, facts, exact=exact)
    isl, drafts = round(traffic.isl), speculation(config, facts, efficiency)
    return Request(
        model=name,
        system=_SYSTEMS.get(facts.gpu.name, facts.gpu.name),
        backend=facts.engine,
        version=facts.engine_version,
        tp=sharding.attention_tp,
        pp=sharding.pp,
        attention_dp=attention_dp,
        moe_tp=width // moe_ep,
        moe_ep=moe_ep,
        gemm=gemm,
        moe=moe,
        kvcache=_cache(config, exact=exact),
        isl=isl,
        osl=round(traffic.osl),
        prefix=round(traffic.cached),
        batch_size=batch,
        # A closed loop prefills about one request at a time, in chunks of the step's budget.
        ctx_tokens=min(isl, batched_tokens(config, facts)),
        nextn=drafts.drafted,
        tokens_per_iteration=drafts.accepted,
        concurrency=concurrency,
        in_service=min(concurrency, batch * shares),
    )


def cannot(why: str, path: str | None, help_text: str) -> UnpredictableError:
    """AT064: aiconfigurator has no answer to this."""
    return UnpredictableError(
        diagnostic("AT064", f"aiconfigurator has no prediction: {why}", path=path, help=help_text)
    )


def _slots(config: Config, facts: Facts, traffic: Traffic) -> int:
    """Requests that one data parallel rank holds at once: its batch limit, and its KV cache at a request's mean length."""
    running = config.scheduling.max_running_requests or sequences(config, facts)
    held = plan_memory(config, facts).kv_capacity_tokens - traffic.cached
    return max(1, min(running, int(held / (traffic.mean_context - traffic.cached))))


def _model(model: ModelFacts, models: Collection[str]) -> str:
    """The model by its own name or an alias; else one of the same shape, whose formats are then said."""
    for name in (model.id, *model.aliases, _MODELS.get(model.id, "")):
        if name in models:
            return name
    alike = [other for other in builtin_catalog().models.values() if _shape(other) == _shape(model)]
    for other in sorted(alike, key=lambda item: (item.is_quantized, item.id)):
        for name in (other.id, *other.aliases, _MODELS.get(other.id, "")):
            if name in models:
                return name
    raise cannot(f"it does not know the shape of {model.id}", "model.id", "predict with the roofline")


def _shape(model: ModelFacts) -> ModelFacts:
    return replace(
        model, id="", aliases=(), status={}, source="", gated=False, quantization=None, quantized_experts_only=False,
        weights_bytes=None, max_context=0, multimodal=False, encoder_params_b=0.0, params_b=0.0, active_params_b=0.0,
        architecture="",
    )  # fmt: skip


def _expert_parallel(config: Config, facts: Facts, sharding: Sharding) -> int:
    """VLLM's is on or off, over all ranks that share the experts."""
    asked = config.parallel.moe_ep or config.parallel.ep or 1
    if facts.engine == "vllm":
        return sharding.expert_ranks if asked > 1 else 1
    return min(asked, sharding.expert_ranks)


def _formats(config: Config, facts: Facts, *, exact: bool) -> tuple[str | None, str | None]:
    modes, model = config.quantization, facts.model
    routed = expert_format(model, modes.gemm_mode, modes.moe_mode) or "bf16"
    blackwell = facts.gpu.supports_fp4
    if exact and not is_chosen(modes.gemm_mode) and not is_chosen(modes.moe_mode):
        # What it reads from the checkpoint are 16 bit activations, as on GPUs before Blackwell.
        return None, _MXFP4_MXFP8 if routed == "mxfp4" and blackwell else None
    dense = linear_format(model, modes.gemm_mode) or "bf16"
    gemm = "bfloat16" if dense == "mxfp4" else _FORMATS.get(dense, (None, None))[0]
    if gemm is None:
        raise cannot(f"it has no GEMMs in {dense}", "quantization.gemm_mode", "use fp8, nvfp4 or bf16")
    if not model.is_moe:
        return gemm, "bfloat16"
    moe = _FORMATS.get(routed, (None, None))[1]
    if moe is None:
        raise cannot(f"it has no experts in {routed}", "quantization.moe_mode", "use fp8, nvfp4 or bf16")
    return gemm, _MXFP4_MXFP8 if routed == "mxfp4" and blackwell else moe


def _cache(config: Config, *, exact: bool) -> str | None:
    mode = config.quantization.kvcache_mode
    if mode is None or mode == "auto":
        return None if exact else "bfloat16"
    if mode not in _CACHES:
        raise cannot(f"it has no KV cache in {mode}", "quantization.kvcache_mode", "use fp8 or bf16")
    return _CACHES[mode]
