import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.report.scale import fitting_scale, linear_scale, log_scale


@pytest.mark.parametrize("largest", [0.0, 0.37, 1, 9.99, 125, 2500, 98765, 1e-5])
def test_linear_ticks_are_round_and_distinct(largest):
    scale = linear_scale([largest])
    assert scale.ticks[0] == 0
    assert 2 <= len(scale.ticks) <= 8
    texts = [scale.text(tick) for tick in scale.ticks]
    assert len(set(texts)) == len(texts)


def test_logarithmic_ticks_are_one_two_five():
    scale = log_scale([30, 9000])
    assert [scale.text(tick) for tick in scale.ticks] == [
        "50",
        "100",
        "200",
        "500",
        "1,000",
        "2,000",
        "5,000",
        "10,000",
    ]
    assert [log_scale([1e-2, 1e4]).text(tick) for tick in (0.01, 1)] == ["0.01", "1"]
    assert all(math.log10(tick).is_integer() for tick in log_scale([1e-2, 1e4]).ticks)


def test_only_latencies_far_apart_are_logarithmic():
    assert fitting_scale([10, 1000], maximise=False).logarithmic
    assert not fitting_scale([10, 100], maximise=False).logarithmic
    assert not fitting_scale([10, 1000], maximise=True).logarithmic
    assert not fitting_scale([0, 10, 1000], maximise=False).logarithmic


@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=20), st.booleans())
def test_values_keep_their_order_and_lie_on_the_scale(values, maximise):
    scale = fitting_scale(values, maximise=maximise)
    shares = [scale.share(value) for value in sorted(values)]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert all(0 <= scale.share(tick) <= 1 + 1e-9 for tick in scale.ticks)
