import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.score import normalise, rebalance

WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1e300), min_size=1)


def test_changing_one_weight_scales_the_others_in_proportion():
    before = {"accuracy": 0.7, "cpu": 0.075, "memory": 0.045, "disk": 0.075, "network": 0.105}
    after = rebalance(before, "accuracy", 0.8)
    assert after == pytest.approx({"accuracy": 0.8, "cpu": 0.05, "memory": 0.03, "disk": 0.05, "network": 0.07})
    assert list(after) == list(before)


@given(WEIGHTS)
def test_weights_sum_to_one(weights):
    assert sum(normalise(weights).values()) == pytest.approx(1.0)


@given(WEIGHTS, st.floats(0, 1), st.data())
def test_they_still_do_after_a_change(weights, value, data):
    name = data.draw(st.sampled_from(sorted(weights)))
    after = rebalance(weights, name, value)
    assert sum(after.values()) == pytest.approx(1.0)
    if len(weights) > 1:
        assert after[name] == value


def test_edges():
    assert normalise({}) == {}
    assert normalise({"a": 0.0, "b": 0.0}) == {"a": 0.5, "b": 0.5}
    assert rebalance({"a": 1.0, "b": 0.0, "c": 0.0}, "a", 0.6) == pytest.approx({"a": 0.6, "b": 0.2, "c": 0.2})
    assert rebalance({"a": 0.3}, "a", 0.5) == {"a": 1.0}
    assert rebalance({"a": 0.5, "b": 0.5}, "a", 1.0) == {"a": 1.0, "b": 0.0}


@pytest.mark.parametrize("weights", [{"a": -0.1, "b": 1.0}, {"a": float("nan")}, {"a": float("inf")}])
def test_weights_that_are_none(weights):
    with pytest.raises(ValueError, match="weight of a"):
        normalise(weights)


def test_unknown_name_and_value_out_of_range():
    with pytest.raises(KeyError, match="no weight 'x'"):
        rebalance({"a": 1.0}, "x", 0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        rebalance({"a": 1.0}, "a", 1.5)
