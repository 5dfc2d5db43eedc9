import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.score import Goal, Shortfall, compile_constraints, find_shortfalls
from tests.examples import examples
from tests.score.measured import config, measurement


def missed(row, constraints=(), slo=None):
    chosen = config(constraints=constraints, slo=slo)
    return find_shortfalls(row, Goal.of(chosen.optimization, chosen.slo))


def test_a_target_that_is_missed_has_its_distance():
    slo = {"ttft": {"p95": {"threshold": 300.0}}, "tpot": {"mean": {"threshold": 25.0}}}
    (only,) = missed(measurement(ttft=206.0), slo=slo)
    assert only == Shortfall("ttft_ms.p95", 412.0, 300.0)
    assert only.excess == pytest.approx(0.373, abs=1e-3)
    assert only.over
    assert missed(measurement(ttft=150.0), slo=slo) == ()


def test_what_the_tool_did_not_give_is_not_met():
    assert missed(measurement(), slo={"ttft": {"p99": {"threshold": 300.0}}}) == (
        Shortfall("ttft_ms.p99", math.nan, math.nan, "not measured"),
    )
    (only,) = missed(measurement(), ["itl_ms.p50 < 3.0"])
    assert (only.limit, only.reason) == ("itl_ms.p50", "not measured")
    (only,) = missed(measurement(), ["requests_per_s > 3.0"])
    assert (only.limit, only.reason) == ("requests_per_s", "not measured")


def test_constraints_are_taken_apart_into_comparisons():
    row = measurement(ttft=206.0, tokens=900.0, error_rate=0.02)
    found = missed(
        row, ["ttft_ms.p95 < 300.0 && (error_rate == 0.0) && 1000 <= output_tokens_per_s && completed > 5.0"]
    )
    assert [(item.limit, item.measured, item.bound) for item in found] == [
        ("ttft_ms.p95", 412.0, 300.0),
        ("error_rate", 0.02, 0.0),
        ("output_tokens_per_s", 900.0, 1000.0),
    ]
    assert [round(item.excess, 3) for item in found] == [0.373, 0.02, 0.1]
    assert [item.over for item in found] == [True, True, False]


@pytest.mark.parametrize(
    "source",
    ["ttft_ms.p95 < 3.0 || tpot_ms.mean < 1.0", "!(error_rate == 0.0)", "ttft_ms.p95 + 1.0 < 300.0", "1.0 > 2.0",
     "ttft_ms.p95 < ttft_ms.mean", "(ttft_ms.p95 < 3.0 && tpot_ms.mean < 1.0)"],
)  # fmt: skip
def test_anything_else_is_one_limit_without_a_distance(source):
    (only,) = missed(measurement(ttft=500.0), [source])
    assert (only.limit, only.reason) == (source, "does not hold")
    assert math.isnan(only.excess)


def test_one_limit_said_twice_is_one():
    both = missed(measurement(ttft=206.0), ["ttft_ms.p95 < 300.0"], {"ttft": {"p95": {"threshold": 300.0}}})
    assert len(both) == 1


@settings(deadline=None, max_examples=examples(80))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ttft_ms.p95", "tpot_ms.mean", "output_tokens_per_s", "error_rate", "requests_per_s"]),
            st.sampled_from(["<", "<=", ">", ">=", "=="]),
            st.sampled_from([0.0, 0.01, 10.0, 300.0, 1000.0]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_there_is_a_shortfall_exactly_where_a_constraint_is_not_met(parts):
    source = " && ".join(f"{name} {compare} {bound}" for name, compare, bound in parts)
    (constraint,) = compile_constraints([source])
    row = measurement(ttft=150.0, error_rate=0.01)
    assert bool(missed(row, [source])) == (constraint.why_not(row) is not None)
