"""Golden command lines, and what is said about settings that SGLang does not take as they are."""

import pytest

from autotune.diagnostics import InputError
from autotune.engines import ENGINES, resolve_version
from tests.engines.samples import DENSE, MLA, MOE, QUANTIZED, config, facts

SGLANG = ENGINES["sglang"]
HEAD = (
    "python3", "-m", "sglang.launch_server", "--model-path", DENSE, "--host", "0.0.0.0", "--port", "8000",
    "--served-model-name", DENSE,
)  # fmt: skip
NEWEST = "0.5.23"


def lower(groups=None, model=DENSE, version=NEWEST, gpu="h100_sxm"):
    return SGLANG.lower(config(model, **(groups or {})), facts(model, version, gpu, engine="sglang"))


def tail(groups, model=DENSE, **where):
    """The command line after the part that is always there."""
    return lower(groups, model, **where).deployment.argv[len(HEAD) :]


def codes(lowered):
    return [(item.code, item.path) for item in lowered.diagnostics]


def test_a_bare_config_gives_the_model_the_address_and_the_name():
    lowered = lower()
    assert lowered.deployment.argv == HEAD
    assert lowered.diagnostics == ()
    assert lowered.deployment.image == "lmsysorg/sglang:v0.5.23"
    assert {lowered.deployment.startup.path, lowered.deployment.readiness.path} == {"/health"}


def test_a_common_config():
    groups = {
        "parallel": {"tp": 2, "pp": 1, "dp": 2},
        "quantization": {"gemm_mode": "fp8", "kvcache_mode": "fp8"},
        "memory": {"mem_fraction_static": 0.85, "max_total_tokens": 100_000, "page_size": 32, "prefix_caching": False},
        "scheduling": {
            "policy": "lof", "conservativeness": 0.5, "max_running_requests": 64, "max_queued_requests": 9,
            "max_batched_tokens": 8192, "chunked_prefill": True, "overlap": False,
        },
        "attention": {"backend": "flashinfer", "chunked_prefill_size": 2048},
        "misc": {"context_length": 16384, "cuda_graph_sizes": [1, 2, 4], "seed": 7, "tool_call_parser": "llama3_json", "limit_mm_per_prompt": {"video": 0, "image": 2}},
    }  # fmt: skip
    lowered = lower(groups)
    assert lowered.deployment.argv[len(HEAD) :] == (
        "--tp-size", "2",
        "--pp-size", "1",
        "--dp-size", "2",
        "--quantization", "fp8",
        "--kv-cache-dtype", "fp8_e4m3",
        "--mem-fraction-static", "0.85",
        "--max-total-tokens", "100000",
        "--page-size", "32",
        "--disable-radix-cache",
        "--schedule-policy", "lof",
        "--schedule-conservativeness", "0.5",
        "--max-running-requests", "64",
        "--max-queued-requests", "9",
        "--max-prefill-tokens", "8192",
        "--chunked-prefill-size", "2048",
        "--disable-overlap-schedule",
        "--attention-backend", "flashinfer",
        "--context-length", "16384",
        "--cuda-graph-bs-decode", "1", "2", "4",
        "--tool-call-parser", "llama3",
        "--limit-mm-data-per-request", '{"image":2,"video":0}',
        "--random-seed", "7",
    )  # fmt: skip
    assert lowered.diagnostics == ()
    assert lowered.deployment.gpus == 4


