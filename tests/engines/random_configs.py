"""Random configs that pass the schema, for the property tests: any value that a field takes, sensible or not."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from autotune.schema import Config
from autotune.schema.engine import GemmMode, KvCacheMode
from tests.engines.samples import DENSE, MLA, MOE, QUANTIZED

#: How many are tried every day, and how many in the slow tier. Always the same ones.
EVERYDAY = settings(
    max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
THOROUGH = settings(EVERYDAY, max_examples=1000)

SIZES = st.sampled_from([1, 2, 4, 8])
COUNTS = st.integers(1, 200_000)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12).filter(
    lambda text: text != "None"
)
SWITCH = st.booleans()
FRACTION = st.floats(0.01, 0.99)
GIGABYTES = st.floats(0, 500)


def either(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


SPECULATIVE = st.fixed_dictionaries(
    {"method": either("ngram", "draft_model", "eagle", "eagle3", "mtp", "suffix"), "num_tokens": st.integers(1, 16)},
    optional={"model": NAMES, "num_steps": st.integers(1, 16), "topk": st.integers(1, 64)},
)
EXTRA = st.fixed_dictionaries(
    {},
    optional={
        "--max-logprobs": st.integers(-1, 50),
        "--disable-log-stats": st.sampled_from([True, False, None]),
        "--chat_template": NAMES,
        "--tensor-parallel-size": SIZES,
        "--no-enable-prefix-caching": SWITCH,
        "--override-generation-config": st.dictionaries(st.sampled_from(["temperature", "top_p"]), st.floats(0, 1)),
        "--allowed-media-domains": st.lists(NAMES, min_size=1, max_size=3),
        "--swap-space": st.integers(0, 8),
    },
)
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "model": {"path": NAMES, "tokenizer": NAMES, "revision": NAMES, "served_name": NAMES, "aliases": st.lists(NAMES, max_size=3)},
    "runtime": {"nextn": st.integers(0, 16), "isl": COUNTS, "osl": COUNTS},
    "parallel": {**dict.fromkeys(("tp", "pp", "dp", "ep", "moe_tp", "moe_ep", "cp", "dcp"), SIZES), "dp_attention": SWITCH},
    "quantization": {"gemm_mode": st.sampled_from(GemmMode.__args__), "kvcache_mode": st.sampled_from(KvCacheMode.__args__)},
    "memory": {
        "mem_fraction_static": FRACTION, "max_total_tokens": COUNTS, "page_size": st.integers(1, 1024),
        "cpu_offload_gb": GIGABYTES, "kv_offload_gb": GIGABYTES, "prefix_caching": SWITCH,
    },
    "scheduling": {
        "policy": either("fcfs", "priority", "lpm", "random", "dfs-weight", "lof"), "conservativeness": FRACTION,
        "max_running_requests": COUNTS, "max_queued_requests": COUNTS, "max_batched_tokens": COUNTS,
        "chunked_prefill": SWITCH, "overlap": SWITCH,
    },
    "attention": {
        "backend": either("flash_attn", "fa2", "fa3", "fa4", "flashinfer", "triton", "FLASHMLA", "cutlass-mla", "auto", "torch_sdpa") | NAMES,
        "prefill_backend": either("flashinfer", "trtllm_ragged", "fa3"), "decode_backend": NAMES,
        "chunked_prefill_size": COUNTS, "moe_backend": either("triton", "deep-gemm", "MARLIN") | NAMES,
    },
    "misc": {
        "dtype": either("auto", "half", "float16", "bfloat16", "float", "float32"), "context_length": COUNTS,
        "load_format": either("auto", "dummy", "safetensors") | NAMES, "trust_remote_code": SWITCH, "cuda_graphs": SWITCH,
        "cuda_graph_sizes": st.lists(COUNTS, min_size=1, max_size=3), "torch_compile": SWITCH, "speculative": SPECULATIVE,
        "tool_call_parser": either("hermes", "mistral") | NAMES, "reasoning_parser": either("qwen3", "granite") | NAMES,
        "limit_mm_per_prompt": st.dictionaries(either("image", "video", "audio"), st.integers(0, 9)),
        "seed": st.integers(0, 2**31), "env": st.dictionaries(either("A", "VLLM_ATTENTION_BACKEND", "VLLM_CPU_KVCACHE_SPACE"), NAMES),
        "extra_args": EXTRA,
    },
}  # fmt: skip


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """A config with a few fields set in a few groups."""
    groups = {
        name: draw(st.fixed_dictionaries({}, optional=fields)) if draw(SWITCH) else {}
        for name, fields in FIELDS.items()
    }
    groups["model"]["id"] = draw(st.sampled_from([DENSE, MOE, MLA, QUANTIZED]))
    return Config.model_validate(groups)
