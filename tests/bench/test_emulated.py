import pytest

from autotune.bench import Load, Measurement, rescale

STATS = {"mean": 10.0, "p99": 20.0}


def test_times_are_stretched_and_rates_shrunk():
    found = rescale(
        Measurement(Load("D(1,2)", 1), ttft_ms=STATS, tpot_ms=STATS, itl_ms=STATS, e2e_latency_ms=STATS,
                    output_tokens_per_s=100.0, output_tokens_per_s_per_gpu=50.0, output_tokens_per_s_per_user=40.0,
                    total_tokens_per_s=300.0, requests_per_s=20.0, error_rate=0.5, completed=3, failed=3, duration_s=7.0),
        10.0,
    )  # fmt: skip
    assert found.kind == "emulated"
    for name in ("ttft_ms", "tpot_ms", "itl_ms", "e2e_latency_ms"):
        assert getattr(found, name) == {"mean": 100.0, "p99": 200.0}
    assert found.output_tokens_per_s == pytest.approx(10)
    assert found.output_tokens_per_s_per_gpu == pytest.approx(5)
    assert found.output_tokens_per_s_per_user == pytest.approx(4)
    assert found.total_tokens_per_s == pytest.approx(30)
    assert found.requests_per_s == pytest.approx(2)
    assert found.duration_s == pytest.approx(70)
    assert (found.error_rate, found.completed, found.failed) == (0.5, 3, 3)


def test_what_is_in_emulated_time_already_is_not_stretched_again():
    once = rescale(Measurement(Load("D(1,2)", 1), ttft_ms=STATS), 10.0)
    assert rescale(once, 10.0) is once