def test_an_mla_model_with_experts_in_attention_groups():
    groups = {
        "model": {"id": MLA, "path": "/models/v2", "served_name": "v2", "tokenizer": "tok", "revision": "main"},
        "parallel": {"tp": 8, "dp": 4, "ep": 8, "dp_attention": True},
        "quantization": {"kvcache_mode": "bf16"},
        "memory": {"kv_offload_gb": 100.0, "cpu_offload_gb": 4.0},
        "runtime": {"nextn": 2},
        "scheduling": {"max_running_requests": 32},
        "attention": {"prefill_backend": "flash-attn", "decode_backend": "flashmla", "moe_backend": "deep-gemm"},
        "misc": {"trust_remote_code": True, "torch_compile": True},
    }
    lowered = lower(groups, MLA)
    assert lowered.diagnostics == ()
    assert lowered.deployment.gpus == 8
    assert lowered.deployment.argv[3:] == (
        "--model-path", "/models/v2", "--host", "0.0.0.0", "--port", "8000", "--served-model-name", "v2",
        "--tokenizer-path", "tok",
        "--revision", "main",
        "--tp-size", "8",
        "--attn-dp-size", "4",
        "--ep-size", "8",
        "--kv-cache-dtype", "bf16",
        "--cpu-offload-gb", "4",
        "--hicache-size", "12", "--enable-hierarchical-cache",
        "--max-running-requests", "128",
        "--prefill-attention-backend", "fa3",
        "--decode-attention-backend", "flashmla",
        "--moe-runner-backend", "deep_gemm",
        "--trust-remote-code",
        "--enable-torch-compile",
        "--speculative-algorithm", "NEXTN",
        "--speculative-num-steps", "2",
        "--speculative-eagle-topk", "1",
        "--speculative-num-draft-tokens", "3",
    )  # fmt: skip


def test_an_old_version_is_told_the_same_in_its_own_words():
    groups = {
        "parallel": {"tp": 4, "dp": 2, "dp_attention": True, "ep": 4},
        "misc": {"cuda_graph_sizes": [8], "context_length": 4096},
        "scheduling": {"policy": "fcfs"},
    }
    assert tail(groups, MOE, version="0.5.2") == (
        "--tp-size", "4",
        "--dp-size", "2",
        "--enable-dp-attention",
        "--ep-size", "4",
        "--schedule-policy", "fcfs",
        "--context-length", "4096",
        "--cuda-graph-bs", "8",
    )  # fmt: skip
    assert lower(groups, MOE, version="0.5.2").deployment.image == "lmsysorg/sglang:v0.5.2-cu126"
    assert tail(groups, MOE)[2:6] == ("--attn-dp-size", "2", "--ep-size", "4")


def test_a_cpu_has_no_gpu_flags():
    groups = {"memory": {"mem_fraction_static": 0.8, "cpu_offload_gb": 2.0}}
    lowered = lower(groups, gpu="cpu")
    assert lowered.deployment.argv[len(HEAD) :] == ("--device", "cpu")
    assert lowered.deployment.image == "lmsysorg/sglang:v0.5.23-xeon"
    assert codes(lowered) == [
        ("AT101", "memory.mem_fraction_static"),
        ("AT101", "memory.cpu_offload_gb"),
    ]


