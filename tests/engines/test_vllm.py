"""Golden command lines, and what is said about settings that vLLM does not take as they are."""

import json

import pytest

from autotune.engines import ENGINES
from tests.engines.samples import DENSE, MLA, MOE, QUANTIZED, config, facts

VLLM = ENGINES["vllm"]
HEAD = ("vllm", "serve", DENSE, "--host", "0.0.0.0", "--port", "8000", "--served-model-name", DENSE)


def lower(groups=None, model=DENSE, **where):
    return VLLM.lower(config(model, **(groups or {})), facts(model, **where))


def tail(groups, model=DENSE, **where):
    """The command line after the part that is always there."""
    return lower(groups, model, **where).deployment.argv[len(HEAD) :]


def codes(lowered):
    return [(item.code, item.path) for item in lowered.diagnostics]


def test_a_bare_config_gives_the_model_the_address_and_the_name():
    lowered = lower()
    assert lowered.deployment.argv == HEAD
    assert lowered.diagnostics == ()


def test_a_common_config():
    groups = {
        "parallel": {"tp": 2},
        "quantization": {"gemm_mode": "fp8", "kvcache_mode": "fp8_e4m3"},
        "memory": {"max_total_tokens": 100_000, "page_size": 32, "prefix_caching": False},
        "scheduling": {"policy": "fcfs", "max_running_requests": 64, "max_batched_tokens": 8192, "chunked_prefill": True, "overlap": False},
        "attention": {"backend": "flashinfer", "chunked_prefill_size": 2048},
        "misc": {"context_length": 16384, "cuda_graph_sizes": [1, 2, 4], "seed": 7, "tool_call_parser": "llama3_json", "limit_mm_per_prompt": {"video": 0, "image": 2}},
    }  # fmt: skip
    assert tail(groups) == (
        "--tensor-parallel-size", "2",
        "--quantization", "fp8",
        "--kv-cache-dtype", "fp8_e4m3",
        "--num-gpu-blocks-override", "3125",
        "--block-size", "32",
        "--no-enable-prefix-caching",
        "--scheduling-policy", "fcfs",
        "--max-num-seqs", "64",
        "--max-num-batched-tokens", "8192",
        "--enable-chunked-prefill",
        "--no-async-scheduling",
        "--long-prefill-token-threshold", "2048",
        "--attention-backend", "FLASHINFER",
        "--max-model-len", "16384",
        "--cudagraph-capture-sizes", "1", "2", "4",
        "--tool-call-parser", "llama3_json", "--enable-auto-tool-choice",
        "--limit-mm-per-prompt", '{"image":2,"video":0}',
        "--seed", "7",
    )  # fmt: skip
    assert lower(groups).diagnostics == ()


def test_an_mla_model_with_experts_and_speculation():
    groups = {
        "model": {"id": MLA, "path": "/models/v2", "served_name": "v2", "aliases": ["lite", "v2"]},
        "parallel": {"tp": 2, "dp": 4, "ep": 8, "dcp": 2},
        "quantization": {"kvcache_mode": "bf16"},
        "memory": {"max_total_tokens": 100_000, "kv_offload_gb": 32.0},
        "runtime": {"nextn": 2},
        "attention": {"backend": "triton", "prefill_backend": "flashinfer", "moe_backend": "deep-gemm"},
        "misc": {"trust_remote_code": True, "torch_compile": False},
    }
    lowered = lower(groups, MLA)
    assert lowered.diagnostics == ()
    assert lowered.deployment.gpus == 8
    assert lowered.deployment.argv == (
        "vllm", "serve", "/models/v2", "--host", "0.0.0.0", "--port", "8000", "--served-model-name", "v2", "lite",
        "--tensor-parallel-size", "2",
        "--data-parallel-size", "4",
        "--enable-expert-parallel",
        "--decode-context-parallel-size", "2",
        "--kv-cache-dtype", "bfloat16",
        "--num-gpu-blocks-override", "782",
        "--kv-offloading-size", "29.802", "--kv-offloading-backend", "native",
        "--attention-backend", "TRITON_MLA",
        "--attention-config", '{"mla_prefill_backend":"FLASHINFER"}',
        "--moe-backend", "deep_gemm",
        "--trust-remote-code",
        "--compilation-config", '{"mode":0}',
        "--speculative-config", '{"method":"mtp","num_speculative_tokens":2}',
    )  # fmt: skip


