import io
from dataclasses import replace

import pytest
from rich.console import Console

from autotune.report import render_table
from autotune.report.picks import find_picks, pick_lines, picks_of
from tests.report.results import failed, measurement, result


def point(name, *loads, **groups):
    item = result(name, (f"parallel.tp={name[-1]}",), loads)
    return replace(item, config={**item.config, **groups})


def printed(results):
    text = io.StringIO()
    render_table(results, Console(file=text, width=160, no_color=True))
    return text.getvalue()


BENT = [
    point("p1", measurement(1, tpot=10, tokens=900), measurement(8, tpot=12, tokens=1800)),
    point("p2", measurement(1, tpot=11, tokens=500), measurement(8, tpot=60, tokens=2000)),
]
SLO = {"slo": {"ttft": {"p95": {"threshold": 150.0}}}}


def test_picks_stand_below_the_table_with_the_point_and_its_load():
    lines = printed(BENT).splitlines()
    (line,) = [line for line in lines if line.startswith("best")]
    assert line.split() == ["best,", "knee", "p1", "D(100,100)", "c=8", "score", line.split()[-1]]
    assert not any(line.startswith(("slo", "nearest")) for line in lines)


def test_the_nearest_says_what_would_have_to_give():
    slow = [point("p1", measurement(ttft=206), **SLO), point("p2", measurement(ttft=300), **SLO)]
    (line,) = [line for line in printed(slow).splitlines() if line.startswith("best, nearest")]
    assert line.split()[2] == "p1"
    assert "no load meets every limit" in line
    assert "ttft_ms.p95 412 ms against 150 ms: 175 % over" in line


def test_whether_the_others_meet_the_limits_is_said():
    mixed = [
        point("p1", measurement(ttft=70, tpot=12), **SLO),
        point("p2", measurement(ttft=76, tpot=3, tokens=9000), **SLO),
    ]
    best, slo = ((names, row.result.point_id, remark) for names, row, remark in pick_lines(find_picks(mixed)))
    assert best[:2] == ("best", "p2")
    assert best[2].endswith("; misses ttft_ms.p95 152 ms against 150 ms: 1.3 % over")
    assert slo[:2] == ("slo", "p1")
    assert slo[2].endswith("; meets every limit")


@pytest.mark.parametrize("results", [[], [failed()], [result("p1", (), [measurement()])]])
def test_where_there_is_no_choice_nothing_is_said(results):
    assert pick_lines(find_picks(results)) == []
    assert "best" not in printed(results)


def test_a_single_load_that_misses_a_limit_is_worth_a_line():
    assert [names for names, *_ in pick_lines(find_picks([point("p1", measurement(), **SLO)]))] == ["best, nearest"]


def test_points_that_failed_are_not_picked():
    broken = failed("p3", measurements=[measurement(tpot=1, tokens=1e6)], best=None)
    assert picks_of([*BENT, broken]) == [{"best": 1, "knee": 1}, {}, {}]


def test_what_was_measured_is_never_laid_against_what_was_not():
    emulated = result("p3", ("parallel.tp=3",), [measurement(tpot=1, tokens=1e6, kind="emulated")], kind="emulated")
    assert picks_of([*BENT, emulated])[2] == {}
    assert picks_of([emulated]) == [{"best": 0}]


def test_a_config_that_cannot_be_read_is_judged_by_the_default_objectives():
    odd = [replace(item, config={"optimization": {"objectives": ["of_another_time"]}, "slo": 7}) for item in BENT]
    assert picks_of(odd) == picks_of(BENT)
