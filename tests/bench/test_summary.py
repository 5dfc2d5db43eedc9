import math

import pytest

from autotune.bench import Load
from autotune.bench.summary import RequestRecord, percentile, statistics_ms, summarize

LOAD = Load("D(10,5)", concurrency=2)


def record(sent, *chunks, tokens=None, prompt=10, finished=True, error=None):
    return RequestRecord(
        sent, list(chunks), chunks[-1] if finished and chunks else None, prompt, tokens or len(chunks), error
    )


def measure(records, end, **options):
    return summarize(records, LOAD, start=0.0, end=end, gpus=options.pop("gpus", 1), kind="measured", **options)


def test_percentiles_are_numpys():
    values = [1.0, 2.0, 4.0, 8.0]  # numpy.percentile(values, [0, 50, 90, 95, 99, 100])
    assert [percentile(values, fraction) for fraction in (0, 0.5, 0.9, 0.95, 0.99, 1)] == pytest.approx(
        [1.0, 3.0, 6.8, 7.4, 7.88, 8.0]
    )


def test_statistics_are_in_ms_and_absent_without_values():
    assert statistics_ms([0.002]) == dict.fromkeys(("mean", "p50", "p90", "p95", "p99"), 2.0)
    assert statistics_ms([]) == {}


def test_latencies_of_one_request():
    found = measure([record(1.0, 1.5, 1.6, 1.7, 1.8, 1.9)], end=1.9)
    assert found.ttft_ms["mean"] == pytest.approx(500)
    assert found.tpot_ms["mean"] == pytest.approx(100)
    assert found.itl_ms["p99"] == pytest.approx(100)
    assert found.e2e_latency_ms["mean"] == pytest.approx(900)
    assert found.output_tokens_per_s_per_user == pytest.approx(10)


def test_chunks_of_several_tokens_leave_tpot_right_and_spread_itl():
    found = measure([record(0.0, 0.5, 0.7, 0.9, tokens=5)], end=0.9)
    assert found.tpot_ms["mean"] == pytest.approx(100)
    assert found.itl_ms["mean"] == pytest.approx(100)


def test_one_token_answers_have_no_tpot():
    found = measure([record(0.0, 0.5)], end=1.0)
    assert found.tpot_ms == {}
    assert math.isnan(found.output_tokens_per_s_per_user)
    assert "output_tokens_per_s_per_user" not in found.as_dict()


def test_rates_are_over_the_window_and_per_gpu():
    found = measure([record(0.0, 1.0, 2.0), record(0.0, 1.0, 2.0)], end=2.0, gpus=4)
    assert found.output_tokens_per_s == pytest.approx(2)
    assert found.output_tokens_per_s_per_gpu == pytest.approx(0.5)
    assert found.total_tokens_per_s == pytest.approx(12)
    assert found.requests_per_s == pytest.approx(1)


def test_a_request_that_outlasts_the_window_counts_by_its_part_inside():
    found = measure([record(0.0, 1.0, 2.0, 3.0, 4.0)], end=2.0)
    assert found.output_tokens_per_s == pytest.approx(1)
    assert found.requests_per_s == pytest.approx(0.25)
    assert found.completed == 1


def test_what_the_limit_cut_off_gives_its_tokens_but_no_latency():
    found = measure([record(0.0, 1.0, 2.0), record(0.0, 1.5, finished=False)], end=2.0)
    assert (found.completed, found.failed) == (1, 0)
    assert found.output_tokens_per_s == pytest.approx(1.5)
    assert found.ttft_ms["mean"] == pytest.approx(1000)


def test_failures_count_for_the_error_rate_and_for_nothing_else():
    found = measure([record(0.0, 1.0, 2.0), record(0.0, 0.1, finished=False, error="HTTP 500")], end=2.0)
    assert (found.completed, found.failed, found.error_rate) == (1, 1, 0.5)
    assert found.output_tokens_per_s == pytest.approx(1)


def test_chunks_of_several_tokens_are_spread_over_their_time():
    # 9 tokens: the first at 1 s, the last at 5 s, one every half second; by 3 s there are 5.
    found = measure([record(0.0, 1.0, 2.9, 5.0, tokens=9)], end=3.0)
    assert found.output_tokens_per_s == pytest.approx(5 / 3)


def test_a_cut_off_request_with_chunks_of_several_tokens_is_taken_at_the_mean_tpot():
    cut = record(1.0, 2.0, 4.0, finished=False)
    found = measure([record(0.0, 1.0, 2.9, 5.0, tokens=9), cut], end=5.0)
    assert found.output_tokens_per_s == pytest.approx((9 + 5) / 5)
