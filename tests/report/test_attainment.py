import math

import pytest

from autotune.report.attainment import Limit, find_attainment
from autotune.report.rows import measured_rows
from autotune.schema import Slo
from autotune.score import judge_slo
from tests.report.results import measurement, result

SLO = {"ttft": {"p95": {"threshold": 200.0}}, "tpot": {"mean": {"threshold": 20.0}}}


def attain(*measurements, slo=SLO, constraints=()):
    config = {"slo": slo, "optimization": {"constraints": list(constraints)}}
    return find_attainment(measured_rows([result(config=config, measurements=measurements)]))


def test_each_limit_says_who_meets_it_and_by_how_far():
    found = attain(measurement(ttft=50, tpot=30), measurement(ttft=150, tpot=10))
    assert [limit.label for limit in found.limits] == ["TTFT p95 ≤ 200 ms", "TPOT mean ≤ 20 ms"]
    (_, first), (_, second) = found.rows
    assert [(item.met, item.value_ms, item.ratio) for item in first] == [(True, 100, -0.5), (False, 30, 0.5)]
    assert [(item.met, item.value_ms, item.ratio) for item in second] == [(False, 300, 0.5), (True, 10, -0.5)]
    assert [found.met(0), found.met(1)] == [1, 1]
    assert not found.meets_all(first)


def test_exactly_at_the_limit_is_met_as_the_score_has_it():
    at = measurement(ttft=100, tpot=20)
    found = attain(at)
    assert found.meets_all(found.rows[0][1])
    assert judge_slo(at, Slo.model_validate(SLO)).met


def test_a_statistic_that_was_not_given_is_neither_met_nor_missed():
    found = attain(measurement(), slo={"ttft": {"p99": {"threshold": 10.0}}})
    assert found.rows[0][1][0].met is None
    assert (found.met(0), found.judged(0)) == (0, 0)
    assert not found.meets_all(found.rows[0][1])


def test_inter_token_latency_stands_in_for_tpot():
    found = attain(measurement(tpot_ms={}, itl_ms={"mean": 10.0}))
    assert found.rows[0][1][1].met is True


def test_constraints_are_limits_too_and_say_why():
    found = attain(measurement(tokens=500), slo={}, constraints=["output_tokens_per_s > 900.0", "error_rate == 0.0"])
    low, errors = found.rows[0][1]
    assert low.met is False
    assert "output_tokens_per_s > 900.0" in low.reason
    assert math.isnan(low.ratio)
    assert errors.met is True
    assert found.limits[0].label == "output_tokens_per_s > 900.0"


def test_each_point_has_its_own_limits():
    strict = result("a", config={"slo": {"tpot": {"mean": {"threshold": 5.0}}}}, measurements=[measurement(tpot=10)])
    loose = result("b", config={"slo": {"tpot": {"mean": {"threshold": 50.0}}}}, measurements=[measurement(tpot=10)])
    found = find_attainment(measured_rows([strict, loose]))
    assert found.limits == (Limit("TPOT mean", 5.0, "tpot", "mean"), Limit("TPOT mean", 50.0, "tpot", "mean"))
    assert [[None if item is None else item.met for item in standings] for _, standings in found.rows] == [
        [False, None],
        [None, True],
    ]


@pytest.mark.parametrize("config", [{}, {"slo": None}, {"slo": {"ttft": "soon"}}, {"slo": 3}])
def test_configs_without_limits_have_none(config):
    found = find_attainment(measured_rows([result(config=config, measurements=[measurement()])]))
    assert found.limits == ()


def test_a_wrong_constraint_is_no_limit():
    assert attain(measurement(), slo={}, constraints=["nonsense ("]).limits == ()
