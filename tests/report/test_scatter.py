import math

from hypothesis import given
from hypothesis import strategies as st

from autotune.report.scatter import BAND, BOTTOM, LEFT, RIGHT, SIZE, TOP, Dot, draw_scatter

VALUE = st.floats(1e-3, 1e7)


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=20))
def test_every_pair_is_inside_and_on_its_side_of_the_line(pairs):
    plot = draw_scatter([Dot(0, measured, predicted, "") for measured, predicted in pairs])
    for mark, (measured, predicted) in zip(plot.marks, pairs, strict=True):
        assert LEFT <= mark.x <= SIZE - RIGHT
        assert TOP <= mark.y <= SIZE - BOTTOM
        # Height above the bottom and distance from the left, as shares of the axes: equal on the line.
        up = (SIZE - BOTTOM - mark.y) / (SIZE - TOP - BOTTOM)
        right = (mark.x - LEFT) / (SIZE - LEFT - RIGHT)
        if not math.isclose(predicted, measured, rel_tol=1e-6):
            assert (up > right) == (predicted > measured)
    assert plot.ticks_x
    assert [tick.text for tick in plot.ticks_x] == [tick.text for tick in plot.ticks_y]


def test_what_is_not_above_zero_is_left_out():
    assert draw_scatter([Dot(0, 0.0, 1.0, ""), Dot(0, 1.0, math.nan, ""), Dot(0, -1.0, 1.0, "")]) is None
    assert len(draw_scatter([Dot(0, 0.0, 1.0, ""), Dot(1, 2.0, 2.0 * BAND, "")]).marks) == 1
