"""Golden command lines and YAML files of `trtllm-serve`, and what is said about settings that it does not take as they are."""

import pytest
import yaml

from autotune.catalog.memory import plan_memory, trtllm_free_fraction
from autotune.engines import ENGINES
from autotune.engines.trtllm import FILE
from tests.engines.samples import DENSE, MLA, MOE, QUANTIZED, config, facts

TRTLLM = ENGINES["trtllm"]
NEWEST = "1.3.0rc7"
HEAD = (
    "trtllm-serve",
    DENSE,
    "--backend",
    "pytorch",
    "--host",
    "0.0.0.0",
    "--port",
    "8000",
    "--served_model_name",
    DENSE,
)
OLD_HEAD = HEAD[:-2]


def lower(groups=None, model=DENSE, version=NEWEST, gpu="h100_sxm"):
    return TRTLLM.lower(config(model, **(groups or {})), facts(model, version, gpu, "trtllm"))


def written(groups, model=DENSE, **where):
    """The command line after the part that is always there and without the file, and the file's content."""
    deployment = lower(groups, model, **where).deployment
    argv = deployment.argv[len(HEAD) :]
    if not deployment.files:
        return argv, {}
    assert argv[-2:] == ("--config", FILE)
    return argv[:-2], yaml.safe_load(deployment.files[FILE])


def codes(lowered):
    return [(item.code, item.path) for item in lowered.diagnostics]


def test_a_bare_config_needs_no_file():
    lowered = lower()
    assert lowered.deployment.argv == HEAD
    assert lowered.deployment.files == {}
    assert lowered.diagnostics == ()
    assert lowered.deployment.image == "nvcr.io/nvidia/tensorrt-llm/release:1.3.0rc7"
    assert lowered.deployment.readiness.path == "/health"


def test_a_common_config():
    groups = {
        "parallel": {"tp": 2},
        "quantization": {"kvcache_mode": "fp8_e4m3"},
        "memory": {"max_total_tokens": 100_000, "page_size": 64, "prefix_caching": False, "kv_offload_gb": 32.0},
        "scheduling": {"policy": "fcfs", "max_running_requests": 64, "max_batched_tokens": 8192, "chunked_prefill": True, "overlap": False},
        "attention": {"backend": "flashinfer"},
        "misc": {"context_length": 16384, "cuda_graph_sizes": [4, 1, 2], "dtype": "bfloat16", "trust_remote_code": True, "tool_call_parser": "qwen3", "reasoning_parser": "deepseek_r1"},
    }  # fmt: skip
    argv, content = written(groups)
    assert argv == (
        "--tp_size", "2",
        "--max_batch_size", "64",
        "--max_num_tokens", "8192",
        "--max_seq_len", "16384",
        "--trust_remote_code",
        "--tool_parser", "qwen3",
        "--reasoning_parser", "deepseek-r1",
    )  # fmt: skip
    assert content == {
        "attn_backend": "FLASHINFER",
        "cuda_graph_config": {"batch_sizes": [1, 2, 4], "enable_padding": True},
        "disable_overlap_scheduler": True,
        "dtype": "bfloat16",
        "enable_chunked_prefill": True,
        "kv_cache_config": {
            "dtype": "fp8",
            "enable_block_reuse": False,
            "host_cache_size": 32_000_000_000,
            "max_tokens": 100_000,
            "tokens_per_block": 64,
        },
    }
    assert lower(groups).diagnostics == ()
    assert lower(groups).deployment.gpus == 2


def test_an_mla_model_with_experts_and_speculation():
    groups = {
        "model": {"id": MLA, "path": "/models/v2", "served_name": "v2"},
        "parallel": {"tp": 8, "ep": 4, "moe_tp": 2, "dp_attention": True},
        "runtime": {"nextn": 1},
        "attention": {"moe_backend": "deep-gemm"},
        "misc": {"torch_compile": True},
    }
    lowered = lower(groups, MLA)
    assert lowered.diagnostics == ()
    assert lowered.deployment.argv == (
        "trtllm-serve", "/models/v2", "--backend", "pytorch", "--host", "0.0.0.0", "--port", "8000", "--served_model_name", "v2",
        "--tp_size", "8", "--ep_size", "4", "--config", FILE,
    )  # fmt: skip
    assert yaml.safe_load(lowered.deployment.files[FILE]) == {
        "enable_attention_dp": True,
        "moe_config": {"backend": "DEEPGEMM"},
        "moe_tensor_parallel_size": 2,
        "speculative_config": {"decoding_type": "MTP", "num_nextn_predict_layers": 1},
        "torch_compile_config": {},
    }
    assert lowered.deployment.gpus == 8


