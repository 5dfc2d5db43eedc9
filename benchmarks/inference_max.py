"""How the servers were set up whose measurements `silicon.py` reads: the scripts of InferenceMAX, as config groups.

Source: benchmarks/ and configs of SemiAnalysisAI/InferenceX as of August 2026, and of commit c198b20eb (October 2025) for Llama,
with perf-changelog and history for who speculated when. Versions in between may have had other settings. What an engine's
command line cannot say is left out: TensorRT-LLM's `batch_wait_timeout_iters` (Llama at 1024/1024 on fewer than 8 GPUs; up to 20
passes before a prefill) and `attention_dp_config.timeout_iters` (60 passes).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

#: The day on which TensorRT-LLM with multi-token prediction was added (commit bf3456727) and all its configs were measured.
_MTP_DAY = "2026-01-14"
#: Rows of one config and load whose TPOT differs by more than this were measured with and without speculation.
_APART = 1.08


def settings(point: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Config groups beside `parallel`: batch limits, prefill chunks, KV cache format, memory, flags."""
    model, system, isl, concurrency = point["model"], point["system"], point["isl"], point["concurrency"]
    hopper = system in ("h100_sxm", "h200_sxm")
    scheduling: dict[str, Any] = {}
    attention: dict[str, Any] = {}
    memory: dict[str, Any] = {"prefix_caching": False}
    misc: dict[str, Any] = {}
    wide_cache = False
    match point["backend"], model:
        case "vllm", "MiniMax-M2.5":
            scheduling = {"max_batched_tokens": 2 * isl}
            if not hopper and not point["backend_version"].startswith("nightly"):
                misc = {"cuda_graph_sizes": [2048]}
        case "vllm", "gpt-oss-120b":
            wide_cache = hopper
            scheduling = {"max_batched_tokens": 8192, "max_running_requests": concurrency if hopper else 512}
            misc = {"cuda_graph_sizes": [2048]}
        case "vllm", "Llama-3.1-70B":
            scheduling = {"max_batched_tokens": 8192, "max_running_requests": concurrency if hopper else 512}
        case "vllm", _:
            wide_cache = point["precision"] == "int4"
            scheduling = {"max_running_requests": concurrency}
        case "trtllm", "gpt-oss-120b":
            wide_cache = hopper
            scheduling = {"max_batched_tokens": 20000, "chunked_prefill": False}
        case "trtllm", "Llama-3.1-70B":
            scheduling = {"max_batched_tokens": 16384, "chunked_prefill": False}
        case "trtllm", _:
            tokens = ((point["nextn"] + 1) * concurrency + isl + 127) // 64 * 64
            scheduling = {"max_batched_tokens": tokens, "chunked_prefill": False}
        case _, _:
            fp4, qwen = point["precision"] == "fp4", model == "Qwen3.5-397B-A17B"
            wide_cache = hopper or point["precision"] == "bf16"
            running = 256 if fp4 or hopper else 128
            scheduling = {"max_running_requests": concurrency if qwen or point["nextn"] else max(running, 128)}
            attention = {"chunked_prefill_size": 16384 if fp4 else 32768}
            if model.startswith("DeepSeek") and not fp4 and point["gpus"] == 4:
                scheduling, attention = {"max_running_requests": 32}, {"chunked_prefill_size": 8192}
                memory["mem_fraction_static"] = 0.95
            if not hopper:
                misc = {"extra_args": {"--scheduler-recv-interval": 30 if concurrency >= 16 else 10}}
    return {
        "scheduling": scheduling,
        "attention": attention,
        "memory": memory,
        "misc": misc,
        "quantization": {} if wide_cache else {"kvcache_mode": "fp8"},
    }


def drafts(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points with `nextn`: tokens speculated a step, which the file does not say.

    TensorRT-LLM, DeepSeek: 3, or 1 with data parallel attention, where the version or the day was that of the change that
    brought it. SGLang, DeepSeek in fp8 on eight B200: 2, Qwen3.5 in fp8 on four: 3; there loads were measured both ways
    and carry one name, so the faster ones are taken as speculated, and those beyond the other's loads.
    """
    found, both = [], defaultdict(list)
    for point in points:
        deepseek, sglang = point["model"].startswith("DeepSeek"), point["backend"] == "sglang"
        b200_fp8 = point["system"] == "b200_sxm" and point["precision"] == "fp8" and point["moe_ep"] == 1
        version = point["backend_version"]
        if deepseek and point["backend"] == "trtllm" and (version == "1.2.0rc6.post3" or point["measured"] == _MTP_DAY):
            found.append({**point, "nextn": 1 if point["dp"] > 1 else 3})
        elif sglang and point["model"] == "Qwen3.5-397B-A17B" and b200_fp8 and point["gpus"] == 4:
            found.append({**point, "nextn": 3})
        elif sglang and deepseek and b200_fp8 and point["gpus"] == 8 and version == "0.5.9":
            both[point["model"], point["isl"], point["osl"], point["concurrency"]].append(point)
        else:
            found.append(point)
    for (_, isl, _, concurrency), same in both.items():
        fastest = min(point["tpot_ms"] for point in same)
        measured_twice = concurrency <= (4 if isl == 8192 else 64)
        for point in same:
            slow = point["tpot_ms"] > fastest * _APART
            found.append({**point, "nextn": 0 if measured_twice and slow else 2})
    return found