@pytest.mark.parametrize(
    ("groups", "model", "version", "expected"),
    [
        # KV cache types: no plain fp8; names for 16 bit came with 0.5.4, before that `auto` is the model's own.
        ({"quantization": {"kvcache_mode": "fp8_e5m2"}}, DENSE, "0.5.2", ("--kv-cache-dtype", "fp8_e5m2")),
        ({"quantization": {"kvcache_mode": "bf16"}}, DENSE, "0.5.3", ("--kv-cache-dtype", "auto")),
        ({"quantization": {"kvcache_mode": "bf16"}}, DENSE, "0.5.4", ("--kv-cache-dtype", "bf16")),
        ({"quantization": {"kvcache_mode": "auto"}}, DENSE, NEWEST, ()),
        # Formats that live in checkpoints take no flag.
        *(({"quantization": {"gemm_mode": mode}}, QUANTIZED, NEWEST, ()) for mode in ("auto", "fp8_static", "mxfp4", "w4a16", "w4a8", "w8a8", "fp8")),
        ({"quantization": {"gemm_mode": "bf16"}}, DENSE, NEWEST, ("--dtype", "bfloat16")),
        ({"quantization": {"gemm_mode": "nvfp4"}}, DENSE, "0.5.14", ("--quantization", "nvfp4_online")),
        ({"quantization": {"gemm_mode": "int4_wo"}}, DENSE, "0.5.17", ("--torchao-config", "int4wo-128")),
        # Off is a flag, on is what SGLang does anyway.
        ({"memory": {"prefix_caching": True}}, DENSE, NEWEST, ()),
        ({"scheduling": {"overlap": True}}, DENSE, NEWEST, ()),
        ({"scheduling": {"chunked_prefill": False}}, DENSE, NEWEST, ("--chunked-prefill-size=-1",)),
        ({"scheduling": {"chunked_prefill": False}}, DENSE, "0.5.2", ("--chunked-prefill-size=-1",)),
        ({"misc": {"cuda_graphs": True, "torch_compile": False, "trust_remote_code": False}}, DENSE, NEWEST, ()),
        ({"misc": {"cuda_graphs": False}}, DENSE, "0.5.9", ("--disable-cuda-graph",)),
        ({"misc": {"cuda_graphs": False}}, DENSE, "0.5.13", ("--disable-cuda-graph", "--disable-piecewise-cuda-graph")),
        ({"misc": {"cuda_graphs": False}}, DENSE, "0.5.14", ("--cuda-graph-backend-decode", "disabled", "--cuda-graph-backend-prefill", "disabled")),
        # A policy that is listed, and is a switch.
        ({"scheduling": {"policy": "priority"}}, DENSE, "0.5.3", ("--enable-priority-scheduling", "--schedule-low-priority-values-first")),
        # Sizes.
        ({"parallel": {"tp": 4, "ep": 4}}, MOE, NEWEST, ("--tp-size", "4", "--ep-size", "4")),
        ({"parallel": {"tp": 4, "moe_ep": 2, "moe_tp": 2}}, MOE, NEWEST, ("--tp-size", "4", "--ep-size", "2")),
        ({"parallel": {"tp": 4, "dp_attention": True}}, MOE, NEWEST, ("--tp-size", "4", "--attn-dp-size", "4")),
        ({"parallel": {"tp": 4, "dp_attention": False, "dp": 2}}, MOE, NEWEST, ("--tp-size", "4", "--dp-size", "2")),
        ({"parallel": {"tp": 4, "cp": 2}}, DENSE, "0.5.9", ("--tp-size", "4", "--attn-cp-size", "2")),
        ({"parallel": {"tp": 4, "cp": 2}}, DENSE, NEWEST, ("--tp-size", "4", "--attn-cp-size", "2", "--enable-prefill-cp", "--cp-strategy", "zigzag")),
        ({"memory": {"kv_offload_gb": 0.0, "cpu_offload_gb": 0.0}}, DENSE, NEWEST, ()),
        ({"memory": {"cpu_offload_gb": 10.0}}, DENSE, NEWEST, ("--cpu-offload-gb", "10")),
        # A method with all three numbers.
        ({"misc": {"speculative": {"method": "ngram", "num_tokens": 5}}}, DENSE, "0.5.3",
            ("--speculative-algorithm", "NGRAM", "--speculative-num-steps", "5", "--speculative-eagle-topk", "1", "--speculative-num-draft-tokens", "6")),
        ({"misc": {"speculative": {"method": "eagle", "num_tokens": 8, "num_steps": 3, "topk": 4, "model": "a/b"}}}, DENSE, NEWEST,
            ("--speculative-algorithm", "EAGLE", "--speculative-draft-model-path", "a/b", "--speculative-num-steps", "3", "--speculative-eagle-topk", "4", "--speculative-num-draft-tokens", "9")),
        ({"misc": {"speculative": {"method": "draft_model", "num_tokens": 1, "model": "a/b"}}}, DENSE, "0.5.2",
            ("--speculative-algorithm", "STANDALONE", "--speculative-draft-model-path", "a/b", "--speculative-num-steps", "1", "--speculative-eagle-topk", "1", "--speculative-num-draft-tokens", "2")),
        ({"misc": {"reasoning_parser": "deepseek_r1"}}, DENSE, "0.5.2", ("--reasoning-parser", "deepseek-r1")),
    ],
)  # fmt: skip
def test_a_setting_is_told_in_the_words_of_the_version(groups, model, version, expected):
    lowered = lower(groups, model, version=version)
    assert lowered.deployment.argv[len(HEAD) :] == expected
    assert lowered.diagnostics == ()