def test_an_old_version_is_told_the_same_in_its_own_words():
    groups = {
        "model": {"id": DENSE, "revision": "abc"},
        "parallel": {"cp": 2},
        "misc": {"speculative": {"method": "eagle3", "num_tokens": 3, "model": "org/draft"}},
    }
    old, new = lower(groups, version="1.0.0").deployment, lower(groups).deployment
    assert old.argv == (*OLD_HEAD, "--extra_llm_api_options", FILE)
    assert yaml.safe_load(old.files[FILE]) == {
        "context_parallel_size": 2,
        "revision": "abc",
        "speculative_config": {"decoding_type": "Eagle", "max_draft_len": 3, "speculative_model_dir": "org/draft"},
    }
    assert new.argv == (*HEAD, "--revision", "abc", "--cp_size", "2", "--config", FILE)
    assert yaml.safe_load(new.files[FILE]) == {
        "speculative_config": {"decoding_type": "Eagle3", "max_draft_len": 3, "speculative_model": "org/draft"}
    }


@pytest.mark.parametrize(
    ("groups", "model", "expected"),
    [
        ({"quantization": {"kvcache_mode": "fp8"}}, DENSE, {"kv_cache_config": {"dtype": "fp8"}}),
        ({"quantization": {"kvcache_mode": "bf16"}}, DENSE, {}),
        ({"quantization": {"kvcache_mode": "auto", "gemm_mode": "auto"}}, DENSE, {}),
        ({"quantization": {"gemm_mode": "bf16"}}, DENSE, {"dtype": "bfloat16"}),
        ({"quantization": {"gemm_mode": "w4a16"}}, QUANTIZED, {}),
        ({"misc": {"dtype": "half"}}, DENSE, {"dtype": "float16"}),
        ({"memory": {"prefix_caching": True}}, DENSE, {"kv_cache_config": {"enable_block_reuse": True}}),
        ({"memory": {"kv_offload_gb": 0.0, "cpu_offload_gb": 0.0}}, DENSE, {}),
        ({"scheduling": {"overlap": True}}, DENSE, {"disable_overlap_scheduler": False}),
        ({"scheduling": {"chunked_prefill": False}}, DENSE, {"enable_chunked_prefill": False}),
        ({"scheduling": {"conservativeness": 0.5}}, DENSE, {"scheduler_config": {"capacity_scheduler_policy": "MAX_UTILIZATION"}}),
        ({"scheduling": {"conservativeness": 1.0}}, DENSE, {"scheduler_config": {"capacity_scheduler_policy": "GUARANTEED_NO_EVICT"}}),
        ({"misc": {"cuda_graphs": False}}, DENSE, {"cuda_graph_config": None}),
        ({"misc": {"cuda_graphs": True, "torch_compile": False, "load_format": "auto"}}, DENSE, {}),
        ({"misc": {"load_format": "dummy"}}, DENSE, {"load_format": "dummy"}),
        ({"attention": {"backend": "sdpa"}}, DENSE, {"attn_backend": "VANILLA"}),
        ({"misc": {"speculative": {"method": "ngram", "num_tokens": 4}}}, DENSE, {"speculative_config": {"decoding_type": "NGram", "max_draft_len": 4, "max_matching_ngram_size": 5}}),
        ({"misc": {"speculative": {"method": "mtp", "num_tokens": 2}}}, MLA, {"speculative_config": {"decoding_type": "MTP", "num_nextn_predict_layers": 2}}),
        ({"misc": {"speculative": {"method": "draft_model", "num_tokens": 2, "model": "d"}}}, DENSE, {"speculative_config": {"decoding_type": "DraftTarget", "max_draft_len": 2, "speculative_model": "d"}}),
        ({"parallel": {"dp": 1, "dcp": 1}, "runtime": {"nextn": 0}}, DENSE, {}),
    ],
)  # fmt: skip
def test_one_setting_of_the_file(groups, model, expected):
    assert written(groups, model)[1] == expected
    assert lower(groups, model).diagnostics == ()


@pytest.mark.parametrize(
    ("groups", "path"),
    [
        ({"quantization": {"gemm_mode": "fp8"}}, "quantization.gemm_mode"),
        ({"quantization": {"kvcache_mode": "fp16"}}, "quantization.kvcache_mode"),
        ({"memory": {"cpu_offload_gb": 4.0}}, "memory.cpu_offload_gb"),
        ({"scheduling": {"policy": "priority"}}, "scheduling.policy"),
        ({"scheduling": {"max_queued_requests": 9}}, "scheduling.max_queued_requests"),
        ({"attention": {"chunked_prefill_size": 512}}, "attention.chunked_prefill_size"),
        ({"parallel": {"dcp": 2}}, "parallel.dcp"),
        ({"parallel": {"tp": 2, "ep": 2}}, "parallel.ep"),
        ({"misc": {"seed": 7}}, "misc.seed"),
        ({"misc": {"cuda_graphs": False, "cuda_graph_sizes": [1]}}, "misc.cuda_graph_sizes"),
        ({"model": {"id": DENSE, "aliases": ["short"]}}, "model.aliases"),
    ],
)
def test_what_tensorrt_llm_does_not_have_is_dropped_with_a_warning(groups, path):
    lowered = lower(groups)
    assert codes(lowered) == [("AT101", path)]
    assert lowered.diagnostics[0].help