def test_an_old_version_is_told_the_same_in_its_own_words():
    groups = {
        "attention": {"backend": "fa3"},
        "misc": {"cuda_graph_sizes": [8], "torch_compile": True},
        "runtime": {"nextn": 1},
    }
    old = lower(groups, version="0.10.2").deployment
    assert old.argv[len(HEAD) :] == (
        "--compilation-config", '{"level":3}',
        "--cuda-graph-sizes", "8",
        "--speculative-config", '{"method":"deepseek_mtp","num_speculative_tokens":1}',
    )  # fmt: skip
    assert old.env == {"VLLM_ATTENTION_BACKEND": "FLASH_ATTN", "VLLM_FLASH_ATTN_VERSION": "3"}
    assert tail(groups) == (
        "--attention-backend", "FLASH_ATTN",
        "--attention-config", '{"flash_attn_version":3}',
        "--compilation-config", '{"mode":3}',
        "--cudagraph-capture-sizes", "8",
        "--speculative-config", '{"method":"mtp","num_speculative_tokens":1}',
    )  # fmt: skip


@pytest.mark.parametrize(
    ("groups", "model", "expected"),
    [
        ({"quantization": {"gemm_mode": "bf16"}}, DENSE, ("--dtype", "bfloat16")),
        ({"quantization": {"gemm_mode": "fp16"}, "misc": {"dtype": "half"}}, DENSE, ("--dtype", "half")),
        ({"quantization": {"gemm_mode": "bf16"}}, QUANTIZED, ()),
        ({"quantization": {"gemm_mode": "w4a16"}}, QUANTIZED, ()),
        ({"quantization": {"gemm_mode": "auto", "kvcache_mode": "auto"}}, DENSE, ()),
        ({"quantization": {"gemm_mode": "fp8_block"}}, DENSE, ("--quantization", "fp8_per_block")),
        ({"quantization": {"kvcache_mode": "bf16"}}, DENSE, ("--kv-cache-dtype", "auto")),
        ({"quantization": {"kvcache_mode": "fp16"}}, DENSE, ("--kv-cache-dtype", "float16")),
        ({"quantization": {"kvcache_mode": "int8"}}, DENSE, ("--kv-cache-dtype", "int8_per_token_head")),
        ({"memory": {"prefix_caching": True}}, DENSE, ("--enable-prefix-caching",)),
        ({"memory": {"cpu_offload_gb": 10.0}}, DENSE, ("--cpu-offload-gb", "9.313")),
        ({"memory": {"cpu_offload_gb": 0.0, "kv_offload_gb": 0.0}}, DENSE, ()),
        ({"misc": {"cuda_graphs": False}}, DENSE, ("--enforce-eager",)),
        ({"misc": {"cuda_graphs": True}}, DENSE, ()),
        ({"misc": {"cuda_graphs": False, "torch_compile": True}}, DENSE, ("--compilation-config", '{"cudagraph_mode":"NONE","mode":3}')),
        ({"misc": {"trust_remote_code": False}}, DENSE, ()),
        ({"attention": {"chunked_prefill_size": 8192}, "scheduling": {"max_batched_tokens": 8192}}, DENSE, ("--max-num-batched-tokens", "8192")),
        ({"attention": {"backend": "auto"}}, DENSE, ()),
        ({"parallel": {"ep": 1}}, MOE, ()),
        ({"parallel": {"tp": 2, "moe_ep": 2}}, MOE, ("--tensor-parallel-size", "2", "--enable-expert-parallel")),
        ({"runtime": {"nextn": 0}}, DENSE, ()),
    ],
)  # fmt: skip
def test_one_setting(groups, model, expected):
    assert tail(groups, model)[: len(expected) or None] == expected
    assert lower(groups, model).diagnostics == ()


def test_speculation_with_a_draft_model():
    groups = {"misc": {"speculative": {"method": "eagle3", "num_tokens": 3, "model": "org/draft"}}}
    flag, value = tail(groups)
    assert flag == "--speculative-config"
    assert json.loads(value) == {"method": "eagle3", "num_speculative_tokens": 3, "model": "org/draft"}


