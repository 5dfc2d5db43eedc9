"""Golden command lines of `transformers serve`, and what is said about settings that it does not take as they are."""

import pytest

from autotune.catalog.memory import plan_memory, transformers_kv_fraction
from autotune.diagnostics import has_errors
from autotune.engines import ENGINES
from tests.engines.samples import DENSE, MOE, QUANTIZED, config, facts

TRANSFORMERS = ENGINES["transformers"]
NEWEST = "5.23.0"
HEAD = ("transformers", "serve", DENSE, "--host", "0.0.0.0", "--port", "8000", "--continuous-batching")
IMAGE = {"image": "registry.example/transformers:5.23.0"}


def lower(groups=None, model=DENSE, version=NEWEST, gpu="h100_sxm"):
    made = config(model, **({"system": IMAGE} | (groups or {})))
    return TRANSFORMERS.lower(made, facts(model, version, gpu, "transformers"))


def tail(groups, model=DENSE, **where):
    return lower(groups, model, **where).deployment.argv[len(HEAD) :]


def codes(lowered):
    return [(item.code, item.path) for item in lowered.diagnostics]


def test_a_bare_config_turns_continuous_batching_on():
    lowered = lower()
    assert lowered.deployment.argv == HEAD
    assert lowered.diagnostics == ()
    assert (lowered.deployment.gpus, lowered.deployment.image) == (1, IMAGE["image"])
    assert lowered.deployment.readiness.path == "/health"


def test_a_common_config():
    groups = {
        "quantization": {"gemm_mode": "int4_wo", "kvcache_mode": "auto"},
        "memory": {"max_total_tokens": 100_000, "page_size": 32, "prefix_caching": True},
        "scheduling": {"max_batched_tokens": 4096, "policy": "fcfs", "chunked_prefill": True},
        "attention": {"backend": "fa3"},
        "misc": {"dtype": "bfloat16", "cuda_graphs": True, "torch_compile": True, "trust_remote_code": True, "seed": 7},
    }
    assert tail(groups) == (
        "--quantization", "bnb-4bit",
        "--dtype", "bfloat16",
        "--cb-num-blocks", "3125",
        "--cb-block-size", "32",
        "--cb-max-batch-tokens", "4096",
        "--attn-implementation", "flash_attention_3",
        "--cb-use-cuda-graph",
        "--compile",
        "--trust-remote-code",
        "--default-seed", "7",
    )  # fmt: skip
    assert lower(groups).diagnostics == ()


def test_before_5_5_the_model_is_an_option_and_batching_has_no_settings():
    lowered = lower({"memory": {"page_size": 32}, "misc": {"torch_compile": True}}, version="5.4.0")
    assert lowered.deployment.argv == (
        "transformers", "serve", "--force-model", DENSE, "--host", "0.0.0.0", "--port", "8000", "--continuous-batching",
    )  # fmt: skip
    assert codes(lowered) == [("AT101", "memory.page_size"), ("AT101", "misc.torch_compile")]
    assert lowered.diagnostics[0].help == "transformers has it from 5.5 on"


@pytest.mark.parametrize(
    ("groups", "model", "expected"),
    [
        ({"quantization": {"gemm_mode": "int8_wo"}}, DENSE, ("--quantization", "bnb-8bit")),
        ({"quantization": {"gemm_mode": "w4a16"}}, QUANTIZED, ()),
        ({"quantization": {"gemm_mode": "bf16"}}, DENSE, ("--dtype", "bfloat16")),
        ({"quantization": {"gemm_mode": "bf16", "kvcache_mode": "bf16"}}, QUANTIZED, None),
        ({"quantization": {"kvcache_mode": "bf16"}}, DENSE, ()),
        ({"misc": {"dtype": "half"}, "quantization": {"kvcache_mode": "fp16"}}, DENSE, ("--dtype", "half")),
        ({"memory": {"max_total_tokens": 1000}}, DENSE, ("--cb-num-blocks", "4")),
        ({"misc": {"cuda_graphs": False, "torch_compile": False}}, DENSE, ("--no-cb-use-cuda-graph", "--no-compile")),
        ({"attention": {"backend": "torch_sdpa"}}, DENSE, ("--attn-implementation", "sdpa")),
        ({"attention": {"backend": "auto"}}, DENSE, ()),
        ({"parallel": {"tp": 1, "pp": 1, "dp": 1, "ep": 1, "dp_attention": False}}, DENSE, ()),
        ({"memory": {"cpu_offload_gb": 0.0, "kv_offload_gb": 0.0}, "runtime": {"nextn": 0}}, DENSE, ()),
        ({"misc": {"load_format": "safetensors", "trust_remote_code": False}}, DENSE, ()),
    ],
)
def test_one_setting(groups, model, expected):
    if expected is not None:
        assert tail(groups, model) == expected
        assert lower(groups, model).diagnostics == ()
    else:
        assert not has_errors(lower(groups, model).diagnostics)


