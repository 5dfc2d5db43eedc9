import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.score import frontier, knee
from tests.examples import examples

METRIC = st.integers(1, 400).map(float)


def rows_of(columns, **more):
    return st.lists(st.tuples(*[METRIC] * columns), max_size=14, **more)


def test_it_is_where_the_frontier_bends():
    # TPOT in ms, throughput negated: up to (12, 1800) much is won for little, past it little for much.
    rows = [(10.0, -900.0), (11.0, -1500.0), (12.0, -1800.0), (25.0, -1900.0), (60.0, -2000.0)]
    assert knee(rows) == 2


def test_what_lies_on_the_line_between_the_ends_or_behind_it_is_none():
    straight = [(1.0, -1.0), (2.0, -2.0), (4.0, -4.0), (8.0, -8.0)]
    behind = [(1.0, -1.0), (2.0, -1.1), (4.0, -1.2), (8.0, -8.0)]
    assert knee(straight) is None
    assert knee(behind) is None


@pytest.mark.parametrize(
    "rows", [[], [(1.0, 2.0)], [(1.0, 2.0), (2.0, 1.0)], [(1.0, 2.0)] * 5, [(3.0,), (2.0,), (1.0,)]]
)
def test_too_few_different_rows_have_none(rows):
    assert knee(rows) is None


def test_three_objectives():
    ends = [(1.0, 100.0, 100.0), (100.0, 1.0, 100.0), (100.0, 100.0, 1.0)]
    assert knee([*ends, (90.0, 90.0, 2.0), (5.0, 5.0, 5.0)]) == 4
    # An objective that is alike everywhere decides nothing.
    assert knee([(10.0, -900.0, 7.0), (12.0, -1800.0, 7.0), (60.0, -2000.0, 7.0)]) == 1


def test_unknown_numbers_and_zeros_are_passed_over():
    rows = [(10.0, -900.0), (math.nan, -9000.0), (12.0, -1800.0), (60.0, -2000.0), (0.0, -1.0), (1.0, -0.0)]
    assert knee(rows) == 2


def test_of_equal_rows_the_first():
    assert knee([(60.0, -2000.0), (12.0, -1800.0), (12.0, -1800.0), (10.0, -900.0)]) == 1


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
@settings(deadline=None, max_examples=examples(60))
@given(data=st.data())
def test_it_is_on_the_frontier_and_no_end_of_two(columns, data):
    rows = data.draw(rows_of(columns))
    found = knee(rows)
    if found is None:
        return
    assert found in frontier(rows)
    if columns == 2:
        front = [rows[index] for index in frontier(rows)]
        assert rows[found] not in (min(front), max(front))


@settings(deadline=None, max_examples=examples(60))
@given(rows_of(3, min_size=4), st.tuples(*[st.floats(1e-4, 1e4)] * 3))
def test_units_change_nothing(rows, units):
    scaled = [tuple(value * unit for value, unit in zip(row, units, strict=True)) for row in rows]
    assert knee(scaled) == knee(rows)


@settings(deadline=None, max_examples=examples(60))
@given(rows_of(2, min_size=4))
def test_a_time_and_its_reciprocal_speed_have_the_same_knee(rows):
    assert knee([(first, -1000 / second) for first, second in rows]) == knee(rows)
