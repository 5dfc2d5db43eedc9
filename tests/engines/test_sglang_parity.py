"""One config, two engines, the same KV cache: the memory fraction means another thing to each, and is converted.

The bytes are worked out from the number that each engine is given, by its own rule: vLLM counts weights, activations and
overhead within `--gpu-memory-utilization`, SGLang weights alone within `--mem-fraction-static`.
"""

import pytest

from autotune.catalog.memory import plan_memory
from autotune.catalog.models import MODELS
from autotune.engines import ENGINES
from tests.engines.matrix import GPUS, PROFILES, Cell, compile_cell
from tests.engines.matrix import MODELS as MATRIX_MODELS
from tests.engines.samples import config, facts

NEWEST = {"vllm": "0.33.0", "sglang": "0.5.23"}
FLAG = {"vllm": "--gpu-memory-utilization", "sglang": "--mem-fraction-static"}


def kv_bytes(engine, config, model, gpu, version=None):
    """Bytes of KV cache on one GPU, by the engine's own reading of the fraction on its command line."""
    where = facts(model, version or NEWEST[engine], gpu, engine=engine)
    argv = ENGINES[engine].lower(config, where).deployment.argv
    fraction = float(argv[argv.index(FLAG[engine]) + 1])
    plan = plan_memory(config, where)
    beside = plan.activation_bytes + plan.overhead_bytes
    return fraction * plan.total_bytes - plan.weights_bytes - (beside if engine == "vllm" else 0)


@pytest.mark.parametrize("fraction", [0.5, 0.7, 0.8, 0.85, 0.88])
@pytest.mark.parametrize(
    ("model", "gpu", "groups"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "h100_sxm", {}),
        ("meta-llama/Llama-3.1-8B-Instruct", "mi300x", {"parallel": {"tp": 2}}),
        ("meta-llama/Llama-3.1-8B-Instruct", "a100_sxm", {"quantization": {"kvcache_mode": "bf16"}}),
        ("meta-llama/Llama-3.1-8B-Instruct", "l40s", {"misc": {"cuda_graphs": False}}),
        ("meta-llama/Llama-3.1-70B-Instruct", "h100_sxm", {"parallel": {"tp": 4}}),
        ("meta-llama/Llama-3.1-70B-Instruct", "h200_sxm", {"parallel": {"tp": 4}, "quantization": {"gemm_mode": "fp8", "kvcache_mode": "fp8"}}),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "b200_sxm", {"parallel": {"tp": 2, "ep": 2}}),
        ("deepseek-ai/DeepSeek-V2-Lite", "h100_sxm", {"scheduling": {"max_batched_tokens": 16384}}),
        ("Qwen/Qwen3-32B-AWQ", "h100_pcie", {"scheduling": {"max_running_requests": 64}}),
    ],
)  # fmt: skip
def test_both_engines_keep_the_same_bytes_for_kv_cache(model, gpu, groups, fraction):
    same = config(model, **groups, memory={"mem_fraction_static": fraction})
    in_vllm, in_sglang = (kv_bytes(engine, same, model, gpu) for engine in ("vllm", "sglang"))
    assert in_sglang > 0
    assert in_vllm == pytest.approx(in_sglang, rel=0.05)


@pytest.mark.parametrize("gpu", ["h100_sxm", "b200_sxm", "mi300x"])
def test_so_it_is_for_every_model_that_fits(gpu):
    """Where vLLM's activations and overhead fit beside the fraction; else it gets what it can use at most, 0.98 in all."""
    compared = 0
    for model in MODELS:
        for tp in (1, 8):
            same = config(model.id, parallel={"tp": tp}, memory={"mem_fraction_static": 0.8})
            plans = [plan_memory(same, facts(model.id, NEWEST[engine], gpu, engine=engine)) for engine in NEWEST]
            if all(plan.fits and plan.fraction == 0.8 for plan in plans):
                in_sglang = kv_bytes("sglang", same, model.id, gpu)
                assert kv_bytes("vllm", same, model.id, gpu) == pytest.approx(in_sglang, rel=0.05), model.id
                compared += 1
    assert compared > len(MODELS) / 2


@pytest.mark.parametrize("gpu", GPUS)
@pytest.mark.parametrize("fraction", [0.85, 0.96])
def test_so_it_is_with_every_profile_or_a_warning_says_that_it_is_not(gpu, fraction):
    """`fraction` where the profile sets none. 0.96 is more than vLLM can reach beside the activations of most models."""
    compared = warned = 0
    for profile in PROFILES:
        for model in MATRIX_MODELS:
            point = compile_cell(Cell(profile, "vllm", NEWEST["vllm"], gpu, model), mem_fraction_static=fraction)
            in_vllm, in_sglang = (kv_bytes(engine, point.config, model, gpu) for engine in NEWEST)
            if any(item.code == "AT114" for item in point.diagnostics):
                assert in_vllm < in_sglang, (profile, model)
                warned += 1
            elif min(in_vllm, in_sglang) > 0 and point.runnable:
                assert in_vllm == pytest.approx(in_sglang, rel=0.05), (profile, model)
                compared += 1
    if fraction == 0.85:
        assert compared > len(PROFILES) * len(MATRIX_MODELS) / 4
    assert (warned > 0) == (fraction == 0.96)


def test_the_number_itself_would_not_do():
    model = "meta-llama/Llama-3.1-8B-Instruct"
    same = config(model, memory={"mem_fraction_static": 0.5})
    plans = {engine: plan_memory(same, facts(model, NEWEST[engine], engine=engine)) for engine in NEWEST}
    copied = 0.5 * plans["vllm"].total_bytes - plans["vllm"].weights_bytes
    copied -= plans["vllm"].activation_bytes + plans["vllm"].overhead_bytes
    assert copied < 0.95 * kv_bytes("sglang", same, model, "h100_sxm")


@pytest.mark.parametrize("version", ["0.5.2", "0.5.23"])
def test_sglang_is_given_the_fraction_as_it_is(version):
    model = "meta-llama/Llama-3.1-8B-Instruct"
    argv = (
        ENGINES["sglang"]
        .lower(config(memory={"mem_fraction_static": 0.815}), facts(model, version, engine="sglang"))
        .deployment.argv
    )
    assert argv[argv.index("--mem-fraction-static") + 1] == "0.815"


def test_unset_leaves_the_choice_to_each_engine():
    for engine, version in NEWEST.items():
        assert (
            FLAG[engine] not in ENGINES[engine].lower(config(), facts(version=version, engine=engine)).deployment.argv
        )
