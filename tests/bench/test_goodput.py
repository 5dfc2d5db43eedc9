"""Goodput: of single requests, and as each tool's files give them."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.bench.aiperf_result import parse_aiperf
from autotune.bench.emulated import rescale
from autotune.bench.genai_bench_result import parse_result
from autotune.bench.goodput import RequestLatency, goodput
from autotune.bench.guidellm_result import parse_guidellm
from autotune.bench.repeats import combine_repeats
from autotune.bench.vllm_bench_result import parse_vllm_bench
from tests.bench.test_summary import measure, record

DATA = Path(__file__).parent / "data"
FAST, SLOW = RequestLatency(10.0, 1.0, 60.0), RequestLatency(90.0, 1.0, 140.0)


def good(requests, limits, completed=None, rate=8.0):
    count = len(requests) if completed is None else completed
    return goodput(requests, limits, completed=count, requests_per_s=rate)


def test_it_is_the_rate_of_the_requests_that_met_every_limit():
    requests = [FAST, FAST, FAST, SLOW]
    assert good(requests, {"ttft_ms": 50.0}) == 6.0
    assert good(requests, {"ttft_ms": 50.0, "tpot_ms": 0.5}) == 0.0
    assert good(requests, {"ttft_ms": 90.0, "e2e_latency_ms": 140.0}) == 8.0


@pytest.mark.parametrize(
    ("requests", "limits", "completed"),
    [
        ([FAST], {}, 1),
        ([], {"ttft_ms": 50.0}, 0),
        ([FAST], {"ttft_ms": 50.0}, 2),
        ([FAST, RequestLatency(10.0, math.nan, 60.0)], {"tpot_ms": 50.0}, 2),
    ],
    ids=["no limit", "no request", "a sample", "not measured"],
)
def test_what_is_not_known_is_absent_and_not_zero(requests, limits, completed):
    assert math.isnan(good(requests, limits, completed))


LATENCIES = st.builds(RequestLatency, *[st.floats(0, 1000)] * 3)


@settings(deadline=None)
@given(st.lists(LATENCIES, min_size=1), st.floats(0, 1000), st.floats(0, 1000))
def test_it_never_exceeds_the_rate_and_a_looser_limit_never_lowers_it(requests, one, other):
    tight, loose = sorted((one, other))
    less, more = good(requests, {"ttft_ms": tight}), good(requests, {"ttft_ms": loose})
    assert 0 <= less <= more <= 8.0
    assert good(requests, {"ttft_ms": tight, "e2e_latency_ms": loose}) <= less


def test_the_built_in_client_judges_each_request():
    records = [record(0.0, 0.1, 0.2, 0.3), record(0.0, 0.4, 0.45, 0.5), record(0.0, 0.1, tokens=1)]
    found = measure(records, end=1.0, limits_ms={"ttft_ms": 200.0, "tpot_ms": 150.0})
    assert found.requests_per_s == pytest.approx(3)
    assert found.goodput_requests_per_s == pytest.approx(2)
    assert "goodput_requests_per_s" in found.as_dict()
    assert "goodput_requests_per_s" not in measure(records, end=1.0).as_dict()


def test_requests_that_failed_are_no_goodput():
    found = measure([record(0.0, 0.1, 0.2), record(0.0, error="reset")], end=1.0, limits_ms={"ttft_ms": 200.0})
    assert found.goodput_requests_per_s == pytest.approx(1)


def test_emulated_time_is_stretched_back_and_repeats_are_their_mean():
    one = measure([record(0.0, 0.1, 0.2)], end=1.0, limits_ms={"ttft_ms": 200.0})
    two = measure([record(0.0, 0.1, 0.2)] * 3, end=1.0, limits_ms={"ttft_ms": 200.0})
    assert rescale(one, 10.0).goodput_requests_per_s == pytest.approx(0.1)
    (both,) = combine_repeats([one, two])
    assert both.goodput_requests_per_s == pytest.approx(2)


def test_vllm_bench_gives_single_requests_where_the_file_is_detailed():
    run = json.loads((DATA / "vllm-bench" / "half-failed" / "serve.json").read_text())
    detail = {
        "errors": ["", "x"] * 4,
        "ttfts": [0.010, 0.0, 0.010, 0.0, 0.050, 0.0, 0.010, 0.0],
        "latencies": [0.050, 0.0, 0.090, 0.0, 0.090, 0.0, 0.012, 0.0],
        "output_lens": [5, 0, 5, 0, 5, 0, 1, 0],
    }
    limits = {"ttft_ms": 20.0, "tpot_ms": 15.0}

    def found(data):
        (measurement,) = parse_vllm_bench(json.dumps(data), limits_ms=limits)
        return measurement

    # TPOT is 10, 20 and 10 ms, the fourth request has one token: two of four are within both limits.
    assert found(run | detail).goodput_requests_per_s == pytest.approx(run["request_throughput"] / 2)
    assert math.isnan(found(run).goodput_requests_per_s)


def test_genai_bench_gives_single_requests_in_the_files_unit():
    path = DATA / "genai-bench" / "vllm-2scenarios" / "N80_10_40_5_text-to-text_num_concurrency_4_time_1s.json"
    data = json.loads(path.read_text())
    one = {"error_code": None, "ttft": 0.01, "e2e_latency": 0.11, "num_output_tokens": 11, "tpot": None}
    failed = {"error_code": 500, "ttft": None, "e2e_latency": None, "num_output_tokens": None, "tpot": None}
    data["individual_request_metrics"] = [one] * 20 + [one | {"ttft": 0.05}] * 7 + [failed]
    limits = {"ttft_ms": 20.0, "tpot_ms": 10.0}
    rate = data["aggregated_metrics"]["requests_per_second"]
    assert parse_result(data, 1, limits).goodput_requests_per_s == pytest.approx(rate * 20 / 27)
    del data["individual_request_metrics"][0]
    assert math.isnan(parse_result(data, 1, limits).goodput_requests_per_s)


def test_guidellm_gives_single_requests_unless_it_keeps_a_sample():
    report = json.loads((DATA / "guidellm" / "two-concurrencies" / "benchmarks.json").read_text())
    first = report["benchmarks"][0]
    request = {
        "time_to_first_token_ms": 10.0,
        "inter_token_latency_ms": 4.0,
        "request_latency": 0.2,
        "output_tokens": 50,
    }
    slow, single = request | {"request_latency": 0.4}, request | {"output_tokens": 1, "inter_token_latency_ms": None}
    first["requests"]["successful"] = [request] * 8 + [single] + [slow] * 3
    limits = {"tpot_ms": 5.0, "e2e_latency_ms": 300.0}
    found, sampled = parse_guidellm(json.dumps(report), 1, limits)
    assert found.goodput_requests_per_s == pytest.approx(found.requests_per_s * 9 / 12)
    assert math.isnan(sampled.goodput_requests_per_s)


def test_aiperf_gives_single_requests_beside_its_summary():
    files = {path.name: path.read_text() for path in (DATA / "aiperf" / "single").iterdir()}
    records = [json.loads(line) for line in files["profile_export.jsonl"].splitlines()]
    (plain,) = parse_aiperf(files)
    counted = next(item for item in records if item["metadata"]["benchmark_phase"] == "profiling")
    warm_up = next(item for item in records if item["metadata"]["benchmark_phase"] == "warmup")
    slow = json.loads(json.dumps(counted))
    slow["metrics"]["time_to_first_token"]["value"] = 1e6
    files["profile_export.jsonl"] = "\n".join(map(json.dumps, [warm_up, slow, *[counted] * (plain.completed - 1)]))
    (found,) = parse_aiperf(files, 1, {"ttft_ms": 1e5, "tpot_ms": 1e5})
    assert found.goodput_requests_per_s == pytest.approx(found.requests_per_s * (1 - 1 / found.completed))
    del files["profile_export.jsonl"]
    assert math.isnan(parse_aiperf(files, 1, {"ttft_ms": 1e5})[0].goodput_requests_per_s)
