"""The way back: points as the searches that `aiconfigurator cli exp --yaml-path FILE` takes.

Points of one model, system, engine, format and traffic are one search over their parallel sizes; aiconfigurator sweeps the
batch by itself. The keys are fields of its `Task` as of 0.12.0 (sdk/task_v2.py, cli/example.yaml).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.catalog.sharding import shard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.engines.engine import Facts
    from autotune.schema import Config

ENGINES = ("vllm", "sglang", "trtllm")
#: Systems of 0.12.0 (systems/*.yaml of aiconfigurator-core) that the catalog has.
SYSTEMS = frozenset({"a100_pcie", "a100_sxm", "a30", "b200_sxm", "b300_sxm", "gb200", "gb300", "h100_pcie", "h100_sxm", "h200_sxm", "l4", "l40s"})  # fmt: skip
#: Formats of weights by aiconfigurator's names (sdk/common.py, GEMMQuantMode); what is not set follows the checkpoint.
_WEIGHTS = {"bf16": "bfloat16", "fp16": "bfloat16", "fp8": "fp8", "fp8_static": "fp8_static", "fp8_block": "fp8_block",
            "nvfp4": "nvfp4", "w4a16": "int4_wo", "int4_wo": "int4_wo", "int8_wo": "int8_wo", "w8a8": "sq"}  # fmt: skip
_CACHE = {"fp8": "fp8", "int8": "int8", "bf16": "bfloat16", "fp16": "bfloat16"}
#: Without targets every config counts: aiconfigurator's own would leave some out.
NO_LIMIT_MS = 1e6


def to_searches(points: Iterable[tuple[Config, Facts]]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Searches by name, and why points are in none."""
    grouped: dict[tuple[Any, ...], tuple[dict[str, Any], list[tuple[Config, Facts]]]] = {}
    refused: dict[str, None] = {}
    for config, facts in points:
        why = _unknown(config, facts)
        if why:
            refused[why] = None
            continue
        plain = _plain(config, facts)
        grouped.setdefault(tuple(plain.items()), (plain, []))[1].append((config, facts))
    found: dict[str, dict[str, Any]] = {}
    for plain, members in grouped.values():
        name = f"exp_{plain['backend_name']}_{len(found) + 1}"
        found[name] = plain | _candidates(members)
    return found, list(refused)


def _unknown(config: Config, facts: Facts) -> str:
    if facts.engine not in ENGINES:
        return f"aiconfigurator knows {', '.join(ENGINES)}, not {facts.engine}"
    if facts.gpu.name not in SYSTEMS:
        return f"aiconfigurator 0.12.0 knows no system {facts.gpu.name}"
    if config.system.serving_mode != "agg":
        return "prefill and decode apart are no single search: aiconfigurator matches their rates by itself"
    if (mode := config.quantization.gemm_mode) not in (None, "auto", *_WEIGHTS):
        return f"aiconfigurator has no weights in {mode}"
    return ""


def _plain(config: Config, facts: Facts) -> dict[str, Any]:
    """What is one value for a whole search."""
    runtime, modes = config.runtime, config.quantization
    data: dict[str, Any] = {
        "serving_mode": "agg",
        "model_path": config.model.id,
        "system_name": facts.gpu.name,
        "backend_name": facts.engine,
        "total_gpus": config.system.num_gpus or facts.gpus_per_node * config.system.nodes,
        "isl": runtime.isl,
        "osl": runtime.osl,
        "prefix": runtime.prefix,
        "ttft": runtime.ttft_target or NO_LIMIT_MS,
        "tpot": runtime.tpot_target or NO_LIMIT_MS,
        "gemm_quant_mode": _WEIGHTS.get(modes.gemm_mode or ""),
        "moe_quant_mode": _WEIGHTS.get(modes.moe_mode or "") if facts.model.is_moe else None,
        "kvcache_quant_mode": _CACHE.get(modes.kvcache_mode or ""),
    }
    return {name: value for name, value in data.items() if value is not None}


def _candidates(points: Iterable[tuple[Config, Facts]]) -> dict[str, list[int]]:
    """The parallel sizes of all points, by aiconfigurator's names.

    Its `tp` and `dp` are of the attention (dp: ranks that share a model's experts); replicas are its own affair. What the
    attention is spread over, tp x dp, the experts are too: moe_tp x moe_ep.
    """
    sizes: dict[str, set[int]] = {}
    for config, facts in points:
        sharding, parallel = shard(config, facts), config.parallel
        together = facts.model.is_moe and (facts.engine != "sglang" or bool(parallel.dp_attention))
        dp = sharding.dp if together else 1
        ranks = sharding.attention_tp * dp
        experts = 1
        if facts.model.is_moe:
            asked = parallel.moe_ep or parallel.ep or 1
            experts = ranks if facts.engine == "vllm" and asked > 1 else min(asked, ranks)
        for name, value in (
            ("num_gpu", ranks * sharding.pp),
            ("tp", sharding.attention_tp),
            ("pp", sharding.pp),
            ("dp", dp),
            ("moe_tp", ranks // experts if facts.model.is_moe else 1),
            ("moe_ep", experts),
        ):
            sizes.setdefault(f"agg_{name}_candidates", set()).add(value)
    return {name: sorted(values) for name, values in sizes.items()}
