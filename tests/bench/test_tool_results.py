"""The result files of guidellm, vLLM's client and aiperf, from real runs, in one set of units."""

import json
from pathlib import Path

import pytest

from autotune.bench import BenchError, Load
from autotune.bench.aiperf_result import parse_profile, record_errors
from autotune.bench.guidellm_result import parse_benchmark
from autotune.bench.vllm_bench_result import parse_result

DATA = Path(__file__).parent / "data"


def read(path):
    return json.loads((DATA / path).read_text())


def guidellm(path):
    return [parse_benchmark(item, "D(100,50)", 2) for item in read(path)["benchmarks"]]


def test_guidellm_gives_ms_and_rates_over_the_whole_run():
    one, four = guidellm("guidellm/benchmarks.json")
    assert (one.load, four.load) == (Load("D(100,50)", 1), Load("D(100,50)", 4))
    raw = read("guidellm/benchmarks.json")["benchmarks"][0]
    metrics = raw["metrics"]
    assert one.e2e_latency_ms["mean"] == pytest.approx(1000 * metrics["request_latency"]["successful"]["mean"])
    assert one.ttft_ms["p95"] == metrics["time_to_first_token_ms"]["successful"]["percentiles"]["p95"]
    assert one.output_tokens_per_s == pytest.approx(12 * 50 / raw["duration"])
    assert one.output_tokens_per_s_per_gpu == pytest.approx(one.output_tokens_per_s / 2)
    assert (one.completed, one.failed, one.error_rate) == (12, 0, 0)


def test_guidellms_tpot_has_no_first_token_in_it():
    for found in guidellm("guidellm/benchmarks.json"):
        assert found.e2e_latency_ms["mean"] == pytest.approx(
            found.ttft_ms["mean"] + 49 * found.tpot_ms["mean"], rel=0.02
        )


def test_vllm_bench_gives_ms():
    found, raw = parse_result(read("vllm-bench/serve.json"), "D(100,50)", 2), read("vllm-bench/serve.json")
    assert found.load == Load("D(100,50)", 4)
    assert found.e2e_latency_ms["p99"] == raw["p99_e2el_ms"]
    assert found.tpot_ms["mean"] == raw["mean_tpot_ms"]
    assert found.output_tokens_per_s == pytest.approx(1000 / raw["duration"])
    assert found.requests_per_s == pytest.approx(20 / raw["duration"])
    assert found.total_tokens_per_s == raw["total_token_throughput"]


def test_aiperf_gives_ms_whatever_it_calls_things():
    found, raw = parse_profile(read("aiperf/single.json"), "D(100,50)", 2), read("aiperf/single.json")
    assert found.load == Load("D(100,50)", 4)
    assert found.ttft_ms["mean"] == raw["time_to_first_token"]["avg"]
    assert found.tpot_ms["p50"] == raw["inter_token_latency"]["p50"]
    assert found.itl_ms["p99"] == raw["inter_chunk_latency"]["p99"]
    assert found.requests_per_s == pytest.approx(20 / found.duration_s, rel=0.02)
    assert found.total_tokens_per_s == pytest.approx((2000 + 1273) / found.duration_s)


def test_aiperf_in_seconds_would_be_converted():
    raw = read("aiperf/single.json")
    raw["request_latency"] = {"unit": "sec", "avg": 0.25, "p99": 0.5}
    assert parse_profile(raw, "D(1,1)", 1).e2e_latency_ms == {"mean": 250.0, "p99": 500.0}


HALF = {
    "guidellm": lambda: guidellm("guidellm/half-failed.json")[0],
    "vllm_bench": lambda: parse_result(read("vllm-bench/half-failed.json"), "dataset", 1),
    "aiperf": lambda: parse_profile(read("aiperf/half-failed.json"), "dataset", 1),
}


@pytest.mark.parametrize("tool", HALF)
def test_failed_requests_are_counted_and_quoted_though_the_tool_exited_with_0(tool):
    found = HALF[tool]()
    assert (found.completed, found.failed, found.error_rate) == (4, 4, 0.5)
    assert len(found.errors) == 1
    assert found.errors[0].startswith("4 x ")
    assert "Bad Request" in found.errors[0]
    assert found.load.request_rate == 20.0


def test_a_run_in_which_all_requests_failed_is_an_error_with_the_reasons():
    raw = read("guidellm/half-failed.json")["benchmarks"][0]
    raw["metrics"]["request_totals"]["successful"] = 0
    with pytest.raises(BenchError, match="no request completed: 4 x HTTPStatusError"):
        parse_benchmark(raw, "dataset", 1)
    with pytest.raises(BenchError, match="no request completed: 4 x Bad Request"):
        parse_result(read("vllm-bench/half-failed.json") | {"completed": 0}, "dataset", 1)
    raw = read("aiperf/half-failed.json")
    del raw["request_count"]
    with pytest.raises(BenchError, match=r"no request completed: 4 x 400 Bad Request: \{"):
        parse_profile(raw, "dataset", 1)


def test_aiperf_says_in_its_records_alone_why_all_requests_failed():
    [error] = record_errors((DATA / "aiperf" / "all-failed.jsonl").read_text())
    assert error.startswith("6 x 400 Bad Request: ")
    assert "maximum context length" in error


def test_statistics_that_are_zero_because_nothing_completed_are_not_taken_for_numbers():
    empty = {"completed": 0, "failed": 0, "mean_ttft_ms": 0.0, "output_throughput": 0.0}
    with pytest.raises(BenchError, match="none was answered"):
        parse_result(empty, "D(1,1)", 1)
