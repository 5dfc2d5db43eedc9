import pytest

from autotune.catalog.memory import context_length, largest_context, plan_memory, smallest_tp, vllm_utilization
from tests.catalog.facts_for import config_for, facts_for


def plan(model, gpu="h100_sxm", engine="vllm", **groups):
    return plan_memory(config_for(**groups), facts_for(model, gpu, engine))


def test_an_8b_model_leaves_most_of_an_h100_to_the_kv_cache():
    found = plan("Llama-3.1-8B-Instruct")
    assert found.fraction == 0.92
    assert found.weights_bytes == pytest.approx(16.1e9, rel=0.01)
    assert found.kv_capacity_tokens == pytest.approx(450_000, rel=0.05)
    assert found.fits


def test_the_kv_cache_is_near_what_sglang_reported():
    # vllm-project/vllm issue 21348: Qwen3-235B-A22B-FP8, 4 x H100, fraction 0.93: 367,404 tokens.
    found = plan("Qwen3-235B-A22B-FP8", engine="sglang", parallel={"tp": 4}, memory={"mem_fraction_static": 0.93})
    assert found.kv_bytes_per_token == 48_128
    assert found.kv_capacity_tokens == pytest.approx(367_404, rel=0.15)


def test_the_parts_add_up_to_the_usable_memory():
    found = plan("Llama-3.1-70B-Instruct", parallel={"tp": 4})
    assert found.weights_bytes + found.activation_bytes + found.overhead_bytes + found.kv_bytes == found.usable_bytes
    assert found.usable_bytes == pytest.approx(0.92 * found.total_bytes, rel=1e-6)


def test_tensor_parallelism_splits_weights_and_kv_heads():
    one, four = plan("Qwen3-32B"), plan("Qwen3-32B", parallel={"tp": 4})
    assert four.weights_bytes == pytest.approx(one.weights_bytes / 4, rel=0.001)
    assert four.kv_bytes_per_token == one.kv_bytes_per_token / 4 == 65_536


def test_kv_heads_are_copied_when_there_are_more_ranks_than_heads():
    model = "Qwen3-30B-A3B"  # 4 KV heads
    assert plan(model, parallel={"tp": 8}).kv_bytes_per_token == plan(model, parallel={"tp": 4}).kv_bytes_per_token


def test_the_mla_latent_is_kept_by_every_rank():
    assert plan("DeepSeek-V3", "h200_sxm", parallel={"tp": 8}).kv_bytes_per_token == 70_272


def test_pipeline_stages_split_layers():
    one, two = (
        plan("Llama-3.1-70B-Instruct", parallel={"tp": 4}),
        plan("Llama-3.1-70B-Instruct", parallel={"tp": 4, "pp": 2}),
    )
    assert two.kv_bytes_per_token == one.kv_bytes_per_token / 2
    assert two.weights_bytes == pytest.approx(one.weights_bytes / 2, rel=0.01)


def test_data_parallel_ranks_of_a_dense_model_hold_all_of_it():
    assert (
        plan("Qwen3-32B", parallel={"tp": 2, "dp": 4}).weights_bytes
        == plan("Qwen3-32B", parallel={"tp": 2}).weights_bytes
    )


def test_vllm_spreads_experts_over_data_parallel_ranks():
    wide = plan("DeepSeek-V3", "h200_sxm", parallel={"dp": 8, "ep": 8})
    assert wide.weights_bytes < 0.2 * plan("DeepSeek-V3", "h200_sxm").weights_bytes
    # but attention is whole on each rank
    assert wide.weights_bytes > plan("DeepSeek-V3", "h200_sxm", parallel={"tp": 8}).weights_bytes


def test_sglang_attention_data_parallelism_lies_within_tp():
    found = plan("DeepSeek-V3", "h200_sxm", "sglang", parallel={"tp": 8, "dp": 8, "dp_attention": True})
    assert found.weights_bytes > plan("DeepSeek-V3", "h200_sxm", "sglang", parallel={"tp": 8}).weights_bytes


def test_an_fp8_kv_cache_holds_twice_the_tokens():
    half = plan("Qwen3-32B", parallel={"tp": 2}, quantization={"kvcache_mode": "fp8"})
    assert half.kv_capacity_tokens == pytest.approx(
        2 * plan("Qwen3-32B", parallel={"tp": 2}).kv_capacity_tokens, rel=0.001
    )


def test_cpu_offload_takes_weights_away():
    offloaded = plan("Llama-3.1-8B-Instruct", memory={"cpu_offload_gb": 6})
    assert plan("Llama-3.1-8B-Instruct").weights_bytes - offloaded.weights_bytes == 6_000_000_000


