import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.score import change_weights, normalise, percentages, rebalance

WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1e300), min_size=1)


def test_changing_one_weight_scales_the_others_in_proportion():
    before = {"accuracy": 0.7, "cpu": 0.075, "memory": 0.045, "disk": 0.075, "network": 0.105}
    after = rebalance(before, "accuracy", 0.8)
    assert after == pytest.approx({"accuracy": 0.8, "cpu": 0.05, "memory": 0.03, "disk": 0.05, "network": 0.07})
    assert list(after) == list(before)


@settings(deadline=None)
@given(WEIGHTS)
def test_weights_sum_to_one(weights):
    assert sum(normalise(weights).values()) == pytest.approx(1.0)


@settings(deadline=None)
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


def test_several_at_once_leave_the_others_in_proportion():
    before = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}
    assert change_weights(before, {"a": 0.5, "b": 0.2}) == pytest.approx({"a": 0.5, "b": 0.2, "c": 0.2, "d": 0.1})
    assert change_weights(before, {"a": 0.7}) == pytest.approx(rebalance(before, "a", 0.7))
    assert change_weights(before, {}) == pytest.approx(before)
    assert change_weights({"a": 0.5, "b": 0.5}, {"a": 0.1, "b": 0.9}) == {"a": 0.1, "b": 0.9}
    assert change_weights({"a": 1.0}, {"a": 1.0}) == {"a": 1.0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": 0.5}, "x is none of the objectives"),
        ({"a": 1.5}, "the weight of a is 1.5"),
        ({"a": -0.1}, "between 0 and 1"),
        ({"a": float("nan")}, "between 0 and 1"),
        ({"a": 0.8, "b": 0.3}, "sum to 1.1"),
        ({"a": 0.2, "b": 0.3}, "no other objective is left"),
    ],
)
def test_changes_that_cannot_be_made_say_why(changes, words):
    with pytest.raises(InputError, match=words) as error:
        change_weights({"a": 0.5, "b": 0.5}, changes)
    assert [item.code for item in error.value.diagnostics] == ["AT003"]


def test_a_lone_weight_is_locked_and_every_mistake_is_named_at_once():
    with pytest.raises(InputError, match="stays 1"):
        change_weights({"a": 1.0}, {"a": 0.4})
    with pytest.raises(InputError) as error:
        change_weights({"a": 0.5, "b": 0.5}, {"a": 2.0, "x": 0.5})
    assert len(error.value.diagnostics) == 2


@settings(deadline=None)
@given(st.lists(st.floats(0, 10), min_size=2, max_size=6), st.data())
def test_whatever_is_changed_the_sum_is_one_and_the_rest_keeps_its_ratios(given_weights, data):
    before = normalise({f"w{index}": weight for index, weight in enumerate(given_weights)})
    names = data.draw(st.lists(st.sampled_from(sorted(before)), unique=True, max_size=len(before) - 1))
    changes = {name: data.draw(st.floats(0, 1 / len(before))) for name in names}
    after = change_weights(before, changes)
    assert sum(after.values()) == pytest.approx(1)
    rest = [name for name in before if name not in changes]
    held = sum(before[name] for name in rest)
    if held > 1e-6:
        scale = (1 - sum(changes.values())) / held
        assert [after[name] for name in rest] == pytest.approx([before[name] * scale for name in rest], abs=1e-9)


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1e6), min_size=1, max_size=8))
def test_percentages_sum_to_exactly_100_and_are_near_the_weights(weights):
    shown = percentages(weights)
    assert round(sum(shown.values()) * 10) == 1000
    assert all(round(value * 10) == pytest.approx(value * 10) for value in shown.values())
    assert all(abs(shown[name] - 100 * weight) <= 0.1 + 1e-9 for name, weight in normalise(weights).items())


def test_thirds_as_percentages():
    assert percentages({"a": 1, "b": 1, "c": 1}) == {"a": 33.4, "b": 33.3, "c": 33.3}
    with pytest.raises(ValueError, match="no weights"):
        percentages({})
