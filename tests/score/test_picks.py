import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.score import Candidate, Goal, choose_picks, frontier, objective_values
from tests.examples import examples
from tests.score.measured import config, measurement

BOTH = ["maximize_throughput", "minimize_tpot"]
SLO = {"ttft": {"p95": {"threshold": 300.0}}}


def goal(objectives=BOTH, **more):
    chosen = config(objectives, **more)
    return Goal.of(chosen.optimization, chosen.slo)


def picks(rows, aim=None):
    return choose_picks([Candidate(row, aim or goal()) for row in rows])


#: A frontier that bends at its second row.
BENT = [
    measurement(tpot=10.0, tokens=900.0),
    measurement(tpot=12.0, tokens=1800.0),
    measurement(tpot=60.0, tokens=2000.0),
]


def test_best_and_knee_without_limits():
    found = picks(BENT)
    assert found.chosen == {"best": 1, "knee": 1}
    assert "no limit" in found.why_not["slo"]
    assert set(found.why_not) == {"slo", "nearest"}


def test_a_weight_moves_the_best_and_not_the_knee():
    assert picks(BENT, goal(weights={"minimize_tpot": 0.95, "maximize_throughput": 0.05})).chosen == {
        "best": 0,
        "knee": 1,
    }
    assert picks(BENT, goal(weights={"minimize_tpot": 0.02, "maximize_throughput": 0.98})).chosen == {
        "best": 2,
        "knee": 1,
    }


def test_the_best_that_meets_every_limit_is_named_beside_the_best():
    slo = {"ttft": {"p95": {"threshold": 300.0, "weight": 1e-6}}}
    rows = [
        measurement(ttft=155.0, tokens=5000.0),
        measurement(ttft=150.0, tokens=800.0),
        measurement(ttft=150.0, tokens=700.0),
    ]
    found = picks(rows, goal(["maximize_throughput"], slo=slo))
    assert (found.chosen["best"], found.chosen["slo"]) == (0, 1)
    assert found.why_not["nearest"] == "a load meets every limit"
    assert [len(missed) for missed in found.shortfalls] == [1, 0, 0]


def test_where_none_meets_them_the_nearest_has_the_smallest_worst_excess():
    slo = {"ttft": {"p95": {"threshold": 100.0}}, "tpot": {"mean": {"threshold": 10.0}}}
    rows = [measurement(ttft=50.0, tpot=20.0), measurement(ttft=68.0, tpot=13.0), measurement(ttft=70.0, tpot=11.0)]
    found = picks(rows, goal(slo=slo))
    assert found.chosen["nearest"] == 1
    assert found.why_not["slo"] == "no load meets every limit"
    assert [item.limit for item in found.shortfalls[1]] == ["ttft_ms.p95", "tpot_ms.mean"]


def test_of_two_equally_near_the_one_that_misses_less_besides():
    slo = {"ttft": {"p95": {"threshold": 100.0}}, "tpot": {"mean": {"threshold": 10.0}}}
    rows = [measurement(ttft=75.0, tpot=12.0), measurement(ttft=75.0, tpot=11.0), measurement(ttft=75.0, tpot=13.0)]
    assert picks(rows, goal(slo=slo)).chosen["nearest"] == 1


def test_a_limit_without_a_distance_is_farther_than_any_with_one():
    aim = goal(slo=SLO, constraints=["ttft_ms.p95 < 900.0 || error_rate < 0.0"])
    rows = [measurement(ttft=455.0), measurement(ttft=400.0), measurement(ttft=410.0)]
    assert picks(rows, aim).chosen["nearest"] == 1


def test_what_must_be_met_is_never_best():
    hard = {"ttft": {"p95": {"threshold": 300.0, "hard_fail": True, "fail_ratio": 0.1}}}
    fast_but_out = measurement(ttft=500.0, tokens=9000.0, tpot=5.0)
    for aim in (goal(slo=hard), goal(constraints=["ttft_ms.p95 < 300.0"])):
        assert picks([fast_but_out, *BENT], aim).chosen == {"best": 2, "slo": 2, "knee": 2}
        alone = picks([fast_but_out], aim)
        assert alone.chosen == {"nearest": 0}
        assert "ttft" in alone.why_not["best"]


