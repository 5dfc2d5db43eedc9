import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.verify.rank import kendall, ranks, spearman

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=30)
COLUMN = st.lists(st.integers(-50, 50), min_size=2, max_size=30)


def columns(pairs):
    return [float(x) for x, _ in pairs], [float(y) for _, y in pairs]


def sign(value):
    return (value > 0) - (value < 0)


def test_known_values():
    # Kendall, Rank Correlation Methods: the textbook's example of two judges, and one with ties worked out by hand.
    one, other = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [4, 7, 2, 10, 3, 6, 8, 1, 5, 9]
    assert kendall(one, other) == pytest.approx(5 / 45)
    assert spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) == pytest.approx(0.8207826816681233)
    assert kendall([1, 1, 2, 3], [1, 2, 2, 3]) == pytest.approx(4 / 5)


def test_tied_values_share_a_rank():
    assert ranks([10.0, 30.0, 20.0, 20.0]) == [1.0, 4.0, 2.5, 2.5]


@given(PAIRS)
def test_kendall_is_its_definition(pairs):
    one, other = columns(pairs)
    couples = list(itertools.combinations(range(len(pairs)), 2))
    agreeing = sum(sign(one[a] - one[b]) * sign(other[a] - other[b]) for a, b in couples)
    free_one = sum(one[a] != one[b] for a, b in couples)
    free_other = sum(other[a] != other[b] for a, b in couples)
    found = kendall(one, other)
    if free_one and free_other:
        assert found == pytest.approx(agreeing / math.sqrt(free_one * free_other))
    else:
        assert math.isnan(found)


@given(COLUMN)
def test_the_same_order_is_one_and_the_reverse_minus_one(values):
    if len(set(values)) < 2:
        return
    for measure in (spearman, kendall):
        assert measure(values, [value**3 + 5 for value in values]) == pytest.approx(1)
        assert measure(values, [-value for value in values]) == pytest.approx(-1)


@given(PAIRS, st.randoms(use_true_random=False))
def test_neither_depends_on_the_order_of_pairs_nor_on_which_column_comes_first(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    for measure in (spearman, kendall):
        one, other = columns(pairs)
        assert measure(one, other) == pytest.approx(measure(*columns(shuffled)), nan_ok=True)
        assert measure(one, other) == pytest.approx(measure(other, one), nan_ok=True)
        assert math.isnan(measure(one, other)) or -1.0000001 <= measure(one, other) <= 1.0000001


@pytest.mark.parametrize("measure", [spearman, kendall])
def test_what_has_no_order_has_no_correlation(measure):
    assert math.isnan(measure([], []))
    assert math.isnan(measure([1.0], [2.0]))
    assert math.isnan(measure([1.0, 1.0], [1.0, 2.0]))
    with pytest.raises(ValueError, match="same length"):
        measure([1.0], [])