@pytest.mark.parametrize(
    ("groups", "path"),
    [
        ({"parallel": {"ep": 2}}, "parallel.ep"),
        ({"parallel": {"dp_attention": True}}, "parallel.dp_attention"),
        ({"quantization": {"gemm_mode": "fp8"}}, "quantization.gemm_mode"),
        ({"quantization": {"kvcache_mode": "fp8"}}, "quantization.kvcache_mode"),
        ({"memory": {"prefix_caching": False}}, "memory.prefix_caching"),
        ({"memory": {"cpu_offload_gb": 4.0}}, "memory.cpu_offload_gb"),
        ({"scheduling": {"policy": "priority"}}, "scheduling.policy"),
        ({"scheduling": {"max_running_requests": 64}}, "scheduling.max_running_requests"),
        ({"scheduling": {"chunked_prefill": False}}, "scheduling.chunked_prefill"),
        ({"misc": {"context_length": 4096}}, "misc.context_length"),
        ({"misc": {"load_format": "dummy"}}, "misc.load_format"),
        ({"misc": {"tool_call_parser": "hermes"}}, "misc.tool_call_parser"),
        ({"runtime": {"nextn": 1}}, "runtime.nextn"),
        ({"model": {"id": DENSE, "tokenizer": "org/other"}}, "model.tokenizer"),
        ({"model": {"id": DENSE, "aliases": ["short"]}}, "model.aliases"),
    ],
)
def test_what_transformers_does_not_have_is_dropped_with_a_warning(groups, path):
    lowered = lower(groups, MOE if path == "parallel.ep" else DENSE)
    assert codes(lowered) == [("AT101", path)]
    assert lowered.diagnostics[0].help


@pytest.mark.parametrize("size", ["tp", "pp", "dp", "cp"])
def test_more_than_one_gpu_is_an_error(size):
    lowered = lower({"parallel": {size: 2}})
    assert codes(lowered) == [("AT038", f"parallel.{size}")]
    assert "another engine" in lowered.diagnostics[0].help


def test_formats_that_are_dropped_must_not_let_a_model_through_that_does_not_fit_without_them():
    # 16 GB of weights in 16 bit: more than an L4 leaves beside the KV cache of the full context.
    tight = {"quantization": {"gemm_mode": "fp8"}, "misc": {"context_length": 65536}}
    assert ("AT016", "quantization.gemm_mode") in codes(lower(tight, gpu="l4"))
    assert "AT016" not in [code for code, _ in codes(lower(tight))]


@pytest.mark.parametrize(
    ("backend", "version", "listed"),
    [
        ("flashinfer", NEWEST, "flash_attention_2"),
        ("flex_attention", NEWEST, "sdpa"),
        ("fa4", NEWEST, "flash_attention_3"),
        ("triton", "5.0.0", "eager"),
    ],
)
def test_kernels_that_it_does_not_take_are_an_error_with_the_list(backend, version, listed):
    lowered = lower({"attention": {"backend": backend}}, version=version)
    assert codes(lowered) == [("AT021", "attention.backend")]
    assert listed in lowered.diagnostics[0].help
    assert "flex_attention" not in lowered.diagnostics[0].help


