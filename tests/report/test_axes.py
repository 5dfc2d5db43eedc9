import math

import pytest

from autotune.report.attainment import Limit
from autotune.report.axes import MAX_PAIRS, Axis, axis_pairs
from autotune.score import OBJECTIVES, get_objectives
from tests.report.results import measurement


def names(objectives):
    return [(x.objective.name, y.objective.name) for x, y in axis_pairs(get_objectives(objectives))]


def test_two_objectives_are_one_plot_with_throughput_upwards():
    expected = [("minimize_tpot", "maximize_throughput_per_gpu")]
    assert names(["maximize_throughput_per_gpu", "minimize_tpot"]) == expected
    assert names(["minimize_tpot", "maximize_throughput_per_gpu"]) == expected


def test_three_objectives_are_three_plots_and_four_are_six():
    assert len(names(["maximize_throughput", "minimize_tpot", "minimize_ttft"])) == 3
    assert len(names(list(OBJECTIVES)[:4])) == 6
    assert len(names(list(OBJECTIVES))) == MAX_PAIRS


def test_a_lone_objective_gets_a_companion():
    assert names(["maximize_throughput"]) == [("minimize_tpot", "maximize_throughput")]
    assert names(["minimize_ttft"]) == [("minimize_ttft", "maximize_throughput_per_gpu")]


def test_tpot_is_shown_as_the_speed_of_one_user():
    axis = Axis(OBJECTIVES["minimize_tpot"])
    assert axis.maximise
    assert axis.read(measurement(tpot=20), 2) == 50
    assert math.isnan(axis.read(measurement(tpot_ms={}), 2))
    assert axis.limit(Limit("TPOT mean", 25.0, "tpot", "mean")) == 40


def test_other_latencies_are_shown_as_they_are():
    axis = Axis(OBJECTIVES["minimize_ttft"])
    assert not axis.maximise
    assert axis.read(measurement(ttft=70), 2) == 70
    assert axis.limit(Limit("TTFT mean", 300.0, "ttft", "mean")) == 300
    assert axis.limit(Limit("TTFT p95", 300.0, "ttft", "p95")) is None
    assert axis.limit(Limit("TPOT mean", 25.0, "tpot", "mean")) is None


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_has_a_title_and_a_value(name):
    axis = Axis(OBJECTIVES[name])
    assert axis.title
    assert axis.short
    assert axis.read(measurement(goodput_requests_per_s=6.0), 2) > 0