@pytest.mark.parametrize(
    ("gpu", "model", "version", "kernels"),
    [
        ("h100_sxm", DENSE, NEWEST, "fa3"),
        ("h100_sxm", MLA, NEWEST, "fa3"),
        ("a100_sxm", DENSE, NEWEST, "fa3"),
        ("a100_sxm", MLA, NEWEST, "triton"),
        ("b200_sxm", DENSE, NEWEST, "fa4"),
        ("b200_sxm", DENSE, "0.5.2", "trtllm_mha"),
        ("b200_sxm", MLA, "0.5.2", "trtllm_mla"),
        ("mi300x", DENSE, NEWEST, "aiter"),
    ],
)
def test_flash_attention_is_another_kernel_on_each_gpu(gpu, model, version, kernels):
    assert tail({"attention": {"backend": "flash_attn"}}, model, version=version, gpu=gpu) == (
        "--attention-backend",
        kernels,
    )


@pytest.mark.parametrize(
    ("groups", "version", "path", "names"),
    [
        ({"attention": {"backend": "flashinferr"}}, NEWEST, "attention.backend", "did you mean flashinfer or"),
        ({"attention": {"backend": "fa2"}}, NEWEST, "attention.backend", "triton"),
        ({"attention": {"decode_backend": "cutlass_mla"}}, "0.5.20", "attention.decode_backend", "flashmla"),
        ({"attention": {"moe_backend": "deep_gemm"}}, "0.5.3", "attention.moe_backend", "triton"),
        ({"quantization": {"kvcache_mode": "nvfp4"}}, "0.5.15", "quantization.kvcache_mode", "fp8_e4m3"),
        ({"quantization": {"kvcache_mode": "int8"}}, NEWEST, "quantization.kvcache_mode", "bf16"),
        ({"quantization": {"gemm_mode": "fp8_block"}}, NEWEST, "quantization.gemm_mode", "fp8, mxfp8, nvfp4"),
        ({"quantization": {"gemm_mode": "int8_wo"}}, "0.5.18", "quantization.gemm_mode", "fp8, mxfp8, nvfp4"),
        ({"scheduling": {"policy": "priority"}}, "0.5.2", "scheduling.policy", "lpm"),
        ({"misc": {"tool_call_parser": "hermes"}}, "0.5.8", "misc.tool_call_parser", "llama3"),
        ({"misc": {"speculative": {"method": "suffix", "num_tokens": 4}}}, NEWEST, "misc.speculative.method", "eagle3"),
        ({"misc": {"speculative": {"method": "ngram", "num_tokens": 4}}}, "0.5.2", "misc.speculative.method", "draft_model"),
    ],
)  # fmt: skip
def test_a_value_that_the_version_does_not_take_is_an_error_with_the_list(groups, version, path, names):
    lowered = lower(groups, version=version)
    (finding,) = [item for item in lowered.diagnostics if item.code == "AT021"]
    assert finding.path == path
    assert names in finding.help
    assert lowered.deployment.argv == HEAD


