"""How the ranks are laid out over experts, stages, tokens and nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.sharding import shard
from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config


def check_expert_grid(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT033: moe_tp x moe_ep is tp in TensorRT-LLM (`Mapping` in mapping.py). The other engines derive moe_tp themselves."""
    parallel = config.parallel
    tp, expert_ranks = parallel.tp or 1, parallel.moe_ep or parallel.ep
    if facts.engine != "trtllm" or not facts.model.is_moe or parallel.moe_tp is None:
        return
    if expert_ranks is None:
        wrong, said = tp % parallel.moe_tp != 0, f"parallel.moe_tp={parallel.moe_tp} does not divide parallel.tp={tp}"
    else:
        name = "moe_ep" if parallel.moe_ep is not None else "ep"
        wrong = parallel.moe_tp * expert_ranks != tp
        said = f"parallel.moe_tp={parallel.moe_tp} x parallel.{name}={expert_ranks} is {parallel.moe_tp * expert_ranks}, and parallel.tp={tp}"
    if wrong:
        rest = tp // expert_ranks if expert_ranks is not None and tp % expert_ranks == 0 else None
        advice = "the two multiply to parallel.tp" + (f": use parallel.moe_tp={rest}" if rest else "")
        yield diagnostic("AT033", said, path="parallel.moe_tp", help=advice)


def check_even_stages(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT106: every pipeline stage has as many layers."""
    stages, layers = shard(config, facts).pp, facts.model.num_layers
    if stages > layers or layers % stages == 0:
        return
    longest, even = -(-layers // stages), layers / stages
    dividing = [size for size in range(2, stages) if layers % size == 0]
    yield diagnostic(
        "AT106",
        f"parallel.pp={stages} does not divide the model's {layers} layers: the longest stage has {longest}, which costs "
        f"about {longest / even - 1:.0%} against even stages",
        path="parallel.pp",
        help=f"use parallel.pp={max(dividing)}" if dividing else "use tensor parallelism instead",
    )


def check_token_ranks(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT036: decode context parallelism uses the ranks that hold copies of one KV head.

    vLLM 0.32, `verify_with_parallel_config` in config/model.py and config/parallel.py; not asked of the other engines.
    """
    parallel, model = config.parallel, facts.model
    tp, dcp = parallel.tp or 1, parallel.dcp or 1
    if facts.engine != "vllm" or dcp == 1 or (parallel.cp or 1) > 1:
        return
    if tp % dcp:
        reason, most = f"parallel.dcp={dcp} does not divide parallel.tp={tp}", None
    elif model.is_mla:
        return
    elif dcp > tp // model.num_kv_heads:
        copies = tp // model.num_kv_heads
        reason = (
            f"parallel.dcp={dcp}, but with parallel.tp={tp} and {model.num_kv_heads} KV heads there "
            f"{'is no copy' if copies <= 1 else f'are {copies} copies'} of a KV head to split"
        )
        most = f"use parallel.tp={dcp * model.num_kv_heads} or more, or leave parallel.dcp unset"
    elif (model.num_heads // model.num_kv_heads) % dcp:
        reason = f"parallel.dcp={dcp} does not divide the {model.num_heads // model.num_kv_heads} attention heads of a KV head"
        most = None
    else:
        return
    yield diagnostic("AT036", reason, path="parallel.dcp", help=most or "use a size that divides it")


def check_attention_ranks(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT109: data parallel attention pays for MLA and for experts. Where it changes nothing, the engine says so when lowering."""
    model, parallel = facts.model, config.parallel
    spread = parallel.dp_attention and (parallel.tp or 1) > 1 and facts.engine in ("sglang", "trtllm")
    if not spread or model.is_mla or model.is_moe:
        return
    yield diagnostic(
        "AT109",
        f"parallel.dp_attention copies all attention weights to each rank, and `{model.id}` has neither MLA nor experts to gain by it",
        path="parallel.dp_attention",
        help="remove it; parallel.dp makes copies of the whole model",
    )


def check_span(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT111: a tensor parallel group lies within one node."""
    tp, here = shard(config, facts).tp, facts.gpus_per_node
    if tp <= here or config.system.nodes == 1 or facts.gpu.vendor == "cpu":
        return
    stages = -(-tp // here)
    yield diagnostic(
        "AT111",
        f"parallel.tp={tp} spans nodes of {here} GPUs: its exchanges run at {facts.gpu.node_link_gb_s:g} GB/s instead of "
        f"{facts.gpu.link_gb_s:g} GB/s",
        path="parallel.tp",
        help=f"parallel.tp={here} with parallel.pp={stages} keeps them within the node",
    )
