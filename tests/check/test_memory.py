import re

import pytest

from autotune.check.memory import check_capped_fraction, check_fit, check_kv_room, check_static_fraction
from tests.check.findings import codes, findings


def setting(text):
    """`parallel.tp=4`, or several joined by ` with `, as config groups."""
    groups = {}
    for part in text.split(" with "):
        path, _, value = part.partition("=")
        group, _, name = path.partition(".")
        groups[group] = {name: int(value) if value.isdigit() else value}
    return groups


def test_weights_that_do_not_fit_are_shown_with_the_arithmetic():
    (item,) = findings(check_fit, "Llama-3.1-70B-Instruct")
    assert item.code == "AT016"
    assert item.path == "model.id"
    assert re.fullmatch(
        r"`meta-llama/Llama-3.1-70B-Instruct` does not fit: per GPU, weights 141\.1 GB \+ activations \d\.\d GB \+ overhead \d\.\d GB are more than "
        r"the usable 78\.2 GB \(0\.92 of 85\.0 GB\), before any KV cache \(327680 bytes a token\)",
        item.message,
    )
    assert item.help == "parallel.tp=4 or quantization.gemm_mode=fp8 with parallel.tp=2 would fit"


def test_a_kv_cache_that_does_not_fit_is_shown_with_the_arithmetic():
    (item,) = findings(check_fit, "Llama-3.1-70B-Instruct", parallel={"tp": 2})
    assert item.path == "parallel.tp"
    assert "131072 tokens need 21.5 GB per GPU (163840 bytes a token)" in item.message
    assert re.search(
        r"weights 70\.6 GB \+ activations \d\.\d GB \+ overhead \d\.\d GB leave \d\.\d GB of the usable 78\.2 GB",
        item.message,
    )
    found = re.search(r"a context of up to (\d+) tokens fits, or (\d+) requests? of 131072", item.message)
    assert found is None, "not one request of the whole context fits"
    longest = int(re.search(r"a context of up to (\d+) tokens", item.message)[1])
    assert findings(check_fit, "Llama-3.1-70B-Instruct", parallel={"tp": 2}, misc={"context_length": longest}) == []
    assert (
        findings(check_fit, "Llama-3.1-70B-Instruct", parallel={"tp": 2}, misc={"context_length": longest + 64}) != []
    )


def test_the_largest_batch_that_would_fit_is_said_and_does():
    workload = {"isl": 1000, "osl": 280}
    (item,) = findings(check_fit, "Llama-3.1-70B-Instruct", parallel={"tp": 2}, runtime=workload)
    batch = int(re.search(r"or (\d+) requests of 1280 tokens at once", item.message)[1])
    room = {"parallel": {"tp": 2}, "runtime": workload, "misc": {"context_length": 2048}}
    assert findings(check_kv_room, "Llama-3.1-70B-Instruct", benchmark={"num_concurrency": batch}, **room) == []
    assert codes(check_kv_room, "Llama-3.1-70B-Instruct", benchmark={"num_concurrency": batch + 1}, **room) == ["AT102"]


@pytest.mark.parametrize(
    ("model", "gpu", "engine"),
    [("Llama-3.1-70B-Instruct", "h100_sxm", "vllm"), ("Llama-3.1-8B-Instruct", "l4", "vllm"), ("Qwen3-32B", "a100_sxm_40", "sglang"),
     ("phi-4", "l4", "trtllm"), ("gemma-3-27b-it", "l40s", "vllm"), ("Llama-4-Scout-17B-16E-Instruct", "h200_sxm", "vllm")],
)  # fmt: skip
def test_every_way_out_that_is_offered_does_fit(model, gpu, engine):
    (item,) = findings(check_fit, model, gpu, engine)
    offered = item.help.partition(" would fit")[0].split(" or ")
    assert offered
    for text in offered:
        assert findings(check_fit, model, gpu, engine, **setting(text)) == [], text


def test_what_fits_is_not_complained_about():
    assert findings(check_fit, "Llama-3.1-70B-Instruct", parallel={"tp": 4}) == []
    assert findings(check_fit, "Llama-3.1-70B-Instruct", parallel={"tp": 2}, misc={"context_length": 8192}) == []


def test_the_context_that_someone_set_is_what_is_blamed():
    (item,) = findings(check_fit, "Llama-3.1-70B-Instruct", parallel={"tp": 2}, misc={"context_length": 65536})
    assert item.path == "misc.context_length"


