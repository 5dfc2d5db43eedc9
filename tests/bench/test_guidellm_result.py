import json
from pathlib import Path

import pytest

from autotune.bench.guidellm_result import parse_guidellm, why_guidellm_failed
from autotune.metrics import Load

DATA = Path(__file__).parent / "data" / "guidellm"


def text(name):
    return (DATA / name / "benchmarks.json").read_text()


def test_the_unit_table_on_a_real_report():
    one, four = parse_guidellm(text("two-concurrencies"), gpus=2)
    assert (one.load, four.load) == (Load("D(100,50)", concurrency=1), Load("D(100,50)", concurrency=4))
    assert one.ttft_ms["mean"] == pytest.approx(13.679524262746174)
    assert one.ttft_ms["p99"] == pytest.approx(21.777868270874023)
    # request_latency stands in seconds, everything else in ms
    assert one.e2e_latency_ms["mean"] == pytest.approx(154.6614368756612)
    assert four.e2e_latency_ms["p50"] == pytest.approx(383.24713706970215)
    # inter_token_latency_ms: (154.66 - 13.68) / 49 tokens = 2.877; time_per_output_token_ms (3.078) has the TTFT in it
    assert one.tpot_ms["mean"] == pytest.approx(2.8618245708699126)
    assert one.tpot_ms["mean"] == pytest.approx((one.e2e_latency_ms["mean"] - one.ttft_ms["mean"]) / 49, rel=0.01)
    assert one.itl_ms == {}
    # 12 requests of 50 + 104 tokens in 1.9077 s
    assert one.requests_per_s == pytest.approx(12 / 1.907700777053833)
    assert one.output_tokens_per_s == pytest.approx(600 / 1.907700777053833)
    assert one.output_tokens_per_s_per_gpu == pytest.approx(300 / 1.907700777053833)
    assert one.total_tokens_per_s == pytest.approx(1848 / 1.907700777053833)
    assert one.output_tokens_per_s_per_user == pytest.approx(1000 / 2.8618245708699126)
    assert one.duration_s == pytest.approx(1.907700777053833)
    assert set(one.ttft_ms) == {"mean", "p50", "p90", "p95", "p99"}
    assert (one.completed, one.failed, one.error_rate, one.kind) == (12, 0, 0.0, "measured")


def test_all_failed_is_counted_and_has_no_latency_though_guidellm_writes_zeros():
    [found] = parse_guidellm(text("all-failed"))
    assert (found.completed, found.failed, found.error_rate) == (0, 8, 1.0)
    assert found.ttft_ms == found.tpot_ms == found.e2e_latency_ms == {}
    assert "output_tokens_per_s" not in found.as_dict()
    assert "422 Unprocessable Entity" in why_guidellm_failed(text("all-failed"), 0)
    assert why_guidellm_failed(text("two-concurrencies"), 0) == ""


def test_half_failed_counts_and_measures_only_what_came_back():
    [found] = parse_guidellm(text("half-failed"))
    assert (found.completed, found.failed, found.error_rate) == (4, 4, 0.5)
    assert found.e2e_latency_ms["mean"] == pytest.approx(9.001195430755615)  # not 4.5, the mean with the failed ones
    assert found.output_tokens_per_s == pytest.approx(20 / 0.07845568656921387)


@pytest.mark.parametrize(
    ("strategy", "load"),
    [
        ({"type_": "synchronous"}, Load("D(100,50)", concurrency=1)),
        ({"type_": "throughput", "max_concurrency": 512}, Load("D(100,50)", concurrency=512)),
        ({"type_": "constant", "rate": 2.5, "max_concurrency": 512}, Load("D(100,50)", request_rate=2.5)),
        ({"type_": "poisson", "rate": 4}, Load("D(100,50)", request_rate=4.0)),
    ],
)
def test_the_strategy_is_the_load(strategy, load):
    report = json.loads(text("two-concurrencies"))
    report["benchmarks"] = report["benchmarks"][:1]
    report["benchmarks"][0]["config"]["strategy"] = strategy
    assert [found.load for found in parse_guidellm(json.dumps(report))] == [load]


def test_what_was_sent_is_the_scenario():
    report = json.loads(text("two-concurrencies"))
    report["config"]["spec"]["data"][0] |= {"prompt_tokens_stdev": 10, "output_tokens_stdev": 5}
    assert parse_guidellm(json.dumps(report))[0].load.scenario == "N(100,10)/(50,5)"
    report["config"]["spec"]["data"][0]["kind"] = "huggingface"
    assert parse_guidellm(json.dumps(report))[0].load.scenario == "dataset"


@pytest.mark.parametrize("bad", ["", "{", "[]", "{}", '{"benchmarks": [{}]}'])
def test_what_is_no_report_says_so(bad):
    with pytest.raises(ValueError):
        parse_guidellm(bad)
