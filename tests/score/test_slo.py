import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.schema import Slo
from autotune.score import judge_slo, penalise
from autotune.score.slo import request_limits
from tests.score.measured import measurement


def slo(steepness=0.1, **targets):
    return Slo.model_validate({"steepness": steepness, **targets})


def test_what_a_single_request_has_to_keep_to_is_the_outermost_target():
    wanted = slo(ttft={"p50": {"threshold": 100.0}, "p99": {"threshold": 900.0}}, tpot={"mean": {"threshold": 25.0}})
    assert request_limits(wanted) == {"ttft_ms": 900.0, "tpot_ms": 25.0}
    assert request_limits(slo()) == {}


def test_a_met_target_changes_nothing():
    verdict = judge_slo(
        measurement(ttft=100), slo(ttft={"mean": {"threshold": 100.0}}, tpot={"mean": {"threshold": 50.0}})
    )
    assert verdict.met
    assert verdict.factor == 1.0
    assert penalise(123.0, verdict.factor) == 123.0


def test_the_formula():
    verdict = judge_slo(measurement(ttft=120), slo(ttft={"mean": {"threshold": 100.0, "weight": 2.0}}))
    assert verdict.factor == pytest.approx(1 + 2 * math.exp(0.2 / 0.1))
    assert not verdict.hard_failed


def test_violations_add_up():
    targets = {
        "ttft": {"mean": {"threshold": 80.0}, "p95": {"threshold": 100.0}},
        "e2e_latency": {"mean": {"threshold": 500.0}},
    }
    verdict = judge_slo(measurement(ttft=100, e2e=1000), slo(1.0, **targets))
    assert verdict.factor == pytest.approx(1 + math.exp(0.25) + math.exp(1.0) + math.exp(1.0))
    assert [(item.metric, item.statistic) for item in verdict.violations] == [
        ("ttft", "mean"),
        ("ttft", "p95"),
        ("e2e_latency", "mean"),
    ]


def test_hard_failure_needs_the_flag_and_the_ratio():
    def verdict(ttft, **target):
        return judge_slo(measurement(ttft=ttft), slo(ttft={"mean": {"threshold": 100.0, "fail_ratio": 0.5, **target}}))

    assert not verdict(1000).hard_failed
    assert not verdict(150, hard_fail=True).hard_failed
    assert verdict(151, hard_fail=True).hard_failed
    assert "hard failure" in str(verdict(151, hard_fail=True).violations[0])


def test_a_statistic_that_was_not_measured_is_listed():
    verdict = judge_slo(measurement(), slo(ttft={"p99": {"threshold": 1.0}}))
    assert verdict.missing == ("ttft.p99",)
    assert verdict.factor == 1.0


BASES = st.floats(allow_nan=False, allow_infinity=False)
FACTORS = st.floats(1.0, sys.float_info.max)


@given(base=BASES, factor=FACTORS)
def test_a_penalty_never_makes_a_score_better(base, factor):
    assert penalise(base, factor) >= base
    assert math.isfinite(penalise(base, factor))


@given(base=st.floats(-1e9, 1e9), one=st.floats(1.0, 1e12), two=st.floats(1.0, 1e12))
def test_a_larger_penalty_is_never_better(base, one, two):
    low, high = sorted((one, two))
    assert penalise(base, high) >= penalise(base, low)


def test_a_penalised_zero_is_worse_than_zero_and_better_than_anything_positive():
    assert 0 < penalise(0.0, 2.0) < 1e-300
    assert penalise(-0.0, 2.0) > 0
    assert penalise(-1000.0, 2.0) == -500.0


def test_enormous_violations_neither_overflow_nor_tie():
    factors = [
        judge_slo(measurement(ttft=value), slo(0.001, ttft={"mean": {"threshold": 1.0}})).factor
        for value in (1e3, 1e6, 1e9)
    ]
    assert all(math.isfinite(factor) for factor in factors)
    assert factors[0] < factors[1] < factors[2]