def test_the_memory_fraction_leaves_room_for_what_vllm_counts_too():
    flag, value = tail({"memory": {"mem_fraction_static": 0.8}})
    assert flag == "--gpu-memory-utilization"
    assert 0.8 < float(value) < 1


@pytest.mark.parametrize(
    ("groups", "path"),
    [
        ({"scheduling": {"conservativeness": 0.5}}, "scheduling.conservativeness"),
        ({"attention": {"decode_backend": "fa3"}}, "attention.decode_backend"),
        ({"attention": {"prefill_backend": "fa3"}}, "attention.prefill_backend"),
        ({"misc": {"speculative": {"method": "ngram", "num_tokens": 2, "topk": 4}}}, "misc.speculative.topk"),
        ({"parallel": {"ep": 2}}, "parallel.ep"),
        ({"parallel": {"tp": 8, "dp_attention": True}}, "parallel.dp_attention"),
        ({"misc": {"cuda_graphs": False, "cuda_graph_sizes": [1]}}, "misc.cuda_graph_sizes"),
    ],
)
def test_what_vllm_does_not_have_is_dropped_with_a_warning(groups, path):
    assert codes(lower(groups)) == [("AT101", path)]


def test_a_setting_of_other_versions_says_which():
    lowered = lower({"scheduling": {"max_queued_requests": 9}}, version="0.28.0")
    assert codes(lowered) == [("AT101", "scheduling.max_queued_requests")]
    assert lowered.diagnostics[0].help == "vLLM has it from 0.29 on"


@pytest.mark.parametrize(("tp", "ep", "warned"), [(4, 4, False), (4, 2, True), (2, 2, False)])
def test_expert_parallelism_of_another_size_than_tp_x_dp_is_warned_of(tp, ep, warned):
    lowered = lower({"parallel": {"tp": tp, "ep": ep}}, MOE)
    assert "--enable-expert-parallel" in lowered.deployment.argv
    assert codes(lowered) == ([("AT101", "parallel.ep")] if warned else [])


def test_numbers_of_the_workload_and_the_predictors_are_not_settings_of_the_engine():
    groups = {
        "runtime": {"isl": 100, "osl": 10, "prefix": 5, "ttft_target": 100.0},
        "quantization": {"fmha_mode": "fp8", "moe_mode": "fp8", "comm_mode": "half"},
    }
    assert lower(groups).diagnostics == ()


@pytest.mark.parametrize(
    ("groups", "path", "listed", "version"),
    [
        ({"scheduling": {"policy": "lpm"}}, "scheduling.policy", "fcfs, priority", "0.33.0"),
        ({"attention": {"backend": "flashinfr"}}, "attention.backend", "did you mean FLASHINFER", "0.33.0"),
        ({"attention": {"backend": "fa4"}}, "attention.backend", "2, 3", "0.13.0"),
        ({"attention": {"moe_backend": "tritn"}}, "attention.moe_backend", "triton", "0.33.0"),
        ({"quantization": {"gemm_mode": "int4_wo"}}, "quantization.gemm_mode", "fp8, fp8_block, int8_wo", "0.33.0"),
        ({"quantization": {"kvcache_mode": "nvfp4"}}, "quantization.kvcache_mode", "fp8_e4m3", "0.10.2"),
        ({"memory": {"page_size": 48}}, "memory.page_size", "16", "0.10.2"),
        ({"misc": {"tool_call_parser": "lama3_json"}}, "misc.tool_call_parser", "llama3_json", "0.33.0"),
        ({"misc": {"load_format": "safetensor"}}, "misc.load_format", "safetensors", "0.33.0"),
        ({"misc": {"speculative": {"method": "draft_model", "num_tokens": 1, "model": "d"}}}, "misc.speculative.method", "eagle3", "0.12.0"),
    ],
)  # fmt: skip
def test_a_value_that_the_version_does_not_take_is_an_error_with_the_list(groups, path, listed, version):
    lowered = lower(groups, version=version)
    assert codes(lowered) == [("AT021", path)]
    assert listed in lowered.diagnostics[0].help