@pytest.mark.parametrize(
    ("groups", "code", "path"),
    [
        ({"parallel": {"dp": 2}}, "AT038", "parallel.dp"),
        ({"parallel": {"tp": 16}, "system": {"nodes": 2}}, "AT038", "parallel.tp"),
        ({"memory": {"page_size": 48}}, "AT003", "memory.page_size"),
        ({"quantization": {"kvcache_mode": "int8"}}, "AT021", "quantization.kvcache_mode"),
        ({"attention": {"backend": "triton"}}, "AT021", "attention.backend"),
        ({"attention": {"moe_backend": "marlin"}}, "AT021", "attention.moe_backend"),
        ({"misc": {"tool_call_parser": "hermes"}}, "AT021", "misc.tool_call_parser"),
        ({"misc": {"speculative": {"method": "suffix", "num_tokens": 2}}}, "AT021", "misc.speculative.method"),
        ({"misc": {"extra_args": {"--tp-size": 2}}}, "AT022", "misc.extra_args.--tp-size"),
        ({"misc": {"extra_args": {"--tensor_parallel_size": 2}}, "parallel": {"tp": 2}}, "AT028", "misc.extra_args.--tensor_parallel_size"),
        ({"runtime": {"nextn": 1}, "misc": {"speculative": {"method": "ngram", "num_tokens": 2}}}, "AT027", "runtime.nextn"),
    ],
)  # fmt: skip
def test_what_the_server_would_refuse_is_an_error(groups, code, path):
    lowered = lower(groups)
    assert codes(lowered) == [(code, path)]
    assert lowered.diagnostics[0].help


def test_other_gpus_than_nvidias_are_an_error():
    assert codes(lower(gpu="mi300x")) == [("AT038", "system.gpu")]


@pytest.mark.parametrize(("tp", "ep", "moe_tp", "fits"), [(8, 4, 2, True), (8, 8, None, True), (8, 4, 4, False)])
def test_expert_sizes_multiply_to_tp(tp, ep, moe_tp, fits):
    lowered = lower({"parallel": {"tp": tp, "moe_ep": ep, "moe_tp": moe_tp}}, MOE)
    assert lowered.deployment.argv[len(OLD_HEAD) :][4:6] == ("--ep_size", str(ep))
    assert codes(lowered) == ([] if fits else [("AT027", "parallel.moe_tp")])


def test_a_setting_of_later_versions_says_which():
    lowered = lower({"memory": {"page_size": 64}}, version="1.0.0")
    assert codes(lowered) == [("AT101", "memory.page_size")]
    assert lowered.diagnostics[0].help == "TensorRT-LLM has it from 1.1 on"


def test_before_the_flag_the_server_is_named_after_its_model():
    named = lower({"model": {"id": DENSE, "served_name": "llama"}}, version="1.3.0rc3")
    assert named.deployment.served_name == DENSE
    assert codes(named) == [("AT101", "model.served_name")]
    assert lower({"model": {"id": DENSE, "path": "/models/llama"}}, version="1.2.0").deployment.served_name == "llama"


def test_formats_that_are_dropped_must_not_let_a_model_through_that_does_not_fit_without_them():
    tight = {"quantization": {"gemm_mode": "fp8"}, "misc": {"context_length": 65536}}
    assert ("AT016", "quantization.gemm_mode") in codes(lower(tight, gpu="l4"))
    assert "AT016" not in [code for code, _ in codes(lower(tight))]


@pytest.mark.parametrize("static", [0.5, 0.7, 0.85])
@pytest.mark.parametrize(("model", "tp"), [(DENSE, 1), (DENSE, 2), (MOE, 4)])
def test_the_memory_fraction_leaves_the_same_kv_cache_as_elsewhere(static, model, tp):
    """Weights + KV cache of the total here; there the KV cache of what weights, activations and overhead leave free."""
    made = config(
        model, memory={"mem_fraction_static": static}, parallel={"tp": tp}, scheduling={"max_batched_tokens": 8192}
    )
    here, there = facts(model, "0.5.23", engine="sglang"), facts(model, NEWEST, engine="trtllm")
    wanted, plan = plan_memory(made, here).kv_bytes, plan_memory(made, there)
    fraction = trtllm_free_fraction(made, there)
    free = plan.total_bytes - plan.weights_bytes - plan.activation_bytes - plan.overhead_bytes
    assert fraction * free == pytest.approx(wanted, rel=0.05)
    file = TRTLLM.lower(made, there).deployment.files[FILE]
    assert yaml.safe_load(file)["kv_cache_config"] == {"free_gpu_memory_fraction": fraction}


def test_a_fraction_that_asks_for_all_or_nothing_stays_within_what_can_be_served():
    there = facts(DENSE, NEWEST, engine="trtllm")
    assert trtllm_free_fraction(config(), there) is None
    assert trtllm_free_fraction(config(memory={"mem_fraction_static": 0.99}), there) == 0.99
    assert trtllm_free_fraction(config(memory={"mem_fraction_static": 0.05}), there) == 0.01


def test_equal_servers_have_equal_names_and_other_files_another():
    one, same = lower({"memory": {"max_total_tokens": 1000}}), lower({"memory": {"max_total_tokens": 1000}})
    assert one.deployment.name == same.deployment.name
    assert one.deployment.name != lower({"memory": {"max_total_tokens": 2000}}).deployment.name
