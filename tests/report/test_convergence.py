import math

from hypothesis import given
from hypothesis import strategies as st

from autotune.report.convergence import FOUND, find_convergence
from autotune.score import get_objectives
from tests.report.results import failed, measurement, result

OBJECTIVES = get_objectives(("maximize_throughput", "minimize_tpot"))


def point(name, tokens, tpot, **more):
    return result(name, (), [measurement(tokens=tokens, tpot=tpot)], **more)


def converge(results, kind="measured"):
    return find_convergence(results, OBJECTIVES, kind)


def test_the_share_grows_with_what_is_found():
    found = converge([point("a", 100, 10), point("b", 50, 20), point("c", 200, 5)])
    assert [step.improved for step in found.steps] == [True, False, True]
    shares = [step.share for step in found.steps]
    assert shares[0] == shares[1] < shares[2] == 1.0
    assert found.experiments_for(FOUND) == 3
    # Reference: 10 % of each range beyond the worst.
    assert found.reference == (-50 + 15, 20 + 1.5)
    assert math.isclose(shares[0], (65 * 11.5) / (165 * 16.5))


def test_experiments_count_in_the_order_in_which_they_ended():
    late, early = point("a", 200, 5, finished_at="2026-01-02"), point("b", 100, 10, finished_at="2026-01-01")
    assert [step.result.point_id for step in converge([late, early]).steps] == ["b", "a"]


def test_failures_are_experiments_and_what_never_ran_is_none():
    never = [result("p", status="pruned"), result("r", status="running")]
    found = converge([failed("x"), *never, point("a", 100, 10)])
    assert [(step.experiment, step.share, step.improved) for step in found.steps] == [(1, 0.0, False), (2, 1.0, True)]


def test_one_point_has_found_everything_that_was_found():
    assert [step.share for step in converge([point("a", 100, 10)]).steps] == [1.0]
    assert [step.share for step in converge([point("a", 100, 10), point("b", 100, 10)]).steps] == [1.0, 1.0]


def test_nothing_to_tell_without_measurements_of_the_kind():
    unknown = result("a", (), [measurement(tpot_ms={})])
    erring = result("b", (), [measurement(error_rate=0.9)])
    assert converge([]) is None
    assert converge([failed(), unknown, erring]) is None
    assert converge([point("a", 1, 1)], kind="emulated") is None


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=12))
def test_it_never_falls_and_ends_at_one(values):
    found = converge([point(str(place), tokens, tpot) for place, (tokens, tpot) in enumerate(values)])
    shares = [step.share for step in found.steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert all(share > 0 for share in shares)
    for before, step in zip([0.0, *shares], found.steps, strict=False):
        assert step.improved or step.share == before