@pytest.mark.parametrize(
    ("groups", "code", "path"),
    [
        ({"scheduling": {"max_batched_tokens": 64, "max_running_requests": 128}}, "AT027", "scheduling.max_batched_tokens"),
        ({"scheduling": {"max_batched_tokens": 2048, "chunked_prefill": False}}, "AT027", "scheduling.max_batched_tokens"),
        ({"runtime": {"nextn": 1}, "misc": {"speculative": {"method": "ngram", "num_tokens": 2}}}, "AT027", "runtime.nextn"),
        ({"misc": {"speculative": {"method": "eagle", "num_tokens": 2}}}, "AT003", "misc.speculative.model"),
        ({"model": {"id": DENSE, "path": "--trust-remote-code"}}, "AT003", "model.path"),
        ({"deploy": {"pvc": "models", "host_path": "/models"}}, "AT027", "deploy.host_path"),
    ],
)  # fmt: skip
def test_what_the_server_would_refuse_when_it_starts(groups, code, path):
    assert codes(lower(groups)) == [(code, path)]


def test_on_a_cpu_nothing_is_said_about_gpus():
    groups = {"memory": {"max_total_tokens": 100_000}, "parallel": {"tp": 2}}
    lowered = lower(groups, gpu="cpu", version="0.32.0")
    assert lowered.diagnostics == ()
    assert lowered.deployment.argv[len(HEAD) :] == ("--tensor-parallel-size", "2")
    # 32 layers x 2 x 8 heads x 128 x 2 bytes = 128 KiB a token, half of it on each of two ranks
    assert lowered.deployment.env == {"VLLM_CPU_KVCACHE_SPACE": "7"}
    assert (lowered.deployment.gpus, lowered.deployment.gpu_vendor) == (0, "cpu")
    assert lowered.deployment.image == "vllm/vllm-openai-cpu:v0.32.0"


def test_on_a_cpu_settings_of_gpus_are_dropped_with_a_warning():
    lowered = lower({"memory": {"mem_fraction_static": 0.9}, "misc": {"cuda_graph_sizes": [1]}}, gpu="cpu")
    assert codes(lowered) == [("AT101", "memory.mem_fraction_static"), ("AT101", "misc.cuda_graph_sizes")]
    assert lowered.deployment.argv == HEAD
    assert lowered.deployment.env == {"VLLM_CPU_KVCACHE_SPACE": "1"}


def test_the_users_kv_space_on_a_cpu_stands():
    assert (
        lower({"misc": {"env": {"VLLM_CPU_KVCACHE_SPACE": "3"}}}, gpu="cpu").deployment.env["VLLM_CPU_KVCACHE_SPACE"]
        == "3"
    )


def test_images_are_the_projects_own_unless_one_is_named():
    assert lower().deployment.image == "vllm/vllm-openai:v0.33.0"
    assert lower(gpu="mi300x").deployment.image == "vllm/vllm-openai-rocm:v0.33.0"
    assert lower({"system": {"image": "mine:1"}}).deployment.image == "mine:1"


def test_context_parallel_gpus_count_only_where_the_version_has_them():
    groups = {"parallel": {"tp": 2, "cp": 2}}
    assert lower(groups).deployment.gpus == 4
    old = lower(groups, version="0.11.2")
    assert old.deployment.gpus == 2
    assert codes(old) == [("AT101", "parallel.cp")]


def test_environment_contradicting_the_config_is_an_error():
    groups = {"attention": {"backend": "flashinfer"}, "misc": {"env": {"VLLM_ATTENTION_BACKEND": "FLASH_ATTN"}}}
    assert codes(lower(groups, version="0.12.0")) == [("AT028", "misc.env.VLLM_ATTENTION_BACKEND")]


def test_a_variable_of_the_users_has_a_value_that_the_version_takes():
    (finding,) = lower({"misc": {"env": {"VLLM_ATTENTION_BACKEND": "FLASHER"}}}, version="0.12.0").diagnostics
    assert (finding.code, finding.path) == ("AT021", "misc.env.VLLM_ATTENTION_BACKEND")
    assert "FLASHINFER" in finding.help
    fine = lower({"misc": {"env": {"VLLM_ATTENTION_BACKEND": "FLASHINFER", "MINE": "x"}}}, version="0.12.0")
    assert fine.diagnostics == ()
    assert fine.deployment.env == {"VLLM_ATTENTION_BACKEND": "FLASHINFER", "MINE": "x"}
