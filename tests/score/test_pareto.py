import math
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.score import frontier

NUMBERS = st.integers(0, 6).map(float)


def plainly(rows):
    """The definition, word for word."""

    def dominates(one, other):
        return all(left <= right for left, right in zip(one, other, strict=True)) and tuple(one) != tuple(other)

    return [index for index, row in enumerate(rows) if not any(dominates(other, row) for other in rows)]


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
@given(data=st.data())
def test_it_is_what_the_definition_says(columns, data):
    rows = data.draw(st.lists(st.tuples(*[NUMBERS] * columns), max_size=25))
    assert frontier(rows) == plainly(rows)


def test_equal_rows_all_stay():
    assert frontier([(1.0, 2.0), (1.0, 2.0), (2.0, 2.0), (0.0, 3.0), (0.0, 3.0)]) == [0, 1, 3, 4]


def test_what_is_not_known_is_left_out():
    assert frontier([(math.nan, 0.0), (1.0, 1.0), (0.0, math.nan)]) == [1]
    assert frontier([(math.nan, 1.0)]) == frontier([]) == []


def test_infinities_count():
    assert frontier([(math.inf, 0.0), (1.0, 1.0), (math.inf, 2.0), (-math.inf, 5.0)]) == [0, 1, 3]


def test_rows_of_different_lengths_are_a_mistake():
    with pytest.raises(ValueError, match="same number of columns"):
        frontier([(1.0,), (1.0, 2.0)])
    with pytest.raises(ValueError, match="at least one"):
        frontier([()])


def test_two_objectives_are_fast_even_when_nothing_is_dominated():
    draw = random.Random(0)
    rows = [(x := draw.random(), -x) for _ in range(50_000)]
    start = time.perf_counter()
    assert len(frontier(rows)) == len(rows)
    assert time.perf_counter() - start < 2