def test_without_any_way_out_the_help_says_so():
    (item,) = findings(check_fit, "Llama-3.1-405B-Instruct", "a100_sxm_40", gpus_per_node=1)
    assert item.help == "use more or larger GPUs, or a smaller or quantized checkpoint"


def test_engines_that_start_with_less_are_held_to_the_workload():
    workload = {"isl": 1000, "osl": 200}
    assert codes(check_fit, "Llama-3.1-8B-Instruct", "l4", "vllm", runtime=workload) == ["AT016"]
    assert findings(check_fit, "Qwen3-4B", "l4", "sglang", runtime=workload) == []


def test_a_fixed_number_of_tokens():
    (item,) = findings(check_fit, memory={"max_total_tokens": 1_000_000})
    assert (item.code, item.path) == ("AT016", "memory.max_total_tokens")
    (item,) = findings(check_fit, memory={"max_total_tokens": 100_000})
    assert item.message == "memory.max_total_tokens=100000 cannot hold one request of 131072 tokens"
    assert findings(check_fit, memory={"max_total_tokens": 200_000}) == []


def test_too_many_requests_for_the_kv_cache_are_a_warning():
    load = {"runtime": {"isl": 8000, "osl": 1000}}
    (item,) = findings(check_kv_room, benchmark={"num_concurrency": [1, 64]}, **load)
    assert (item.code, item.severity, item.path) == ("AT102", "warning", "benchmark.num_concurrency")
    assert "need 576000 tokens of KV cache" in item.message
    assert "576000 x 131072 bytes are 75.5 GB per GPU, and weights 16.1 GB + activations" in item.message
    assert re.search(r"or \d+ requests of 9000 tokens at once", item.help)
    larger = int(re.search(r"parallel.tp=(\d+) ", item.help)[1])
    assert findings(check_kv_room, benchmark={"num_concurrency": [1, 64]}, parallel={"tp": larger}, **load) == []
    assert findings(check_kv_room, benchmark={"num_concurrency": [1, 40]}, **load) == []
    assert (
        findings(check_kv_room, benchmark={"num_concurrency": 64}, scheduling={"max_running_requests": 40}, **load)
        == []
    )
    assert findings(check_kv_room, benchmark={"num_concurrency": 64}, parallel={"dp": 2}, **load) == []


def test_a_point_that_does_not_fit_gets_no_warning_on_top():
    assert (
        findings(
            check_kv_room,
            "Llama-3.1-70B-Instruct",
            runtime={"isl": 8000, "osl": 1000},
            benchmark={"num_concurrency": 64},
        )
        == []
    )


def test_sglang_fraction_must_leave_room_for_activations():
    (item,) = findings(check_static_fraction, engine="sglang", memory={"mem_fraction_static": 0.99})
    assert (item.code, item.path) == ("AT016", "memory.mem_fraction_static")
    highest = float(item.help.removeprefix("use ").removesuffix(" or less"))
    assert findings(check_static_fraction, engine="sglang", memory={"mem_fraction_static": highest}) == []
    assert findings(check_static_fraction, engine="vllm", memory={"mem_fraction_static": 0.99}) == []


def test_a_fraction_that_vllm_cannot_reach_is_said_with_the_one_that_it_can():
    (item,) = findings(check_capped_fraction, memory={"mem_fraction_static": 0.97})
    assert (item.code, item.path) == ("AT114", "memory.mem_fraction_static")
    highest = float(re.match(r"use ([\d.]+) or less", item.help)[1])
    assert findings(check_capped_fraction, memory={"mem_fraction_static": highest}) == []
    assert findings(check_capped_fraction, memory={"mem_fraction_static": round(highest + 0.002, 3)}) != []
    for engine in ("sglang", "trtllm", "transformers"):
        assert findings(check_capped_fraction, engine=engine, memory={"mem_fraction_static": 0.97}) == []


@pytest.mark.parametrize("engine", ["trtllm", "transformers"])
def test_where_weights_fill_the_gpu_no_more_than_all_of_it_is_called_usable(engine):
    (item,) = findings(check_fit, "DeepSeek-V3", engine=engine)
    assert float(re.search(r"usable \S+ GB \(([\d.]+) of", item.message)[1]) < 1


def test_a_cpu_is_not_judged_by_gpu_memory():
    assert findings(check_fit, "Llama-3.1-70B-Instruct", "cpu") == []
    assert (
        findings(
            check_kv_room, "Qwen3-0.6B", "cpu", runtime={"isl": 40000, "osl": 100}, benchmark={"num_concurrency": 500}
        )
        == []
    )
