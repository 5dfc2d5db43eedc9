"""Lists of all runs and results, a page at a time."""

from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy import event

from autotune.store import Store
from autotune.store.pages import SORTS, ResultFilter
from autotune.store.reading import RunFilter
from tests.store.test_store import result, run

RUNS = ("20261121-000000-aaaaaa", "20261122-000000-bbbbbb", "20261123-000000-cccccc")
MODELS = ("org/a", "org/b")
STATUSES = ("done", "done", "done", "failed", "running")
FILTERS = [
    ResultFilter(None, *found)
    for found in product((None, "done", "failed"), (None, "measured"), (None, "org/b", "org/none"))
]
WITH_RUN = [ResultFilter(RUNS[1]), ResultFilter(RUNS[1], "done", "emulated", "org/a"), ResultFilter(None, "pruned")]


@pytest.fixture
def filled(store):
    return store, fill(store)


def fill(store):
    """Sixty results of everything that lists are filtered by, some of them without a score or an end, some equal."""
    for name in RUNS:
        store.create_run(run(name))
    kept = []
    for number in range(60):
        status = STATUSES[number % 5]
        kept.append(replace(
            result(f"p{number:02}", RUNS[number % 3]), status=status, kind=("measured", "emulated")[number % 7 == 0],
            config={"model": {"id": MODELS[number // 4 % 2]}}, score=None if status != "done" else float(number * 7 % 11),
            finished_at=None if status == "running" else f"2026-11-23T00:00:{number * 5 % 13:02}+00:00",
        ))  # fmt: skip
        store.save(kept[-1])
    return kept


def matching(kept, wanted):
    return [
        item
        for item in kept
        if wanted.run_id in (None, item.run_id)
        and wanted.status in (None, item.status)
        and wanted.kind in (None, item.kind)
        and wanted.model in (None, item.config["model"]["id"])
    ]


@pytest.mark.parametrize("sort", SORTS)
def test_every_filter_in_every_order_gives_each_result_once_and_what_has_no_value_last(filled, sort):
    store, kept = filled
    column = sort.removeprefix("-")
    for wanted in FILTERS + WITH_RUN:
        expected = matching(kept, wanted)
        pages = [store.result_page(wanted, sort, offset, 23) for offset in range(0, 70, 23)]
        assert {total for _, total in pages} == {len(expected)}, wanted
        rows = [row for items, _ in pages for row in items]
        assert sorted(row["point_id"] for row in rows) == sorted(item.point_id for item in expected), wanted
        values = [row["run_id" if column == "run" else column] for row in rows]
        known = [value for value in values if value is not None]
        assert values[len(known) :] == [None] * (len(values) - len(known)), wanted
        assert known == sorted(known, reverse=sort.startswith("-")), wanted


@pytest.mark.parametrize("sort", SORTS)
def test_no_list_over_all_runs_sorts_or_reads_what_it_does_not_show(tmp_path, sort):
    """SQLite walks an index in the order that is asked for, and counts by one; the latest run first sorts within a run."""
    asked = []
    with Store(tmp_path / "results.db") as store:
        fill(store)
        event.listen(
            store._database.engine,
            "before_cursor_execute",
            lambda c, cur, text, parameters, *_: asked.append((text, parameters)),
        )
        for wanted in FILTERS:
            store.result_page(wanted, sort, 0, 7)
        with store._database.reading() as connection:
            for text, parameters in asked.copy():
                plan = [row[3] for row in connection.exec_driver_sql(f"explain query plan {text}", parameters)]
                narrow = next(step for step in plan if "results" in step and "USING" in step)
                assert "COVERING INDEX" in narrow, (text, plan)
                inner = plan[: plan.index(narrow) + 2]
                assert not any(step == "USE TEMP B-TREE FOR ORDER BY" for step in inner), (text, plan)


def test_runs_are_listed_by_what_is_asked_for_with_how_many_there_are(store):
    for number, name in enumerate(RUNS):
        store.create_run(run(name, source={"tool": "aiperf"} if number == 0 else None))
        store.save(result("p1", name))
    store.finish_run(RUNS[1], "2026-11-23T01:00:00+00:00")

    def names(offset=0, limit=9, **wanted):
        records, total = store.run_page(offset, limit, RunFilter(**wanted))
        return [record.run_id for record in records], total

    assert names() == (list(reversed(RUNS)), 3)
    assert names(1, 1) == ([RUNS[1]], 3)
    assert names(finished=True) == ([RUNS[1]], 1)
    assert names(finished=False, imported=False) == ([RUNS[2]], 1)
    assert names(imported=True) == ([RUNS[0]], 1)
    assert names(executor="docker") == ([], 0)
    assert names(among=RUNS[:2], without=RUNS[:1]) == ([RUNS[1]], 1)
    assert names(among=()) == ([], 0)
    assert [record.counts for record in store.runs(RunFilter(finished=True))] == [{"done": 1}]
