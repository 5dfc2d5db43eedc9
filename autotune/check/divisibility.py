"""Parallel sizes against the model's heads, layers, experts and quantization blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.formats import expert_format, linear_format
from autotune.catalog.sharding import shard, tp_sizes
from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Rows and columns that share one scale in block-quantized FP8 (`weight_block_size` of DeepSeek and Qwen checkpoints).
BLOCK = 128


def check_heads(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT012: every rank that shares the attention holds a whole number of heads."""
    tp, heads = config.parallel.tp or 1, facts.model.num_heads
    if facts.engine != "transformers" and heads % shard(config, facts).attention_tp:
        yield diagnostic(
            "AT012",
            f"parallel.tp={tp} does not divide the model's {heads} attention heads",
            path="parallel.tp",
            help=_sizes_help(facts),
        )


def check_kv_heads(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT013: KV heads are split evenly, or each is copied to the same number of ranks. MLA has no heads to split."""
    ranks, kv_heads = shard(config, facts).attention_tp, facts.model.num_kv_heads
    if facts.model.is_mla or facts.model.num_heads % ranks or kv_heads % ranks == 0 or ranks % kv_heads == 0:
        return
    yield diagnostic(
        "AT013", f"parallel.tp={config.parallel.tp} neither divides the model's {kv_heads} KV heads nor is a multiple of them",
        path="parallel.tp", help=_sizes_help(facts),
    )  # fmt: skip


def check_stages(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT014: a pipeline stage has at least one layer. Engines spread layers unevenly where they must."""
    stages, layers = config.parallel.pp or 1, facts.model.num_layers
    if stages > layers:
        yield diagnostic(
            "AT014",
            f"parallel.pp={stages} is more than the model's {layers} layers",
            path="parallel.pp",
            help=f"use {layers} or fewer",
        )


def check_expert_ranks(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT033: there are experts, each rank has as many, and the ranks are those of tp.

    vLLM takes ep as on or off, over tp x dp ranks, and hands out experts unevenly where they do not divide
    (`determine_expert_map`), but refuses a dense model.
    """
    parallel, experts = config.parallel, facts.model.num_experts
    for name, ranks in (("ep", parallel.ep), ("moe_ep", parallel.moe_ep)):
        path = f"parallel.{name}"
        if ranks is None or ranks == 1 or facts.engine == "transformers":
            continue
        if not facts.model.is_moe:
            yield diagnostic(
                "AT033",
                f"{path}={ranks}, but the model has no experts",
                path=path,
                help=f"leave {path} unset for a dense model",
            )
        elif facts.engine == "vllm":
            continue
        elif experts % ranks:
            yield diagnostic(
                "AT033",
                f"{path}={ranks} does not divide the model's {experts} experts",
                path=path,
                help=_one_of(_common(config, experts)),
            )
        elif (parallel.tp or 1) % ranks:
            yield diagnostic("AT033", f"{path}={ranks} does not divide parallel.tp={parallel.tp or 1}, whose ranks share the experts", path=path,
                             help=_one_of(_common(config, experts)))  # fmt: skip


def check_quantization_blocks(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT034: a rank's slice of an MLP ends between blocks (vLLM `validate_fp8_block_shape`, SGLang in the same words)."""
    model, sharding, quantization = facts.model, shard(config, facts), config.quantization
    if facts.engine not in ("vllm", "sglang"):
        return
    widths: list[tuple[str, int, int]] = []
    if linear_format(model, quantization.gemm_mode) == "fp8_block" and model.num_moe_layers < model.num_layers:
        widths.append(("MLP", model.intermediate_size, sharding.tp))
    if model.is_moe and expert_format(model, quantization.gemm_mode, quantization.moe_mode) == "fp8_block":
        whole = (
            (config.parallel.ep or 1)
            if facts.engine == "sglang"
            else sharding.expert_ranks
            if (config.parallel.ep or 1) > 1
            else 1
        )
        widths.append(("experts", model.moe_intermediate_size, max(1, sharding.expert_ranks // whole)))
    for what, width, ranks in widths:
        if ranks > 1 and width % (ranks * BLOCK):
            fitting = [size for size in range(1, ranks) if ranks % size == 0 and width % (size * BLOCK) == 0]
            advice = f"use parallel.tp={max(fitting)}" if fitting and sharding.dp == 1 else "lower parallel.tp"
            yield diagnostic(
                "AT034", f"{ranks} ranks cut the model's {what}, {width} wide, into slices of {width / ranks:g}, which are not whole FP8 blocks of {BLOCK}",
                path="parallel.tp", help=f"{advice}{', or set parallel.ep' if what == 'experts' else ''}",
            )  # fmt: skip


def _sizes_help(facts: Facts) -> str:
    model = facts.model
    return _one_of(tp_sizes(model.num_heads, None if model.is_mla else model.num_kv_heads))


def _common(config: Config, experts: int) -> list[int]:
    tp = config.parallel.tp or 1
    return [size for size in range(1, tp + 1) if tp % size == 0 and experts % size == 0]


def _one_of(sizes: Iterable[int]) -> str:
    """As in `use 1, 2, 4, 8, 16 or 32`."""
    *most, last = [str(size) for size in sizes]
    return f"use {', '.join(most)} or {last}" if most else f"use {last}"
