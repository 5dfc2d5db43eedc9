import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.report import Reported
from autotune.report.columns import all_columns, default_columns, entries_of, setting_value
from autotune.report.selection import PER_PAGE, Selection, select
from tests.examples import examples
from tests.report.results import failed, measurement, result, run


def report(results):
    return Reported(run(results), tuple(results))


POINTS = [
    result("a", ("parallel.tp=2", "x.y=fast"), [measurement(1, tpot=5), measurement(8, tpot=9)]),
    result("b", ("parallel.tp=10", "x.y=slow"), [measurement(1, tpot=4)]),
    failed("c", ("parallel.tp=1", "x.y=10")),
]


def names(selected):
    return [(entry.result.point_id, None if entry.row is None else entry.row.index) for entry in selected.entries]


def lines(results=None):
    found = report(POINTS if results is None else results)
    return entries_of([found], [""]), all_columns([found])


def test_a_line_for_each_load_and_one_for_a_point_without_any():
    entries, columns = lines()
    assert names(select(entries, columns, Selection())) == [("a", 0), ("a", 1), ("b", 0), ("c", None)]
    assert [setting_value(entry, "parallel.tp") for entry in entries] == ["2", "2", "10", "1"]


def test_values_are_sorted_as_numbers_and_words_come_after_them():
    entries, columns = lines()
    tp = [
        setting_value(item, "parallel.tp")
        for item in select(entries, columns, Selection(sort="set:parallel.tp")).entries
    ]
    assert tp == ["1", "2", "2", "10"]
    mixed = [setting_value(item, "x.y") for item in select(entries, columns, Selection(sort="set:x.y")).entries]
    assert mixed == ["10", "fast", "fast", "slow"]


@pytest.mark.parametrize("descending", [False, True])
def test_what_is_not_known_stands_last(descending):
    entries, columns = lines()
    found = names(select(entries, columns, Selection(sort="tpot_ms", descending=descending)))
    assert found[-1] == ("c", None)
    assert found[0] == (("a", 1) if descending else ("b", 0))


def test_an_unknown_column_changes_nothing():
    entries, columns = lines()
    assert names(select(entries, columns, Selection(sort="nonsense"))) == names(select(entries, columns, Selection()))


def test_every_word_has_to_be_somewhere_failures_included():
    entries, columns = lines()
    assert names(select(entries, columns, Selection(text="FAST c=8"))) == [("a", 1)]
    assert names(select(entries, columns, Selection(text="cuda"))) == [("c", None)]
    assert names(select(entries, columns, Selection(text="fast slow"))) == []


def test_columns_that_nothing_is_known_of_are_not_offered():
    _, columns = lines()
    offered = {column.name for column in columns}
    assert {"ttft_ms.p95", "tpot_ms", "status", "load"} <= offered
    assert not {"goodput_requests_per_s", "ttft_ms.p99", "predicted:tpot_ms", "run"} & offered
    assert set(default_columns(columns)) <= offered


@settings(max_examples=examples(25))
@given(st.integers(0, 300), st.integers(-5, 20))
def test_pages_cover_everything_once(count, page):
    found = [result(f"p{number}", (f"a.b={number}",), [measurement()]) for number in range(count)]
    entries, columns = lines(found)
    pages = max(1, math.ceil(count / PER_PAGE))
    seen = [name for at in range(1, pages + 1) for name in names(select(entries, columns, Selection(page=at)))]
    assert seen == [(f"p{number}", 0) for number in range(count)]
    one = select(entries, columns, Selection(page=page))
    assert 1 <= one.page <= one.pages == pages
    assert (one.last - one.first + 1 if one.total else 0) == len(one.entries)
