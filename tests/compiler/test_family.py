"""Points compiled as a family against the same points compiled one by one."""

import pickle
from dataclasses import fields
from random import Random

import pytest

from autotune.api import read_dimensions
from autotune.check.run import CHECKS
from autotune.compiler import compile_points
from autotune.compose.points import FamilyPoint, compose_points, compose_sweep
from autotune.diagnostics import InputError, diagnostic
from autotune.workspace.load import load_workspace

WORKSPACE = load_workspace()
#: What a sweep may vary, wrong values among it.
VARIED = {
    "parallel.tp": [1, 2, 4, 8, 3, "two", "null"],
    "parallel.pp": [1, 2],
    "parallel.dp": [1, 2, 16],
    "parallel.ep": [1, 8],
    "quantization.gemm_mode": ["fp8", "bf16", "nvfp4", "int4_awq", "null"],
    "quantization.kvcache_mode": ["fp8", "bf16", "null"],
    "memory.mem_fraction_static": [0.5, 0.9, 1, 1.7],
    "memory.max_total_tokens": [1000, 200000, "null"],
    "memory.prefix_caching": ["true", "false", 1],
    "memory.cpu_offload_gb": [1, 1.0, 40],
    "scheduling.max_running_requests": [8, 64, 512],
    "scheduling.max_batched_tokens": [512, 8192],
    "scheduling.chunked_prefill": ["true", "false"],
    "attention.backend": ["flashinfer", "flash_attn", "unheard_of"],
    "misc.context_length": [2048, 1000000, "null"],
    "misc.env": ["{A:x}", "{HF_TOKEN:hf_abcdefghijklmnopqrstuvwxyz}"],
    "misc.env.B": ["one", "two"],
    "misc.extra_args": ["[--seed,1]", "[--no-such-flag]", "[]"],
    "misc.speculative": ["null", "{method:ngram,num_tokens:3}"],
    "misc.speculative.num_tokens": [2, 4],
    "runtime.isl": [128, 4096, 200000],
    "runtime.osl": [128, 1024],
    "benchmark.num_concurrency": ["[1]", "[64]", "[1,8]", 4],
    "benchmark.max_requests": [10, 20],
    "deploy.replicas": [1, 2],
    "deploy.labels": ["{team:a}"],
    "deploy.autoscaling.max_replicas": [2, 4],
    "disagg.decode.tp": [1, 2],
    "executor.name": ["local", "emulated", "auto"],
    "executor.ready_timeout_s": [10, 20],
    "optimization.seed": [1, 2],
    "slo.ttft_ms": [100, 200],
    "system.gpu": ["h100_sxm", "a100_sxm", "l40s", "mi300x", "cpu", "h1000"],
    "system.num_gpus": [1, 8],
    "system.nodes": [1, 2],
    "system.backend": ["vllm", "sglang", "trtllm", "transformers", "[sglang,vllm]", "none"],
    "system.serving_mode": ["agg", "disagg"],
    "system.gpus_per_node": [4, 8],
    "model.id": ["Qwen/Qwen3-32B", "Qwen/Qwen3-8B", "meta-llama/Llama-3.1-70B-Instruct", "deepseek-ai/DeepSeek-R1", "no/such"],
    "model.served_name": ["short", "null"],
    "model.tokenizer": ["other", "null"],
    "unknown.key": [1],
    "parallel.unknown": [1, 2],
    "benchmark": ["smoke", "default"],
    "slo": ["default", "interactive"],
    "+profile": ["fp8_quantized", "[high_throughput,memory_optimized]", "moe", "[low_latency,long_context]", "[high_throughput,low_latency]", "nothing"],
}  # fmt: skip


def sweep(rng):
    """The words of a sweep of 24 points at most."""
    words, points = [], 1
    for name in rng.sample(sorted(VARIED), rng.randint(2, 9)):
        values = rng.sample(VARIED[name], min(len(VARIED[name]), rng.randint(1, 3)))
        if points * len(values) > 24:
            values = values[:1]
        points *= len(values)
        plus = (
            ""
            if name.startswith("+") or not name.startswith(("misc.env.", "unknown", "parallel.unknown", "deploy.lab"))
            else "++"
        )
        words.append(f"{plus}{name}={','.join(map(str, values))}")
    return words


