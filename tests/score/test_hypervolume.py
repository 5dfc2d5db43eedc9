import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.score import frontier
from autotune.score.hypervolume import Staircase, hypervolume, hypervolume_gain, worst_of

NUMBERS = st.integers(0, 5).map(float)
TOP = 5.0


def counted(rows, columns):
    """Unit cells between a row and the reference, one by one: what the volume is on whole numbers."""
    cells = itertools.product(range(int(TOP)), repeat=columns)
    return sum(any(all(value <= cell for value, cell in zip(row, at, strict=True)) for row in rows) for at in cells)


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
@given(data=st.data())
def test_it_is_the_volume_of_what_is_dominated(columns, data):
    rows = data.draw(st.lists(st.tuples(*[NUMBERS] * columns), max_size=8))
    assert hypervolume(rows, (TOP,) * columns) == counted(rows, columns)


@pytest.mark.parametrize("columns", [2, 3])
@given(data=st.data())
def test_a_gain_is_the_difference_it_makes(columns, data):
    rows = data.draw(st.lists(st.tuples(*[NUMBERS] * columns), max_size=8))
    one = data.draw(st.tuples(*[NUMBERS] * columns))
    reference = (TOP,) * columns
    more = hypervolume([*rows, one], reference) - hypervolume(rows, reference)
    assert hypervolume_gain(one, rows, reference) == pytest.approx(more)
    if columns == 2:
        assert Staircase(rows, reference).gain(*one) == pytest.approx(more)


@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=10))
def test_only_the_frontier_counts(rows):
    kept = [rows[index] for index in frontier(rows)]
    assert hypervolume(rows, (TOP, TOP)) == hypervolume(kept, (TOP, TOP))


def test_what_is_not_known_covers_nothing():
    assert hypervolume([(math.nan, 0.0), (0.0, math.inf)], (1.0, 1.0)) == 0.0
    assert hypervolume([], (1.0, 1.0)) == 0.0
    assert worst_of([(1.0, 5.0), (math.nan, 9.0), (3.0, 2.0)]) == (3.0, 5.0)
    assert worst_of([]) == ()


def test_rows_have_the_reference_s_columns():
    with pytest.raises(ValueError, match="as many columns"):
        hypervolume([(1.0,)], (1.0, 1.0))
