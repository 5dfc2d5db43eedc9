import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.score import score_measurement, score_measurements
from tests.score.measured import config, measurement

BOTH = ["maximize_throughput", "minimize_tpot"]


def test_nothing_measured_has_no_score():
    assert score_measurements([], config()) == (None, None)


def test_one_objective_is_its_own_score():
    rows = [measurement(tokens=100), measurement(tokens=900), measurement(tokens=500)]
    assert score_measurements(rows, config(["maximize_throughput"])) == (1, -900)
    assert score_measurements([measurement(ttft=5), measurement(ttft=4)], config(["minimize_ttft"])) == (1, 4)


def test_several_objectives_are_a_weighted_geometric_mean():
    row = measurement(tokens=1000, tpot=10)
    assert score_measurement(row, config(BOTH)).score == pytest.approx(math.sqrt(10 / 1000))
    weighted = config(BOTH, {"minimize_tpot": 0.9, "maximize_throughput": 0.1})
    assert score_measurement(row, weighted).score == pytest.approx(10**0.9 / 1000**0.1)


def test_weights_decide_between_throughput_and_speed():
    rows = [measurement(tokens=1000, tpot=30), measurement(tokens=300, tpot=10)]
    assert score_measurements(rows, config(BOTH, {"maximize_throughput": 0.9, "minimize_tpot": 0.1}))[0] == 0
    assert score_measurements(rows, config(BOTH, {"maximize_throughput": 0.1, "minimize_tpot": 0.9}))[0] == 1


@given(st.lists(st.tuples(st.floats(1, 1e4), st.floats(0.1, 1e3)), min_size=2, max_size=6), st.floats(1e-3, 1e3))
def test_the_order_does_not_depend_on_the_unit(values, unit):
    one = [measurement(tokens=tokens, tpot=tpot) for tokens, tpot in values]
    other = [measurement(tokens=tokens, tpot=tpot * unit) for tokens, tpot in values]
    first, second = score_measurements(one, config(BOTH))[0], score_measurements(other, config(BOTH))[0]
    score = [score_measurement(item, config(BOTH)).score for item in one]
    assert score[first] == pytest.approx(score[second])


def test_ties_go_to_the_first():
    assert score_measurements([measurement(), measurement(), measurement()], config())[0] == 0


HARD = {"ttft": {"mean": {"threshold": 100.0, "hard_fail": True, "fail_ratio": 0.5}}}


@pytest.mark.parametrize(
    ("better_but_out", "settings"),
    [
        (measurement(tokens=9000, ttft=500), {"slo": HARD}),
        (measurement(tokens=9000, error_rate=0.06), {}),
        (measurement(tokens=9000, error_rate=math.nan), {}),
        (measurement(tokens=9000, ttft=500), {"constraints": ["ttft_ms.mean < 400.0"]}),
        (measurement(tokens=math.nan), {}),
    ],
)
def test_what_is_out_loses_to_anything_that_is_not(better_but_out, settings):
    chosen = config(["maximize_throughput"], **settings)
    index, score = score_measurements([better_but_out, measurement(tokens=10)], chosen)
    assert (index, score) == (1, -10)
    assert score_measurements([better_but_out], chosen) == (0, None)
    assert score_measurement(better_but_out, chosen).disqualified


@pytest.mark.parametrize("objectives", [["maximize_throughput"], ["minimize_tpot"], BOTH])
def test_a_missed_slo_never_makes_a_score_better(objectives):
    slo = {"ttft": {"mean": {"threshold": 90.0, "weight": 0.5}}}
    row = measurement(ttft=100)
    assert score_measurement(row, config(objectives, slo=slo)).score > score_measurement(row, config(objectives)).score


def test_a_soft_violation_can_lose_to_a_slower_load_that_meets_it():
    rows = [measurement(tokens=1000, ttft=200), measurement(tokens=400, ttft=80)]
    assert (
        score_measurements(rows, config(["maximize_throughput"], slo={"ttft": {"mean": {"threshold": 100.0}}}))[0] == 1
    )


def test_unknown_objectives_and_wrong_constraints_are_errors():
    with pytest.raises(InputError, match="AT003"):
        score_measurements([measurement()], config(["be_fast"]))
    with pytest.raises(InputError, match="AT008"):
        score_measurements([measurement()], config(constraints=["nonsense < 1.0"]))