@pytest.mark.parametrize(
    ("groups", "version", "path", "since"),
    [
        ({"model": {"id": DENSE, "aliases": ["a"]}}, NEWEST, "model.aliases", "another engine"),
        ({"scheduling": {"mode": "throughput"}}, NEWEST, "scheduling.mode", "another engine"),
        ({"parallel": {"tp": 2, "dcp": 2}}, "0.5.14", "parallel.dcp", "from 0.5.15 on"),
        ({"parallel": {"tp": 2, "cp": 2}}, "0.5.8", "parallel.cp", "from 0.5.14 on"),
        ({"misc": {"limit_mm_per_prompt": {"image": 1}}}, "0.5.6", "misc.limit_mm_per_prompt", "from 0.5.7 on"),
    ],
)
def test_what_the_version_does_not_have_is_dropped_aloud(groups, version, path, since):
    lowered = lower(groups, version=version)
    (finding,) = lowered.diagnostics
    assert (finding.code, finding.path) == ("AT101", path)
    assert since in finding.help


@pytest.mark.parametrize("version", SGLANG.versions())
def test_an_abbreviation_is_no_flag(version):
    lowered = lower({"misc": {"extra_args": {"--pp": 2}}}, version=version)
    assert codes(lowered) == [("AT022", "misc.extra_args.--pp")]


def test_an_alias_of_a_flag_that_a_path_sets_is_a_repetition():
    extra = {"--tensor-parallel-size": 4, "--model": "x", "--port": 1}
    lowered = lower({"parallel": {"tp": 2}, "misc": {"extra_args": extra}})
    assert [item.code for item in lowered.diagnostics] == ["AT028"] * 3


def test_aiter_is_kept_from_cutting_the_fraction_where_the_version_can_be_told():
    groups = {"memory": {"mem_fraction_static": 0.8}}
    told = lower(groups, gpu="mi300x")
    assert told.deployment.env == {"SGLANG_AITER_HONOR_EXPLICIT_MEM_FRACTION": "1"}
    assert told.diagnostics == ()
    old = lower(groups, gpu="mi300x", version="0.5.18")
    assert codes(old) == [("AT101", "memory.mem_fraction_static")]
    assert "0.68" in old.diagnostics[0].message
    assert lower(groups | {"misc": {"context_length": 8192}}, gpu="mi300x", version="0.5.18").diagnostics == ()


