import pytest

from autotune.bench import Load
from autotune.run.simulate import simulate
from tests.run.timings import LinearTiming

TIMING = LinearTiming()


def test_one_at_a_time_is_what_can_be_worked_out_by_hand():
    found = simulate(LinearTiming(base_ms=6.0, prefill_ms=0.02, decode_ms=0.0, kv_ms=0.0), Load("D(1000,101)", 1), 5)
    assert found.ttft_ms["mean"] == pytest.approx(26)
    assert found.tpot_ms["mean"] == pytest.approx(6)
    assert found.e2e_latency_ms["p99"] == pytest.approx(626)
    assert found.output_tokens_per_s == pytest.approx(101 / 0.626)
    assert found.requests_per_s == pytest.approx(1 / 0.626)
    assert (found.completed, found.failed, found.kind) == (5, 0, "predicted")


def test_more_concurrency_gives_more_throughput_and_slower_tokens():
    found = [simulate(TIMING, Load("D(1024,128)", number), 200) for number in (1, 4, 16, 64)]
    rates = [item.output_tokens_per_s for item in found]
    tpots = [item.tpot_ms["mean"] for item in found]
    assert rates == sorted(rates)
    assert tpots == sorted(tpots)


def test_an_open_loop_below_saturation_gives_the_rate_offered():
    found = simulate(TIMING, Load("D(200,20)", request_rate=5.0), 2000)
    assert found.requests_per_s == pytest.approx(5, rel=0.05)


def test_an_open_loop_past_saturation_queues():
    below, past = (simulate(TIMING, Load("D(1024,64)", request_rate=rate), 300) for rate in (2.0, 200.0))
    assert past.ttft_ms["p90"] > 10 * below.ttft_ms["p90"]
    assert past.requests_per_s < 100


def test_the_same_load_gives_the_same_numbers():
    load = Load("N(300,100)/(40,20)", 8)
    assert simulate(TIMING, load, 60) == simulate(TIMING, load, 60)
