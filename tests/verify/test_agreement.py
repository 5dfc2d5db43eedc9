import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.verify.agreement import agreement, agreements
from autotune.verify.align import Values
from tests.verify.pairs import pair

AMOUNT = st.floats(0.01, 1e6)


def test_twice_too_high_and_half_cancel_out_in_the_bias_alone():
    found = agreement("ttft_ms", [Values(200.0, 100.0), Values(25.0, 50.0)])
    assert found.mape == pytest.approx((1.0 + 0.5) / 2)
    assert found.median == pytest.approx(0.75)
    assert found.bias == pytest.approx(0.0)
    assert found.worst == pytest.approx(2.0)
    assert found.spearman == pytest.approx(1.0)


# Amounts that differ in their last bit alone may be one number once they are multiplied.
@given(st.lists(AMOUNT, min_size=2, max_size=20, unique_by=lambda value: round(value, 6)), st.floats(0.1, 10))
def test_a_constant_factor_is_all_bias_and_no_disorder(values, factor):
    found = agreement("tpot_ms", [Values(value * factor, value) for value in values])
    assert found.bias == pytest.approx(factor - 1, rel=1e-6, abs=1e-9)
    assert found.mape == pytest.approx(abs(factor - 1), rel=1e-6, abs=1e-9)
    assert found.kendall == pytest.approx(1.0) or math.isnan(found.kendall)


@given(st.lists(st.tuples(AMOUNT, AMOUNT), min_size=1, max_size=20), st.floats(0.001, 1000))
def test_the_unit_does_not_matter(rows, scale):
    one = agreement("x", [Values(*row) for row in rows])
    other = agreement("x", [Values(predicted * scale, measured * scale) for predicted, measured in rows])
    assert other.mape == pytest.approx(one.mape, rel=1e-6)
    assert other.bias == pytest.approx(one.bias, rel=1e-6, abs=1e-9)


def test_only_metrics_that_some_pair_has_are_there():
    found = agreements([pair({"ttft": 90.0, "tpot": math.nan}), pair()])
    assert {item.metric: item.pairs for item in found} == {
        "ttft_ms": 2, "tpot_ms": 1, "e2e_latency_ms": 1, "output_tokens_per_s_per_gpu": 2,
    }  # fmt: skip
    assert agreement("ttft_ms", []) is None


def test_what_is_not_known_is_no_number_in_json():
    found = agreement("ttft_ms", [Values(1.0, 2.0)]).as_dict()
    assert found["spearman"] is None
    assert found["mape"] == 0.5