@pytest.mark.parametrize(
    "unsound",
    [
        measurement(tokens=math.nan),
        measurement(error_rate=0.2),
        measurement(error_rate=math.nan),
        measurement(tpot_ms={}),
    ],
)
def test_what_was_not_measured_or_failed_is_picked_for_nothing(unsound):
    for aim in (goal(), goal(slo=SLO)):
        assert picks([unsound], aim).chosen == {}
        assert "no load may win" in picks([unsound], aim).why_not["best"]
        assert set(picks([unsound, *BENT], aim).chosen.values()) == {2}


def test_one_row_and_none():
    assert picks([measurement()]).chosen == {"best": 0}
    assert picks([]).chosen == {}
    assert picks([]).why_not["best"] == "nothing was measured"


def test_the_size_of_the_server_counts_where_the_measurement_lacks_it():
    aim = goal(["maximize_throughput_per_gpu"])
    row = measurement(output_tokens_per_s_per_gpu=math.nan)
    assert choose_picks([Candidate(row, aim)]).chosen == {}
    assert choose_picks([Candidate(row, aim, gpus=4), Candidate(row, aim, gpus=2)]).chosen == {"best": 1}


ROW = st.builds(
    measurement,
    ttft=st.integers(1, 300).map(float),
    tpot=st.integers(1, 60).map(float),
    tokens=st.integers(1, 3000).map(float),
    error_rate=st.sampled_from([0.0, 0.0, 0.0, 0.03, 0.2, math.nan]),
)
ROWS = st.lists(ROW, max_size=12)
GOAL = st.sampled_from([
    goal(), goal(slo=SLO), goal(slo={**SLO, "tpot": {"mean": {"threshold": 20.0, "hard_fail": True}}}),
    goal([*BOTH, "minimize_ttft"], slo=SLO), goal(constraints=["tpot_ms.mean < 20.0 && output_tokens_per_s > 500.0"]),
    goal(["minimize_ttft"]),
])  # fmt: skip
LAWS = settings(deadline=None, max_examples=examples(80))


def values(rows, aim):
    return [objective_values(row, aim.objectives) for row in rows]


@LAWS
@given(ROWS)
def test_without_limits_every_pick_is_on_the_frontier_of_what_counts(rows):
    sound = [row for row in rows if row.error_rate <= 0.05]
    found = picks(sound)
    assert set(found.chosen.values()) <= set(frontier(values(sound, goal())))
    assert ("best" in found.chosen) == bool(sound)


@LAWS
@given(ROWS, GOAL)
def test_the_slo_pick_meets_every_limit_and_nothing_that_does_beats_it(rows, aim):
    found = picks(rows, aim)
    meeting = [index for index, row in enumerate(rows) if not found.shortfalls[index] and row.error_rate <= 0.05]
    if "slo" in found.why_not:
        assert not meeting or "no limit" in found.why_not["slo"]
        return
    assert found.chosen["slo"] in meeting
    front = frontier(values([rows[index] for index in meeting], aim))
    assert meeting.index(found.chosen["slo"]) in front
    if found.chosen["best"] in meeting:
        assert found.chosen["best"] == found.chosen["slo"]


@LAWS
@given(ROWS, GOAL)
def test_nearest_is_named_exactly_where_slo_is_not_and_might_be(rows, aim):
    found = picks(rows, aim)
    assert not {"slo", "nearest"} <= set(found.chosen)
    if "nearest" in found.chosen:
        assert found.shortfalls[found.chosen["nearest"]]
    assert set(found.chosen) | set(found.why_not) == {"best", "slo", "knee", "nearest"}
    assert not set(found.chosen) & set(found.why_not)


@LAWS
@given(ROWS, st.floats(1e-3, 1e3))
def test_the_unit_of_a_metric_changes_no_pick(rows, unit):
    scaled = [replace(row, tpot_ms={"mean": row.tpot_ms["mean"] * unit}) for row in rows]
    before, after = picks(rows), picks(scaled)
    assert set(before.chosen) == set(after.chosen)
    assert before.chosen.get("knee") == after.chosen.get("knee")
    if "best" in before.chosen:
        assert before.scores[after.chosen["best"]] == pytest.approx(before.scores[before.chosen["best"]])


@LAWS
@given(ROWS, GOAL)
def test_rows_whose_requests_failed_might_as_well_not_be_there(rows, aim):
    found = picks(rows, aim)
    sound = [index for index, row in enumerate(rows) if row.error_rate <= 0.05]
    alone = picks([rows[index] for index in sound], aim)
    assert {name: sound[index] for name, index in alone.chosen.items()} == dict(found.chosen)