@pytest.mark.parametrize(
    ("refused", "close", "code", "path"),
    [
        ({"parallel": {"tp": 6, "dp": 4, "dp_attention": True}}, {"parallel": {"tp": 8, "dp": 4, "dp_attention": True}}, "AT027", "parallel.dp_attention"),
        ({"parallel": {"tp": 4, "ep": 4, "moe_ep": 2}}, {"parallel": {"tp": 4, "ep": 4, "moe_ep": 4}}, "AT027", "parallel.moe_ep"),
        ({"parallel": {"tp": 4, "ep": 2, "moe_tp": 4}}, {"parallel": {"tp": 4, "ep": 2, "moe_tp": 2}}, "AT101", "parallel.moe_tp"),
        ({"parallel": {"dp_attention": True}}, {"parallel": {"dp_attention": True, "tp": 2}}, "AT101", "parallel.dp_attention"),
        ({"parallel": {"dp": 2}, "system": {"nodes": 2}}, {"parallel": {"dp": 2}}, "AT027", "parallel.dp"),
        ({"attention": {"backend": "trtllm-mla"}}, {"attention": {"backend": "flashmla"}}, "AT027", "attention.backend"),
        ({"attention": {"chunked_prefill_size": 100}, "memory": {"page_size": 64}}, {"attention": {"chunked_prefill_size": 128}, "memory": {"page_size": 64}}, "AT027", "attention.chunked_prefill_size"),
        ({"attention": {"chunked_prefill_size": 128}, "scheduling": {"chunked_prefill": False}}, {"attention": {"chunked_prefill_size": 128}, "scheduling": {"chunked_prefill": True}}, "AT027", "attention.chunked_prefill_size"),
        ({"memory": {"kv_offload_gb": 9.0, "prefix_caching": False}}, {"memory": {"kv_offload_gb": 9.0, "prefix_caching": True}}, "AT027", "memory.kv_offload_gb"),
        ({"parallel": {"pp": 2}, "runtime": {"nextn": 1}}, {"parallel": {"pp": 1}, "runtime": {"nextn": 1}}, "AT027", "runtime.nextn"),
        ({"model": {"id": MOE, "served_name": "a:b"}}, {"model": {"id": MOE, "served_name": "a-b"}}, "AT003", "model.served_name"),
        ({"misc": {"cuda_graphs": False, "cuda_graph_sizes": [1]}}, {"misc": {"cuda_graphs": True, "cuda_graph_sizes": [1]}}, "AT101", "misc.cuda_graph_sizes"),
        ({"runtime": {"nextn": 2}, "misc": {"speculative": {"method": "mtp", "num_tokens": 3}}}, {"runtime": {"nextn": 3}, "misc": {"speculative": {"method": "mtp", "num_tokens": 3}}}, "AT027", "runtime.nextn"),
        ({"misc": {"speculative": {"method": "eagle", "num_tokens": 8, "topk": 4, "model": "d"}}, "memory": {"page_size": 16}}, {"misc": {"speculative": {"method": "eagle", "num_tokens": 8, "topk": 4, "model": "d"}}}, "AT027", "misc.speculative.topk"),
        ({"misc": {"speculative": {"method": "eagle", "num_tokens": 8, "num_steps": 3, "model": "d"}}}, {"misc": {"speculative": {"method": "eagle", "num_tokens": 3, "num_steps": 3, "model": "d"}}}, "AT101", "misc.speculative.num_tokens"),
        ({"parallel": {"tp": 2, "dp_attention": True}, "misc": {"speculative": {"method": "draft_model", "num_tokens": 2, "model": "d"}}}, {"parallel": {"tp": 2, "dp_attention": True}, "misc": {"speculative": {"method": "eagle3", "num_tokens": 2, "model": "d"}}}, "AT027", "misc.speculative.method"),
    ],
)  # fmt: skip
def test_what_sglang_refuses_or_takes_otherwise(refused, close, code, path):
    assert codes(lower(refused, MOE)) == [(code, path)]
    assert lower(close, MOE).diagnostics == ()


@pytest.mark.parametrize(
    ("path", "version", "refused"),
    [
        ("backend", "0.5.18", True),
        ("backend", "0.5.19", False),
        ("decode_backend", "0.5.9", True),
        ("decode_backend", "0.5.10", False),
    ],
)
def test_trtllm_mha_came_to_hopper_by_and_by(path, version, refused):
    lowered = lower({"attention": {path: "trtllm_mha"}}, version=version)
    assert codes(lowered) == ([("AT027", f"attention.{path}")] if refused else [])


@pytest.mark.parametrize(
    ("version", "gpu", "tag"),
    [
        ("0.5.3", "h100_sxm", "v0.5.3"),
        ("0.5.10", "mi300x", "v0.5.10-rocm700-mi30x"),
        ("0.5.15", "mi325x", "v0.5.15-rocm720-mi30x"),
    ],
)
def test_the_image_is_the_one_of_the_version_and_the_vendor(version, gpu, tag):
    assert lower(version=version, gpu=gpu).deployment.image == f"lmsysorg/sglang:{tag}"


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        (None, "0.5.23"),
        ("0.5.4", "0.5.4"),
        ("v0.5.4.post2", "0.5.4"),
        ("0.5.10rc0", "0.5.10"),
        ("v0.5.2-cu126", "0.5.2"),
        ("0.5", "0.5.23"),
    ],
)
def test_a_patch_release_is_a_version_of_its_own(wanted, version):
    assert resolve_version(SGLANG, wanted) == version


@pytest.mark.parametrize("wanted", ["0.5.24", "0.5.1", "0.4.10", "1.0", "0"])
def test_an_unknown_patch_release_is_an_error(wanted):
    with pytest.raises(InputError) as caught:
        resolve_version(SGLANG, wanted)
    assert caught.value.diagnostics[0].code == "AT020"
