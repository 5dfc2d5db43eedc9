import math

import pytest

from autotune.report.marks import COLOURS, SHAPES, Sample
from autotune.report.plot import Frame, draw_plot


def sample(x, y, series=0, label="#1", **more):
    return Sample(series, x, y, label, "tooltip", **more)


def places(path):
    return [tuple(map(float, place.split())) for place in path.lstrip("M").split("L")]


def test_nothing_to_plot():
    assert draw_plot([]) is None
    assert draw_plot([sample(math.nan, 1.0)]) is None
    assert draw_plot([sample(-1.0, 1.0)]) is None


def test_more_is_up_and_to_the_right():
    low, high = draw_plot([sample(1, 1), sample(2, 2, 1)]).marks
    assert high.x > low.x
    assert high.y < low.y


def test_the_frontier_goes_down_in_steps_behind_which_all_is_beaten():
    samples = [sample(1, 10), sample(5, 5), sample(10, 1), sample(2, 2)]
    plot = draw_plot(samples)
    steps = places(plot.frontier_line)
    assert len(steps) == 5
    corner, first, second = steps[1], steps[0], steps[2]
    assert corner == (first[0], second[1])
    # The beaten one lies left of and below the step that it is behind.
    beaten = plot.marks[3]
    assert beaten.x < second[0]
    assert beaten.y > second[1]


def test_where_less_is_better_the_steps_turn_the_other_way():
    plot = draw_plot([sample(10, 1), sample(20, 5), sample(30, 4)], Frame(x_maximise=False))
    first, corner, second = places(plot.frontier_line)
    assert corner == (second[0], first[1])


def test_samples_of_another_kind_are_on_no_frontier():
    plot = draw_plot([sample(1, 1), sample(9, 9, 1, ranked=False)])
    assert plot.frontier_line == ""
    assert [mark.ranked for mark in plot.marks] == [True, False]


def test_what_is_on_the_frontier_is_drawn_last():
    assert [mark.top for mark in draw_plot([sample(1, 1, top=True), sample(2, 2)]).marks] == [False, True]


def test_a_prediction_is_linked_to_what_came_out_and_on_no_frontier():
    plot = draw_plot([sample(1, 10, predicted=(9, 99)), sample(5, 5, predicted=(math.nan, 1))])
    (ghost,) = plot.ghosts
    mark = plot.marks[0]
    assert places(ghost.link) == [(round(ghost.x, 1), round(ghost.y, 1)), (round(mark.x, 1), round(mark.y, 1))]
    assert ghost.y < mark.y
    assert min(y for _, y in places(plot.frontier_line)) > ghost.y
    assert plot.top <= ghost.y


def test_a_prediction_far_out_stretches_nothing_and_its_link_ends_at_the_edge():
    near = draw_plot([sample(10, 10, predicted=(14, 14))])
    far = draw_plot([sample(10, 10, predicted=(100, 55))])
    assert near.ghosts[0].inside
    assert not far.ghosts[0].inside
    assert far.x_ticks == draw_plot([sample(10, 10)]).x_ticks
    edge, mark = places(far.ghosts[0].link)
    assert edge[0] == far.right
    assert far.top < edge[1] < mark[1]


def test_a_pick_is_always_named_and_first_to_choose_a_place():
    crowd = [sample(1 + i % 7 / 50, 1 + i % 5 / 50, i, f"#{i} c=128") for i in range(40)]
    crowd[17] = crowd[17]._replace(pick="knee")
    mark = next(mark for mark in draw_plot(crowd).marks if mark.pick)
    assert mark.label in {"#17 c=128 knee", "knee"}
    hidden = [sample(1, 1, label="#1") for _ in range(300)]
    assert [mark.label for mark in draw_plot([*hidden, sample(1, 1, pick="best")]).marks][-1].endswith("best")


def test_loads_of_one_point_are_joined():
    plot = draw_plot([sample(1, 1, 0, line=0), sample(2, 2, 0, line=0), sample(3, 3, 1, line=1), sample(4, 4)])
    assert [colour for colour, _ in plot.series_lines] == [0]


def test_limits_inside_the_plot_are_drawn():
    plot = draw_plot([sample(10, 10)], Frame(x_rules=((5.0, "TPOT"), (999.0, "far away"))))
    assert [rule.text for rule in plot.x_rules] == ["TPOT"]
    assert plot.left < plot.x_rules[0].at < plot.right


@pytest.mark.parametrize("largest", [0.0, 0.37, 1, 9.99, 125, 2500, 98765, 1e-5])
@pytest.mark.parametrize("maximise", [True, False])
def test_everything_lies_inside(largest, maximise):
    plot = draw_plot([sample(largest, largest), sample(largest / 100, largest / 3)], Frame(maximise, maximise))
    assert 2 <= len(plot.x_ticks) <= 8
    assert all(plot.left <= mark.x <= plot.right and plot.top <= mark.y <= plot.bottom for mark in plot.marks)
    assert all(plot.left <= tick.at <= plot.right for tick in plot.x_ticks)


def test_labels_do_not_cover_each_other():
    plot = draw_plot([sample(1 + i % 7 / 50, 1 + i % 5 / 50, i, f"#{i} c=128") for i in range(40)])
    labelled = [mark for mark in plot.marks if mark.label]
    assert 1 <= len(labelled) < 40
    for one in labelled:
        for other in labelled:
            if one is not other and one.anchor == other.anchor:
                assert abs(one.label_y - other.label_y) >= 12 or abs(one.label_x - other.label_x) >= 30


def test_colour_and_shape_together_tell_56_series_apart():
    plot = draw_plot([sample(1, 1, series) for series in range(56)])
    assert len({(mark.colour, mark.shape) for mark in plot.marks}) == 56
    assert math.gcd(COLOURS, len(SHAPES)) == 1
