"""A sweep whose results go to a real PostgreSQL gives the table that SQLite gives."""

import pytest

import autotune
from autotune.run import run_points
from autotune.store import Store
from tests.run.cluster.test_sweep import SWEEP, table
from tests.run.points import NO_GPU
from tests.store.postgres import postgres_server


@pytest.mark.slow
def test_six_points_give_the_same_table_in_both_databases(tmp_path):
    points = autotune.compile([*SWEEP, "executor=emulated", "executor.speed=100"])
    found = {}
    with postgres_server() as server:
        for name, place in (("sqlite", tmp_path / "store.db"), ("postgresql", server.database())):
            with Store(place) as store:
                summary = run_points(points, store=store, data_dir=tmp_path / name, probes=NO_GPU)
                assert (summary.exit_code, len(summary.results)) == (0, 6)
                found[name] = table(store)
                first = store.results()[0]
            with Store(place) as store:
                assert store.results()[0] == first, "the same after it is opened again"
    assert found["postgresql"] == found["sqlite"]


@pytest.mark.slow
def test_a_point_that_failed_is_the_same_in_both_databases(tmp_path):
    points = autotune.compile(["parallel.tp=1,3", "executor=emulated", "executor.speed=100", "benchmark=smoke"])
    with postgres_server() as server:
        rows = []
        for name, place in (("sqlite", tmp_path / "store.db"), ("postgresql", server.database())):
            with Store(place) as store:
                run_points(points, store=store, data_dir=tmp_path / name, probes=NO_GPU)
                rows.append([(item.status, item.failure) for item in store.results()])
    assert rows[0] == rows[1]
    assert sorted(status for status, _ in rows[0]) == ["done", "pruned"]
    assert sum(failure is not None for _, failure in rows[0]) == 1
