import json
from dataclasses import replace

import pytest

from autotune.report import Reported
from autotune.report.columns import entries_of
from autotune.report.figure import MAX_TOLD, axis_choices, pareto_figure
from autotune.score import OBJECTIVES
from autotune.store import Predicted
from tests.report.results import HOSTILE, failed, measurement, result, run

AXES = ("minimize_tpot", "maximize_throughput_per_gpu")


def figure(results, axes=AXES, **more):
    report = Reported(run(results), tuple(results))
    series = {id(item): (place, f"#{place}") for place, item in enumerate(report.results)}
    return pareto_figure(entries_of([report], [""]), axes, series, **more)


def test_marks_have_their_place_series_and_prediction():
    item = measurement(8, tpot=10, tokens=1000)
    told = Predicted(
        replace(item, kind="predicted", tpot_ms={"mean": 20.0}, output_tokens_per_s=800.0), "roofline", "1"
    )
    found = figure([result("a", (), [item], predictions=(told,)), failed()])
    (series,) = found["series"]
    (mark,) = series["marks"]
    assert (mark["x"], mark["y"], mark["predicted"]) == (100.0, 500.0, [50.0, 400.0])
    assert mark["frontier"]
    assert mark["ranked"]
    assert (found["x"]["maximise"], found["y"]["maximise"]) == (True, True)


def test_the_edge_is_what_no_other_beats_on_these_two_axes():
    points = [
        result("a", (), [measurement(tpot=10, tokens=1000)]),
        result("b", (), [measurement(tpot=20, tokens=3000)]),
        result("c", (), [measurement(tpot=25, tokens=2000)]),
        result("d", (), [measurement(tpot=5, tokens=9000, error_rate=0.5)]),
    ]
    assert figure(points)["edge"] == [(50.0, 1500.0), (100.0, 500.0)]
    assert figure(points, ("minimize_ttft", "minimize_tpot"))["edge"] == [(100.0, 100.0)]


def test_wide_axes_are_logarithmic_and_narrow_ones_are_not():
    points = [result(str(c), (), [measurement(c, tpot=10, tokens=10.0 * c)]) for c in (1, 10, 100)]
    found = figure(points)
    assert (found["x"]["log"], found["y"]["log"]) == (False, True)
    assert "log scale" in found["y"]["title"]


@pytest.mark.parametrize("x", OBJECTIVES)
@pytest.mark.parametrize("y", ["maximize_goodput", "minimize_tpot_per_gpu"])
def test_every_pair_of_axes_is_json_whatever_is_known(x, y):
    points = [
        result("a", (), [measurement(tpot_ms={}, output_tokens_per_s=float("nan"))]),
        result("b", (), [measurement()]),
    ]
    json.dumps(figure(points, (x, y)), allow_nan=False)
    assert axis_choices()[x]


def test_texts_are_plain_and_without_secrets():
    found = figure(
        [result("a", (f"x.y={HOSTILE}",), [measurement()]), result("b", ("x.api_key=hunter2",), [measurement()])]
    )
    texts = json.dumps(found)
    assert "hunter2" not in texts


def test_of_many_marks_only_those_on_the_frontier_say_everything():
    points = [result(str(n), (), [measurement(tpot=10 + n, tokens=1000.0)]) for n in range(MAX_TOLD + 1)]
    marks = [mark for one in figure(points)["series"] for mark in one["marks"]]
    assert {len(mark["text"]) for mark in marks if mark["frontier"]} == {4}
    assert {len(mark["text"]) for mark in marks if not mark["frontier"]} == {1}
