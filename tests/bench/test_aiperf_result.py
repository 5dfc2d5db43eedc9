import json
from pathlib import Path

import pytest

from autotune.bench import BenchError
from autotune.bench.aiperf_result import TokenCounts, parse_aiperf, token_counts, why_aiperf_failed
from autotune.metrics import Load

DATA = Path(__file__).parent / "data" / "aiperf"


def folder(name):
    return {path.name: path.read_text() for path in (DATA / name).iterdir()}


def test_the_unit_table_on_a_real_summary():
    [found] = parse_aiperf(folder("sweep/concurrency_4"), gpus=2)
    assert found.load == Load("D(100,50)", concurrency=4)
    assert found.ttft_ms["mean"] == pytest.approx(32.517993687499995)
    assert found.ttft_ms["p95"] == pytest.approx(51.764529499999995)
    assert found.e2e_latency_ms["p50"] == pytest.approx(357.3149285)
    # inter_token_latency: (315.248 - 32.518) / 49 tokens
    assert found.tpot_ms["mean"] == pytest.approx(5.7699992793367345)
    assert found.tpot_ms["mean"] == pytest.approx((found.e2e_latency_ms["mean"] - found.ttft_ms["mean"]) / 49)
    assert found.itl_ms["mean"] == pytest.approx(6.584686222707423)
    # 16 requests of 50 + 104 tokens in 1.2951 s, give or take what aiperf leaves out at the ends
    assert found.requests_per_s == pytest.approx(12.250277415379903)
    assert found.output_tokens_per_s == pytest.approx(12.250277415379903 * 50)
    assert found.output_tokens_per_s_per_gpu == pytest.approx(12.250277415379903 * 25)
    assert found.total_tokens_per_s == pytest.approx(12.250277415379903 * 154)
    assert found.output_tokens_per_s_per_user == pytest.approx(1000 / 5.7699992793367345)
    assert found.duration_s == pytest.approx(1.29509632)
    assert set(found.ttft_ms) == {"mean", "p50", "p90", "p95", "p99"}
    assert (found.completed, found.failed, found.error_rate, found.kind) == (16, 0, 0.0, "measured")


def test_warmup_is_not_the_load_and_wrong_token_counts_can_be_seen():
    files = folder("single")
    [found] = parse_aiperf(files)
    assert (found.load, found.completed) == (Load("D(100,50)", concurrency=4), 20)
    assert token_counts(files) == TokenCounts(counted=1273, by_server=1000)
    assert token_counts(folder("sweep/concurrency_1")) == TokenCounts(800, 800)
    assert token_counts(folder("all-failed")) is None


def test_all_failed_leaves_no_summary_and_is_counted_from_the_records():
    files = folder("all-failed")
    [found] = parse_aiperf(files)
    assert (found.completed, found.failed, found.error_rate) == (0, 8, 1.0)
    assert found.ttft_ms == {}
    assert why_aiperf_failed(files).startswith("422 Unprocessable Entity")
    assert "Unexpected fields" in why_aiperf_failed(files)


def test_half_failed_is_counted():
    files = folder("half-failed")
    [found] = parse_aiperf(files)
    assert (found.completed, found.failed, found.error_rate) == (4, 4, 0.5)
    assert why_aiperf_failed(files).startswith("422 Unprocessable Entity")
    assert why_aiperf_failed(folder("single")) == ""


def test_a_folder_without_its_summary_is_an_error_that_says_how_far_it_got():
    files = {"profile_export.jsonl": folder("single")["profile_export.jsonl"] + '{"metadata": {"cut sho'}
    with pytest.raises(BenchError, match="ended after 3 requests, 0 of them failed"):  # two of five were warm-up
        parse_aiperf(files)


def test_a_request_rate_and_a_normal_distribution_are_the_load():
    summary = json.loads(folder("single")["profile_export_aiperf.json"])
    summary["input_config"]["phases"] = [
        {"name": "profiling", "kind": "profiling", "type": "poisson", "rate": 3, "concurrency": 64}
    ]
    summary["input_config"]["datasets"][0]["prompts"]["isl"]["stddev"] = 10.0
    [found] = parse_aiperf({"profile_export_aiperf.json": json.dumps(summary)})
    assert found.load == Load("N(100,10)/(50,0)", concurrency=64, request_rate=3.0)


def test_another_unit_is_an_error_and_not_a_wrong_number():
    summary = json.loads(folder("single")["profile_export_aiperf.json"])
    summary["time_to_first_token"]["unit"] = "sec"
    with pytest.raises(ValueError, match="time_to_first_token is in sec, and ms was expected"):
        parse_aiperf({"profile_export_aiperf.json": json.dumps(summary)})


@pytest.mark.parametrize("bad", [{}, {"profile_export_aiperf.json": "{"}, {"profile_export_aiperf.json": "[]"}])
def test_what_is_no_artifact_folder_says_so(bad):
    with pytest.raises(ValueError):
        parse_aiperf(bad)
