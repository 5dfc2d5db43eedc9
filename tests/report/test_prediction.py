import math
from dataclasses import replace

from autotune.report.prediction import find_accuracy, find_predictions
from autotune.report.rows import measured_rows
from autotune.store import Predicted
from tests.report.results import measurement, result


def told(concurrency=8, **more):
    return Predicted(measurement(concurrency, kind="predicted", **more), "roofline", "1")


def rows(*measurements, predictions):
    return measured_rows([result(measurements=measurements, predictions=tuple(predictions))])


def test_predictions_go_with_the_load_that_they_are_for():
    found = find_predictions(rows(measurement(1), measurement(8), predictions=[told(8), told(64)]))
    assert [item.row.measurement.load.concurrency for item in found] == [8]


def test_accuracy_is_the_ratio_over_all_loads():
    found = find_predictions(
        rows(measurement(1, tpot=10), measurement(8, tpot=20), predictions=[told(1, tpot=12), told(8, tpot=20)])
    )
    tpot = next(item for item in find_accuracy(found) if item.objective.name == "minimize_tpot")
    assert (tpot.loads, tpot.low, tpot.high) == (2, 1.0, 1.2)
    assert math.isclose(tpot.median, 1.1)
    assert math.isclose(tpot.mape, 0.1)


def test_metrics_that_one_side_lacks_are_left_out():
    lacking = replace(told().measurement, ttft_ms={})
    found = find_predictions(rows(measurement(), predictions=[Predicted(lacking, "roofline", "1")]))
    assert "minimize_ttft" not in {item.objective.name for item in find_accuracy(found)}
    assert find_accuracy([]) == []