def test_prediction_layers_cost_memory_only_when_used():
    without = plan("DeepSeek-V3", "h200_sxm", parallel={"tp": 8})
    used = plan("DeepSeek-V3", "h200_sxm", parallel={"tp": 8}, runtime={"nextn": 1})
    assert used.weights_bytes > without.weights_bytes + 1e9
    assert used.kv_bytes_per_token > without.kv_bytes_per_token


def test_eager_execution_needs_no_graph_memory():
    assert plan("Qwen3-8B", misc={"cuda_graphs": False}).overhead_bytes < plan("Qwen3-8B").overhead_bytes


def test_larger_steps_take_more_activation_memory():
    small, large = (
        plan("Qwen3-8B", scheduling={"max_batched_tokens": tokens, "max_running_requests": 64})
        for tokens in (2048, 32768)
    )
    assert large.activation_bytes > 8 * small.activation_bytes


def test_vllm_demands_the_models_context_whatever_the_workload():
    workload = {"isl": 1000, "osl": 100}
    config = config_for(runtime=workload)
    assert context_length(config, facts_for(engine="vllm")) == 131_072
    assert context_length(config, facts_for(engine="sglang")) == 1100
    assert context_length(config_for(runtime=workload, misc={"context_length": 4096}), facts_for(engine="vllm")) == 4096
    assert context_length(config_for(), facts_for(engine="sglang")) == 131_072


def test_a_context_that_does_not_fit_can_be_shortened_until_it_does():
    long = plan("Llama-3.1-8B-Instruct", "l4")
    assert long.weights_bytes < long.usable_bytes
    assert not long.fits
    context = largest_context(long)
    assert plan("Llama-3.1-8B-Instruct", "l4", misc={"context_length": context}).fits
    assert not plan("Llama-3.1-8B-Instruct", "l4", misc={"context_length": context + 1000}).fits


def test_largest_context_allows_for_sliding_layers():
    found = plan("gemma-3-27b-it", memory={"mem_fraction_static": 0.72})
    context = largest_context(found)
    assert context > 1024
    assert plan("gemma-3-27b-it", memory={"mem_fraction_static": 0.72}, misc={"context_length": context}).fits


@pytest.mark.parametrize(
    ("model", "gpu", "expected"),
    [
        ("Llama-3.1-8B-Instruct", "h100_sxm", 1),
        ("Llama-3.1-70B-Instruct", "h100_sxm", 4),
        ("DeepSeek-V3", "h200_sxm", 8),
        ("DeepSeek-V3", "l4", None),
    ],
)
def test_smallest_tensor_parallel_size(model, gpu, expected):
    assert smallest_tp(config_for(), facts_for(model, gpu)) == expected


def test_the_mean_of_a_memory_fraction_is_converted_for_vllm():
    facts = facts_for("Qwen3-32B")
    assert vllm_utilization(config_for(), facts) is None
    config = config_for(memory={"mem_fraction_static": 0.85})
    utilization = vllm_utilization(config, facts)
    found = plan_memory(config, facts)
    assert utilization == pytest.approx(
        0.85 + (found.activation_bytes + found.overhead_bytes) / found.total_bytes, abs=0.001
    )
    assert found.kv_bytes == pytest.approx(0.85 * found.total_bytes - found.weights_bytes, rel=0.001)
    assert vllm_utilization(config_for(memory={"mem_fraction_static": 0.98}), facts) == 0.98


def test_the_same_static_fraction_leaves_the_same_kv_cache_in_every_engine():
    sizes = {
        plan("Qwen3-32B", engine=engine, memory={"mem_fraction_static": 0.8}, parallel={"tp": 2}).kv_bytes
        for engine in ("vllm", "sglang", "trtllm")
    }
    assert len(sizes) == 1


def test_required_tokens_count_the_shared_prefix_once():
    load = {"benchmark": {"num_concurrency": [1, 10]}, "runtime": {"isl": 1000, "osl": 100, "prefix": 400}}
    assert plan("Qwen3-8B", **load).required_tokens == 400 + 10 * 700
    assert plan("Qwen3-8B", memory={"prefix_caching": False}, **load).required_tokens == 11_000
    assert plan("Qwen3-8B", scheduling={"max_running_requests": 4}, **load).required_tokens == 400 + 4 * 700
    assert plan("Qwen3-8B").required_tokens is None


def test_a_cpu_has_a_plan_too():
    found = plan("Qwen3-0.6B", "cpu")
    assert found.overhead_bytes == 0
    assert found.kv_capacity_tokens > 0