def test_kernels_from_the_hub_are_named_as_an_extra_argument():
    kernels = {"--attn-implementation": "kernels-community/flash-attn3"}
    lowered = lower({"misc": {"extra_args": kernels}})
    assert lowered.deployment.argv[-2:] == ("--attn-implementation", "kernels-community/flash-attn3")
    assert lowered.diagnostics == ()


def test_the_server_answers_to_the_model_argument():
    lowered = lower({"model": {"id": DENSE, "revision": "abc"}})
    assert lowered.deployment.argv[2] == lowered.deployment.served_name == f"{DENSE}@abc"
    assert lowered.diagnostics == ()
    renamed = lower({"model": {"id": DENSE, "served_name": "llama"}})
    assert renamed.deployment.served_name == DENSE
    assert codes(renamed) == [("AT101", "model.served_name")]


def test_a_folder_is_served_under_its_path():
    lowered = lower({"model": {"id": DENSE, "path": "/models/llama"}})
    assert lowered.deployment.argv[2] == lowered.deployment.served_name == "/models/llama"
    assert codes(lower({"model": {"id": DENSE, "path": "/models/a@b"}})) == [("AT003", "model.path")]


def test_on_a_cpu_the_device_is_named_and_settings_of_gpus_are_dropped():
    lowered = lower({"misc": {"dtype": "float32"}, "memory": {"max_total_tokens": 4096}}, gpu="cpu")
    assert lowered.deployment.argv == (*HEAD, "--device", "cpu", "--dtype", "float32", "--cb-num-blocks", "16")
    assert (lowered.deployment.gpus, lowered.diagnostics) == (0, ())
    gpus_only = {"memory": {"mem_fraction_static": 0.8}, "misc": {"cuda_graphs": True}}
    assert codes(lower(gpus_only, gpu="cpu")) == [
        ("AT101", "memory.mem_fraction_static"),
        ("AT101", "misc.cuda_graphs"),
    ]


def test_without_an_image_of_ones_own_a_note_says_what_the_named_one_is():
    lowered = TRANSFORMERS.lower(config(), facts(version=NEWEST, engine="transformers"))
    assert codes(lowered) == [("AT209", "system.image")]
    assert lowered.deployment.image == "huggingface/transformers-pytorch-gpu:latest"


@pytest.mark.parametrize("static", [0.5, 0.7, 0.9])
def test_the_memory_fraction_leaves_the_same_kv_cache_as_elsewhere(static):
    """Weights + KV cache of the total here, KV cache and activations of what the weights leave there."""
    made = config(memory={"mem_fraction_static": static})
    here, there = facts(engine="sglang", version="0.5.23"), facts(engine="transformers", version=NEWEST)
    wanted, plan = plan_memory(made, here).kv_bytes, plan_memory(made, there)
    fraction = transformers_kv_fraction(made, there)
    kept = fraction * (plan.total_bytes - plan.weights_bytes) - plan.activation_bytes
    assert kept == pytest.approx(wanted, rel=0.05)
    assert tail({"memory": {"mem_fraction_static": static}}) == ("--cb-max-memory-percent", f"{fraction:.10g}")
    assert transformers_kv_fraction(config(), there) is None


def test_a_dropped_weight_format_does_not_count_in_the_memory_fraction():
    memory = {"mem_fraction_static": 0.7}
    plain = tail({"memory": memory})
    assert tail({"memory": memory, "quantization": {"gemm_mode": "fp8"}}) == plain


@pytest.mark.parametrize(
    ("extra", "code"),
    [({"--cb-page-size": 4}, "AT022"), ({"--reasoning": "high"}, "AT021"), ({"--host": "::"}, "AT028"), ({"--device": "cuda:1"}, None)],
)  # fmt: skip
def test_extra_arguments_are_checked_like_everywhere(extra, code):
    found = [item.code for item in lower({"misc": {"extra_args": extra}}).diagnostics]
    assert found == ([code] if code else [])
