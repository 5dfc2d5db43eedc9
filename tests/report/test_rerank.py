from dataclasses import replace

import pytest

from autotune.report.picks import find_picks
from autotune.report.rerank import rerank
from autotune.schema import Config
from autotune.score import score_measurements
from tests.report.results import failed, measurement, result

THROUGHPUT, SPEED = "maximize_throughput_per_gpu", "minimize_tpot"
LOADS = [measurement(1, tpot=5, tokens=300), measurement(64, tpot=40, tokens=9000)]


def scored(name, loads):
    """A result as a run leaves it."""
    item = result(name, (), loads)
    best, score = score_measurements(loads, Config.model_validate(item.config))
    return replace(item, best=best, score=score)


def test_the_weights_that_a_run_had_change_nothing():
    item = scored("a", LOADS)
    (again,) = rerank([item], {THROUGHPUT: 0.5, SPEED: 0.5})
    assert (again.best, again.score) == (item.best, pytest.approx(item.score))


def test_other_weights_choose_another_load_and_another_order():
    quick, wide = scored("quick", [measurement(1, tpot=4, tokens=100)]), scored("wide", LOADS)
    by_speed = rerank([wide, quick], {THROUGHPUT: 0.0, SPEED: 1.0})
    by_throughput = rerank([wide, quick], {THROUGHPUT: 1.0, SPEED: 0.0})
    assert [item.point_id for item in by_speed] == ["quick", "wide"]
    assert [item.point_id for item in by_throughput] == ["wide", "quick"]
    assert (by_speed[1].best, by_throughput[0].best) == (0, 1)
    assert find_picks(by_speed).row("best").result.point_id == "quick"


def test_what_failed_stays_at_the_end_and_limits_still_hold():
    config = {**result().config, "slo": {"ttft": {"mean": {"threshold": 50.0, "hard_fail": True, "fail_ratio": 0.1}}}}
    late = replace(result("late", (), [measurement(ttft=90)]), config=config)
    ranked = rerank([failed(), late, scored("a", LOADS)], {SPEED: 1.0})
    assert [(item.point_id, item.score is None) for item in ranked] == [("a", False), ("p9", True), ("late", True)]
    assert ranked[1] == failed()