def check(words):
    """How many points were compiled as a family's; every one must be what it is alone."""
    try:
        dimensions = read_dimensions(WORKSPACE, None, words, multirun=True)
        alone = list(compile_points(compose_points(dimensions, WORKSPACE.composer), WORKSPACE.world))
    except InputError:
        return 0
    laid = list(compose_sweep(dimensions, WORKSPACE.composer))
    together = list(compile_points(laid, WORKSPACE.world))
    assert len(together) == len(alone)
    for one, other in zip(together, alone, strict=True):
        for field in fields(one):
            if field.name != "record":
                assert getattr(one, field.name) == getattr(other, field.name), (words, one.swept, field.name)
        assert (one.server, one.loads, one.runnable) == (other.server, other.loads, other.runnable), (words, one.swept)
        assert repr(one.as_dict()) == repr(other.as_dict()), (words, one.swept)
        assert repr(one.deployment) == repr(other.deployment)
        assert repr(one.config) == repr(other.config)
        assert one.layered == other.layered
    return sum(isinstance(point, FamilyPoint) for point in laid)


def test_families_compile_to_what_their_points_compile_to_alone():
    rng = Random(0)
    assert sum(check(sweep(rng)) for _ in range(24)) > 60


def test_what_decides_what_is_read_next_counts_as_read():
    # A finding about one value, of a check that looks at several.
    words = ["runtime.isl=4096,128", "memory.max_total_tokens=1000", "misc.context_length=null,2048", "memory.prefix_caching=true", "++misc.env.B=two"]  # fmt: skip
    assert check(words) == 4


def test_a_check_that_looks_at_the_load_for_some_servers_alone_counts_as_looking_at_it(monkeypatch):
    def find_crowd(config, facts):
        if config.scheduling.max_running_requests == 128 and max(config.benchmark.num_concurrency) > 8:
            yield diagnostic("AT205", "a crowd", path="scheduling.max_running_requests", help="send it away")

    for module in ("autotune.check.run", "autotune.compiler.family"):
        monkeypatch.setattr(f"{module}.CHECKS", (*CHECKS, find_crowd))
    assert check(["scheduling.max_running_requests=64,128", "benchmark.num_concurrency=[4],[16]"]) == 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_thousand_sweeps_compile_to_what_their_points_compile_to_alone(seed):
    rng = Random(seed)
    assert sum(check(sweep(rng)) for _ in range(100)) > 300


def test_a_family_shares_more_than_it_repeats():
    words = ["+profile=[high_throughput,memory_optimized]", "parallel.tp=1,2,4", "scheduling.max_running_requests=8,16,32", "benchmark.num_concurrency=[1],[2],[3],[4]"]  # fmt: skip
    assert check(words) == 36


def test_what_is_made_late_is_there_whenever_it_is_asked_for():
    words = ["parallel.tp=1,2", "benchmark.num_concurrency=[1],[2]"]
    points = list(compile_points(compose_sweep(read_dimensions(WORKSPACE, None, words, multirun=True), WORKSPACE.composer), WORKSPACE.world))  # fmt: skip
    assert {str(point.origin["parallel.tp"]) for point in points} == {"override parallel.tp=1,2"}
    assert [point.deployment.annotations["autotune/point"] for point in points] == [point.id for point in points]
    assert points[0].server == points[0].deployment.name == points[1].server != points[2].server
    assert points[1].deployment.loads == points[1].loads
    found = points[1].with_diagnostics(())
    assert (found.diagnostics, found.deployment) == ((), points[1].deployment)
    with pytest.raises(AttributeError, match="no_such_field"):
        _ = points[3].no_such_field
    brief = points[0].brief()
    assert (brief.server, brief.deployment, brief.data, brief.runnable) == (points[0].server, None, {}, True)


def test_points_with_conditions_are_sent_to_other_machines():
    words = ["+profile=[high_throughput,memory_optimized]", "parallel.tp=2,4"]
    dimensions = read_dimensions(WORKSPACE, None, words, multirun=True)
    for point in compile_points(compose_sweep(dimensions, WORKSPACE.composer), WORKSPACE.world):
        sent = pickle.loads(pickle.dumps(point))
        assert sent == point
        assert [record.outcome for record in sent.layered.records] == [
            record.outcome for record in point.layered.records
        ]
