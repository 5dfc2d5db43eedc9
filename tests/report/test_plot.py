import math

import pytest

from autotune.report.plot import COLOURS, SHAPES, Sample, draw_plot, shape_of


def sample(x, y, series=0, label="#1", **more):
    return Sample(series, x, y, label, "tooltip", **more)


def test_nothing_to_plot():
    assert draw_plot([]) is None
    assert draw_plot([sample(math.nan, 1.0)]) is None


def test_more_is_up_and_to_the_right():
    low, high = draw_plot([sample(1, 1), sample(2, 2, 1)]).marks
    assert high.x > low.x
    assert high.y < low.y


def test_the_frontier_is_joined_and_dominated_marks_are_not_on_it():
    plot = draw_plot([sample(1, 10), sample(5, 5), sample(10, 1), sample(2, 2)])
    assert sorted(mark.on_frontier for mark in plot.marks) == [False, True, True, True]
    assert plot.frontier_line.count("L") == 2


def test_samples_of_another_kind_are_on_no_frontier():
    plot = draw_plot([sample(1, 1), sample(9, 9, 1, ranked=False)])
    assert {mark.ranked: mark.on_frontier for mark in plot.marks} == {True: True, False: False}


@pytest.mark.parametrize("largest", [0.0, 0.37, 1, 9.99, 125, 2500, 98765, 1e-5])
def test_ticks_are_round_and_cover_the_data(largest):
    plot = draw_plot([sample(largest, largest)])
    assert 2 <= len(plot.x_ticks) <= 8
    assert plot.x_ticks[0].at == plot.left
    assert all(plot.left <= mark.x <= plot.right and plot.top <= mark.y <= plot.bottom for mark in plot.marks)
    texts = [tick.text for tick in plot.x_ticks]
    assert len(set(texts)) == len(texts)


def test_labels_do_not_cover_each_other():
    plot = draw_plot([sample(1 + i % 7 / 50, 1 + i % 5 / 50, i, f"#{i} c=128") for i in range(40)])
    labelled = [mark for mark in plot.marks if mark.label]
    assert 1 <= len(labelled) < 40
    for one in labelled:
        for other in labelled:
            if one is not other and one.anchor == other.anchor:
                assert abs(one.label_y - other.label_y) >= 12 or abs(one.label_x - other.label_x) >= 30


def test_colour_and_shape_together_tell_56_series_apart():
    assert math.gcd(COLOURS, len(SHAPES)) == 1
    assert len({(series % COLOURS, shape_of(series)) for series in range(56)}) == 56
