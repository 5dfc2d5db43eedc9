"""The versions of the tables: made, taken over, brought up to date, refused."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from autotune.diagnostics import InputError
from autotune.store import Store, schema
from autotune.store.address import read_address
from autotune.store.pages import ResultFilter
from autotune.store.tables import HEAD, METADATA, VERSION_TABLE

DATA = Path(__file__).parent / "data"
MIGRATIONS = Path(schema.__file__).parent / "migrations"


def unreleased(folder):
    """A store as the versions before the first release wrote it, from a dump of a real one."""
    place = folder / "old.db"
    connection = sqlite3.connect(place)
    connection.executescript((DATA / "unreleased.sql").read_text())
    connection.execute("pragma journal_mode = wal")
    connection.close()
    return place


def shape(engine):
    """Everything about the tables that a database tells."""
    look = inspect(engine)
    return {
        name: {
            "columns": [
                (item["name"], str(item["type"]), item["nullable"], item["default"]) for item in look.get_columns(name)
            ],
            "key": look.get_pk_constraint(name)["constrained_columns"],
            "foreign": sorted(
                (item["constrained_columns"], item["referred_table"], item["options"])
                for item in look.get_foreign_keys(name)
            ),
            "indexes": sorted((item["name"], item["column_names"]) for item in look.get_indexes(name)),
        }
        for name in look.get_table_names()
    }


def test_the_steps_end_in_the_tables_that_a_new_store_has(place, tmp_path, request):
    with Store(place) as made:
        new = shape(made._database.engine)
    other = request.getfixturevalue("postgres").database() if "://" in place else str(tmp_path / "stepped.db")
    stepped = create_engine(read_address(other))
    with stepped.begin() as connection:
        schema.upgrade(connection, None)
    with stepped.connect() as connection:
        assert (
            compare_metadata(MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}), METADATA)
            == []
        )
        assert schema.read_version(connection) == HEAD
    assert shape(stepped) == new
    stepped.dispose()
    Store(other).close()


def test_the_newest_step_is_the_version_of_the_tables():
    steps = ScriptDirectory(str(MIGRATIONS))
    assert steps.get_heads() == [HEAD]
    assert [step.revision for step in reversed(list(steps.walk_revisions()))] == ["0000", "0001", "0002", HEAD]


def test_a_store_from_before_the_first_release_is_taken_over_with_all_its_rows(tmp_path):
    place = unreleased(tmp_path)
    with Store(place) as store:
        first, second = store.results("20261123")
        assert (first.status, first.best, first.score, first.origin) == (
            "done", 1, -5.0, {"parallel.tp": "override parallel.tp=1"},
        )  # fmt: skip
        assert first.measurements[0].ttft_ms == {"mean": 10.0, "p99": 12.5}
        assert first.measurements[1].load.request_rate == 2.5
        assert (second.failure.kind, second.attempts) == ("out_of_memory", 2)
        assert [len(store.results(run.run_id)) for run in store.runs()] == [2, 2]
        assert store.find_run("20261123").finished
        assert store.unfinished_run("f1").inputs.task == "parallel:\n  tp: 2\n"
        assert store.find_run().as_dict()["task"]["name"] == "task.yaml"
        assert store.problems() == []
    with Store(place) as again:
        assert len(again.results()) == 2


def test_what_an_earlier_version_stored_is_found_by_its_model(place):
    if "://" not in place:
        Path(place).parent.mkdir()
    engine = create_engine(read_address(place))
    configs = {"p1": {"model": {"id": "org/a"}}, "p2": {"model": {"id": "x" * 301}}, "p3": {"model": "org/a"}, "p4": {}}
    with engine.begin() as connection:
        schema.upgrade(connection, None, target="0002")
        connection.execute(text(
            "insert into runs (run_id, fingerprint, executor, points, inputs, created_at) values ('r', 'f', 'local', '[]', '{}', '')"
        ))  # fmt: skip
        for point, config in configs.items():
            connection.execute(text(
                "insert into results (run_id, point_id, status, kind, overrides, config, deployment, applied_layers, origin, attempts)"
                " values ('r', :point, 'done', 'measured', '[]', :config, '{}', '[]', '{}', 1)"
            ), {"point": point, "config": json.dumps(config)})  # fmt: skip
    engine.dispose()

    def found(store, model):
        return [row["point_id"] for row in store.result_page(ResultFilter(model=model), "run", 0, 9)[0]]

    with Store(place) as store:
        assert (found(store, "org/a"), found(store, "x" * 301), found(store, "org/b")) == (["p1"], ["p2"], [])
        for result in store.results("r"):
            store.save(result)
        assert (found(store, "org/a"), found(store, "x" * 301)) == (["p1"], ["p2"])
        assert {point.point_id: point.config for point in store.results("r")} == configs
        assert store.problems() == []


def test_who_waits_for_many_results_is_told_what_for(tmp_path, capfd):
    def open_it(place, many):
        command = "import sys; from autotune.store import Store, schema; schema._MANY = int(sys.argv[2]); Store(sys.argv[1]).close()"
        subprocess.run([sys.executable, "-c", command, str(place), str(many)], check=True)
        return capfd.readouterr().err

    (tmp_path / "other").mkdir()
    assert open_it(unreleased(tmp_path), 10_000) == ""
    other = unreleased(tmp_path / "other")
    assert "is brought up to date" in open_it(other, 1)
    assert open_it(other, 1) == ""


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    place = unreleased(tmp_path)
    real = schema.upgrade

    def broken(connection, found):
        real(connection, found)
        connection.exec_driver_sql("drop table nowhere")

    monkeypatch.setattr(schema, "upgrade", broken)
    with pytest.raises(InputError, match=r"AT031.*old\.db.*nowhere"):
        Store(place)
    connection = sqlite3.connect(place)
    assert connection.execute("select version from schema_version").fetchone() == (1,)
    names = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    connection.close()
    assert names == {"schema_version", "runs", "results", "measurements"}
    monkeypatch.undo()
    with Store(place) as store:
        assert len(store.results()) == 2


@pytest.mark.parametrize("where", ["new", "unreleased"])
@pytest.mark.slow
def test_processes_that_open_a_store_at_once_all_find_it_whole(tmp_path, where, request):
    """Eight at a time, each of which would make or upgrade the tables."""
    place = str(unreleased(tmp_path)) if where == "unreleased" else str(tmp_path / "new.db")
    open_at_once(place, tmp_path)
    with Store(place) as store:
        assert store.problems() == []
        assert len(store.results()) == (2 if where == "unreleased" else 0)


@pytest.mark.slow
def test_processes_that_open_a_new_postgresql_store_at_once_all_find_it_whole(postgres, tmp_path):
    place = postgres.database()
    open_at_once(place, tmp_path)
    with Store(place) as store:
        assert store.results() == []


def open_at_once(place, folder):
    gate = folder / "gate"
    code = (
        "import os, sys, time\nfrom autotune.store import Store\nprint('here', flush=True)\n"
        "while not os.path.exists(sys.argv[2]): pass\n"
        "with Store(sys.argv[1]) as store: print(len(store.runs()))"
    )
    waiting = [
        subprocess.Popen(
            [sys.executable, "-c", code, place, str(gate)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for process in waiting:
        assert process.stdout.readline() == "here\n"
    gate.touch()
    for process in waiting:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors


@pytest.mark.parametrize("version", ["0004", "9999"])
def test_a_store_of_a_later_version_is_refused(place, version):
    with Store(place) as store, store._database.writing("it") as connection:
        connection.exec_driver_sql(f"update {VERSION_TABLE} set version_num = '{version}'")
    with pytest.raises(
        InputError, match=rf"AT031.*a later autotune wrote it \(tables of version {version}, known: {HEAD}\)"
    ) as caught:
        Store(place)
    assert "pip install -U llm-autotune" in caught.value.diagnostics[0].help


def test_another_programs_file_is_left_alone(tmp_path):
    place = tmp_path / "other.db"
    connection = sqlite3.connect(place)
    connection.execute("create table invoices (id)")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match=r"AT031.*other\.db.*the database of another program"):
        Store(place)
    connection = sqlite3.connect(place)
    assert connection.execute("select name from sqlite_master").fetchall() == [("invoices",)]
    connection.close()


def test_a_store_of_todays_version_is_opened_without_alembic(tmp_path):
    place = tmp_path / "new.db"
    code = "import sys; from autotune.store import Store; Store(sys.argv[1]).close(); print('alembic' in sys.modules)"
    for what in ("made", "opened"):
        done = subprocess.run([sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True)
        assert done.stdout == "False\n", what
    done = subprocess.run(
        [sys.executable, "-c", code, str(unreleased(tmp_path))], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
