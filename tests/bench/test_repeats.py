import pytest

from autotune.bench import BenchError, Load, Measurement, combine_repeats, settle
from autotune.bench.repeats import count_errors
from autotune.schema import Benchmark


def measured(ttft=10.0, rate=100.0, concurrency=4, failed=0, errors=(), **more):
    return Measurement(
        Load("D(10,10)", concurrency), ttft_ms={"mean": ttft, "p99": 2 * ttft}, output_tokens_per_s=rate, completed=100 - failed,
        failed=failed, error_rate=failed / 100, duration_s=2.0, errors=tuple(errors), **more,
    )  # fmt: skip


def test_repeats_become_their_mean_with_its_interval_and_keep_each_value():
    found, other = combine_repeats(
        [measured(9.0, 90.0), measured(5.0, concurrency=8), measured(11.0, 110.0), measured()]
    )
    assert (found.repeats, other.repeats) == (3, 1)
    assert found.ttft_ms == {"mean": 10.0, "p99": 20.0}
    assert found.output_tokens_per_s == 100.0
    assert found.ci95["ttft_ms.mean"] == pytest.approx(2.484, abs=1e-3)
    assert found.ci95["output_tokens_per_s"] == pytest.approx(24.84, abs=1e-2)
    assert found.samples["ttft_ms.mean"] == (9.0, 11.0, 10.0)
    assert (found.completed, found.duration_s) == (300, 6.0)
    assert other.load.concurrency == 8


def test_what_was_measured_once_stays_as_it_is():
    once = measured()
    assert combine_repeats([once]) == [once]
    assert "ci95" not in once.as_dict()


def test_it_survives_being_stored():
    [found] = combine_repeats(
        [measured(9.0, failed=1, errors=["1 x reset"]), measured(11.0, failed=2, errors=["2 x reset"])]
    )
    assert found.errors == ("3 x reset",)
    assert Measurement.from_dict(found.as_dict(), "measured") == found


def test_a_metric_that_one_repeat_lacks_is_left_out():
    lacking = Measurement(Load("D(10,10)", 4), completed=1)
    [found] = combine_repeats([measured(), lacking])
    assert found.ttft_ms == {}
    assert found.error_rate == 0


def test_combining_twice_changes_nothing():
    once = combine_repeats([measured(9.0), measured(11.0)])
    assert combine_repeats(once) == once


def test_a_load_with_too_many_errors_is_an_error_that_quotes_them_and_keeps_everything():
    good, bad = measured(), measured(concurrency=64, failed=2, errors=["2 x HTTP 503: overloaded"])
    with pytest.raises(BenchError) as caught:
        settle([good, bad], Benchmark())
    assert caught.value.message == (
        "D(10,10) c=64: 2 of 100 requests failed (2.0%, benchmark.max_error_rate=0.01): 2 x HTTP 503: overloaded"
    )
    assert caught.value.measurements == (good, bad)


def test_as_many_errors_as_allowed_are_none_too_many():
    assert settle([measured(failed=1)], Benchmark())[0].failed == 1
    assert settle([measured(failed=30)], Benchmark(max_error_rate=0.3))[0].failed == 30
    with pytest.raises(BenchError):
        settle([measured(failed=1)], Benchmark(max_error_rate=0.0))


def test_the_rate_of_all_repeats_together_counts():
    items = [measured(failed=2), measured(), measured()]
    assert settle(items, Benchmark())[0].error_rate == pytest.approx(2 / 300)


def test_errors_are_counted_shortened_and_on_one_line():
    found = count_errors(["a", "b\n  c", "a", "x" * 900, "d", "d", "d"])
    assert found == ("3 x d", "2 x a", "1 x b c")
    assert len(count_errors(["x" * 900])[0]) < 320
