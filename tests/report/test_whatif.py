import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.report import Reported
from autotune.report.whatif import WhatIf, changed_slo, limit_sliders, moved_weights, own_limits, own_weights
from tests.report.results import measurement, result, run

THROUGHPUT, SPEED = "maximize_throughput_per_gpu", "minimize_tpot"
SLO = {"ttft": {"p95": {"threshold": 250.0, "weight": 3.0, "hard_fail": True, "fail_ratio": 0.5}}, "steepness": 0.2}


def report(**config):
    item = result(
        "a", (), [measurement(1, ttft=100, tpot=5, tokens=300), measurement(64, ttft=400, tpot=40, tokens=9000)]
    )
    items = [result("a", (), item.measurements, config=item.config | config)]
    return Reported(run(items), tuple(items))


def test_the_runs_own_weights_and_limits():
    found = report(slo=SLO, optimization={"objectives": [THROUGHPUT, SPEED], "weights": {SPEED: 0.8, THROUGHPUT: 0.2}})
    assert own_weights(found) == pytest.approx({THROUGHPUT: 0.2, SPEED: 0.8})
    assert own_limits(found) == {"ttft.p95": 250.0}
    assert changed_slo(found, {"ttft.p95": 250.0}) is None


def test_a_limit_that_is_moved_keeps_the_rest_of_what_was_said_of_it():
    changed = changed_slo(report(slo=SLO), {"ttft.p95": 100.0, "tpot.mean": 9.0, "nonsense.p95": 1.0})
    assert changed == {
        "steepness": 0.2,
        "ttft": {"p95": SLO["ttft"]["p95"] | {"threshold": 100.0}},
        "tpot": {"mean": {"threshold": 9.0}},
    }
    assert changed_slo(report(slo=SLO), {}) == {"steepness": 0.2}


def test_sliders_reach_over_what_was_measured_and_one_is_offered_for_each_latency():
    found = {item.name: item for item in limit_sliders(report(slo=SLO), {"ttft.p95": 250.0})}
    assert list(found) == ["ttft.p95", "tpot.mean"]  # end to end has no p95 here
    assert (found["ttft.p95"].low, found["ttft.p95"].high, found["ttft.p95"].threshold_ms) == (200.0, 800.0, 250.0)
    assert found["tpot.mean"].threshold_ms is None


def test_limits_change_the_score_and_not_the_measurements():
    before = report()
    after = WhatIf(own_weights(before), {"tpot": {"mean": {"threshold": 10.0}}}).apply(before)
    assert after.results[0].measurements == before.results[0].measurements
    assert after.results[0].best == 0


@given(
    own=st.lists(st.floats(0, 1), min_size=1, max_size=5).filter(any),
    said=st.dictionaries(st.integers(0, 4), st.floats(0, 100)),
    moved=st.integers(-1, 5),
)
def test_whatever_is_moved_weights_sum_to_1_and_the_moved_one_has_its_value(own, said, moved):
    weights = {f"w{place}": value / sum(own) for place, value in enumerate(own)}
    percent = {f"w{place}": value for place, value in said.items()}
    found = moved_weights(weights, percent, f"w{moved}")
    assert sum(found.values()) == pytest.approx(1)
    assert found.keys() == weights.keys()
    if f"w{moved}" in percent and f"w{moved}" in weights and len(weights) > 1:
        assert found[f"w{moved}"] == pytest.approx(percent[f"w{moved}"] / 100)
