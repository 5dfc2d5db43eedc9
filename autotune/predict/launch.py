"""Kernels that the host starts one by one: what a pass takes at least where no CUDA graph replays it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from autotune.catalog.activations import batched_tokens, captured_batch

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts
    from autotune.engines.engine import Facts
    from autotune.predict.efficiency import Efficiency
    from autotune.schema import Config

#: SGLang captures prefills too since this version (its flag `--disable-piecewise-cuda-graph` is from then on), up to as many
#: tokens (docs, advanced_features/piecewise_cuda_graph).
_SGLANG_CAPTURES = Version("0.5.10")
_SGLANG_TOKENS = 4096


def graph_tokens(config: Config, facts: Facts) -> int:
    """Tokens of the largest pass with a prefill that a CUDA graph replays; 0: none does.

    vLLM captures up to `--max-cudagraph-capture-size` tokens, whatever they are; TensorRT-LLM only passes that decode, unless
    told otherwise in a file of its own (docs, features/torch_compile_and_piecewise_cuda_graph); transformers none.
    """
    if config.misc.cuda_graphs is False:
        return 0
    match facts.engine:
        case "vllm":
            return captured_batch(config, facts)
        case "sglang" if _at_least(facts.engine_version, _SGLANG_CAPTURES):
            switched_off = given(config, "--disable-piecewise-cuda-graph")
            return 0 if switched_off else min(_SGLANG_TOKENS, batched_tokens(config, facts))
        case _:
            return 0


def launch_s(model: ModelFacts, efficiency: Efficiency) -> float:
    """Seconds to launch one pass through all layers kernel by kernel."""
    kinds = (
        (model.num_layers, 1.0),
        (model.num_moe_layers, efficiency.moe_launches),
        (model.num_layers if model.is_mla else 0, efficiency.mla_launches),
        (model.num_state_layers, efficiency.state_launches),
    )
    return efficiency.eager_layer_s * sum(layers * times for layers, times in kinds)


def given(config: Config, flag: str) -> bool:
    """Whether misc.extra_args has a flag without a value; true and null write it, false leaves it out."""
    return config.misc.extra_args.get(flag, False) is not False


def _at_least(version: str, least: Version) -> bool:
    try:
        return Version(version) >= least
    except InvalidVersion:
        return False
