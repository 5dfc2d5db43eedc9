import math
import stat
from dataclasses import replace

import pytest
from sqlalchemy import event

from autotune.diagnostics import InputError
from autotune.metrics import Load, Measurement
from autotune.store import (
    Failure,
    Predicted,
    RawFile,
    Result,
    RunInputs,
    RunRecord,
    Store,
    Task,
    data_dir,
    store_place,
)
from autotune.store.raw import MAX_FILE_BYTES


def run(run_id="20261123-031142-ab12cd", fingerprint="f", points=("p1", "p2"), **more):
    return RunRecord(
        run_id,
        fingerprint,
        "local",
        points,
        RunInputs(("a=1",), "text", "task.yaml", "/here", True),
        "2026-11-23T03:11:42+00:00",
        **more,
    )


def result(point="p1", run_id="20261123-031142-ab12cd", **more):
    measured = Measurement(
        Load("D(100,100)", 4), ttft_ms={"mean": 10.0, "p99": math.nan}, output_tokens_per_s=math.inf, completed=3
    )
    base = Result(run_id, point, "done", "measured", ("parallel.tp=2",), {"parallel": {"tp": 2}}, {"argv": ["vllm"]},
                  measurements=(measured, replace(measured, load=Load("D(1,1)", request_rate=2.5))), best=1, score=-5.0,
                  predictions=(Predicted(replace(measured, load=Load("D(1,1)", request_rate=2.5), kind="predicted", ttft_ms={"mean": 8.0}), "roofline", "0.1.0"),))  # fmt: skip
    return replace(base, **more)


def rows_of(store, query):
    """Rows as the database gives them, past the store."""
    with store._database.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_a_result_comes_back_as_it_was_but_for_numbers_that_are_none(store):
    store.create_run(run())
    store.save(result())
    (back,) = store.results()
    assert back.measurements[0].ttft_ms == {"mean": 10.0}
    assert math.isnan(back.measurements[0].output_tokens_per_s)
    assert (back.best, back.score, back.overrides, back.config) == (
        1,
        -5.0,
        ("parallel.tp=2",),
        {"parallel": {"tp": 2}},
    )
    assert back.measurements[1].load == Load("D(1,1)", None, 2.5)


def test_not_a_number_is_nowhere_in_the_database(store):
    store.create_run(run(environment={"gpus": math.nan}))
    store.save(result(score=math.nan, config={"x": [math.nan, {"y": math.inf}]}))
    text = "".join(str(rows_of(store, f"select * from {name}")) for name in ("runs", "results", "measurements"))
    assert "nan" not in text.lower()
    assert "inf" not in text.lower().replace("infra", "")


def test_saving_again_replaces_a_result_and_its_measurements(store):
    store.create_run(run())
    store.save(result(status="running", measurements=(), best=None))
    store.save(result())
    store.save(result(measurements=result().measurements[:1], best=0))
    (back,) = store.results()
    assert (back.status, len(back.measurements)) == ("done", 1)


def test_results_are_of_the_latest_run_unless_another_is_named_and_in_the_order_of_its_points(store):
    store.create_run(run("20261123-000000-aaaaaa"))
    store.create_run(run("20261124-000000-bbbbbb"))
    store.save(result("p1", "20261123-000000-aaaaaa"))
    store.save(result("p2", "20261124-000000-bbbbbb"))
    store.save(result("p1", "20261124-000000-bbbbbb"))
    assert [item.point_id for item in store.results()] == ["p1", "p2"]
    assert [item.run_id for item in store.results("20261123")] == ["20261123-000000-aaaaaa"]


def test_an_unknown_or_ambiguous_run_is_an_error_that_names_what_there_is(store):
    assert store.results() == []
    with pytest.raises(InputError, match=r"AT031.*no run is stored"):
        store.find_run("x")
    store.create_run(run("20261123-000000-aaaaaa"))
    store.create_run(run("20261123-000001-bbbbbb"))
    with pytest.raises(InputError) as caught:
        store.results("20261123-000000-aaaaab")
    assert "20261123-000000-aaaaaa" in caught.value.diagnostics[0].help
    with pytest.raises(InputError, match="2 runs start with"):
        store.find_run("20261123")


def test_the_latest_unfinished_run_of_a_fingerprint_is_gone_on_with(store):
    store.create_run(run("20261123-000000-aaaaaa"))
    assert store.unfinished_run("f").run_id == "20261123-000000-aaaaaa"
    assert store.unfinished_run("other") is None
    store.create_run(run("20261124-000000-bbbbbb"))
    assert store.unfinished_run("f").run_id == "20261124-000000-bbbbbb"
    store.finish_run("20261124-000000-bbbbbb", "2026-11-24T01:00:00+00:00")
    store.finish_run("20261123-000000-aaaaaa", "2026-11-24T01:00:00+00:00")
    assert store.unfinished_run("f") is None


def test_runs_are_listed_with_their_counts_and_inputs_come_back(store):
    store.create_run(run())
    store.save(result("p1"))
    store.save(result("p2", status="failed", failure=Failure("timeout", "m"), best=None))
    (listed,) = store.runs()
    assert listed.as_dict() == store.find_run().as_dict()
    assert (listed.counts, listed.point_count) == ({"done": 1, "failed": 1}, 2)
    assert store.find_run().inputs == run().inputs
    assert store.results()[1].failure == Failure("timeout", "m")
    assert "inputs" not in store.find_run().as_dict()


def test_forgotten_results_are_gone_with_all_that_belongs_to_them(store):
    store.create_run(run())
    store.save(result(), [RawFile.of("a.json", b"{}")])
    store.forget(run().run_id, "p1")
    assert store.results() == []
    for table in ("measurements", "predictions", "raw_outputs"):
        assert rows_of(store, f"select count(*) from {table}") == [(0,)], table
    assert store.problems() == []


def test_the_folder_of_the_store_is_the_owners_alone(tmp_path):
    Store(tmp_path / "new" / "results.db").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_the_data_folder_and_the_store_follow_their_variables(tmp_path, monkeypatch):
    assert data_dir({"AUTOTUNE_HOME": str(tmp_path)}) == tmp_path
    assert store_place({"AUTOTUNE_HOME": str(tmp_path)}) == str(tmp_path / "autotune.db")
    assert store_place({"AUTOTUNE_HOME": str(tmp_path), "AUTOTUNE_STORE": "postgresql://h/d"}) == "postgresql://h/d"
    monkeypatch.setenv("AUTOTUNE_STORE", str(tmp_path / "named.db"))
    Store().close()
    assert (tmp_path / "named.db").is_file()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert data_dir({}) == tmp_path / "xdg" / "autotune"


def test_what_was_predicted_comes_back_beside_what_was_measured(store):
    store.create_run(run())
    store.save(result())
    (back,) = store.results()
    assert back.best_prediction == back.predictions[0]
    assert (back.predictions[0].predictor, back.predictions[0].version) == ("roofline", "0.1.0")
    assert back.predictions[0].measurement.kind == "predicted"
    row = back.as_dict()
    assert (row["metrics"].get("ttft_ms"), row["predicted"][0]["ttft_ms"]) == ({"mean": 10.0}, {"mean": 8.0})
    assert row["kind"] == "measured"


def test_a_run_keeps_its_machine_and_its_results_keep_who_set_what_and_what_ran(store):
    store.create_run(run(environment={"host": "node7", "gpus": ["NVIDIA H100 80GB HBM3"]}, source={"tool": "x"}))
    store.save(result(origin={"parallel.tp": "override parallel.tp=2"}, environment={"engine_version": "0.32.1"}))
    (back,) = store.results()
    assert (back.origin, back.environment) == (
        {"parallel.tp": "override parallel.tp=2"},
        {"engine_version": "0.32.1"},
    )
    found = store.find_run()
    assert (found.environment["host"], found.source) == ("node7", {"tool": "x"})
    assert found.as_dict()["environment"]["gpus"] == ["NVIDIA H100 80GB HBM3"]


def test_a_task_is_kept_once_for_all_its_runs_as_it_was_given(store):
    store.create_run(run("20261123-000000-aaaaaa"))
    store.create_run(run("20261124-000000-bbbbbb"))
    store.save(result(run_id="20261124-000000-bbbbbb"))
    assert store.tasks() == [Task("text", "task.yaml")]
    assert all('"text"' not in str(inputs) for (inputs,) in rows_of(store, "select cast(inputs as text) from runs"))
    assert store.find_run().inputs.task == "text"
    assert store.find_run().as_dict()["task"] == {"name": "task.yaml", "hash": Task("text", "").hash}
    assert store.results()[0].task == "task.yaml"
    store.create_run(replace(run("20261125-000000-cccccc"), inputs=RunInputs(("a=1",))))
    assert store.find_run().task is None


def test_a_v2_task_knows_the_v1_task_that_it_was_migrated_from(store):
    first = Task('{"model": "tiny"}', "old.json", version=1)
    store.create_run(run())
    store.save_task(first)
    store.save_task(Task("text", "task.yaml", migrated_from=first.hash))
    store.save_task(Task("text", "another name"))
    assert store.tasks() == [first, Task("text", "task.yaml", 2, first.hash)]


def test_raw_output_comes_back_byte_for_byte_and_what_is_too_large_is_only_noted(store):
    store.create_run(run())
    noise = bytes(range(256)) * 4000
    large = b"x" * (MAX_FILE_BYTES + 1)
    store.save(result(), [RawFile.of("run0/b.bin", noise), RawFile.of("a.json", b""), RawFile.of("large", large)])
    found = store.raw(run().run_id, "p1")
    assert [(file.name, file.size_bytes) for file in found] == [
        ("a.json", 0), ("large", MAX_FILE_BYTES + 1), ("run0/b.bin", len(noise)),
    ]  # fmt: skip
    assert [file.content for file in found] == [b"", None, noise]
    ((packed,),) = rows_of(store, "select length(content) from raw_outputs where name = 'run0/b.bin'")
    assert packed < len(noise) / 10
    assert store.raw(run().run_id, "p2") == []


def test_unfinished_runs_are_found_the_latest_first(store):
    assert store.unfinished() == []
    for number in range(4):
        store.create_run(run(f"2026112{number}-000000-aaaaaa", str(number)))
    for number in (1, 3):
        store.finish_run(f"2026112{number}-000000-aaaaaa", "2026-11-24T01:00:00+00:00")
    assert [item.run_id for item in store.unfinished()] == ["20261122-000000-aaaaaa", "20261120-000000-aaaaaa"]


def test_an_unfinished_run_is_found_though_a_clock_that_was_set_back_dated_it_before_a_finished_one(store):
    store.create_run(run("20261123-000000-aaaaaa", "same"))
    store.finish_run("20261123-000000-aaaaaa", "2026-11-23T01:00:00+00:00")
    assert store.unfinished_run("same") is None
    store.create_run(run("20261122-000000-aaaaaa", "same"))
    assert store.unfinished_run("same").run_id == "20261122-000000-aaaaaa"


def test_failures_of_other_runs_are_found_with_where_they_happened(store):
    failure = Failure("start_crash", "bad flag", phase="start")
    for name, more in (("mine", {}), ("other", {}), ("old", {"finished_at": "2026-11-01T00:00:00+00:00"}),
                       ("fine", {"status": "done", "failure": None}), ("emulated", {"kind": "emulated"})):  # fmt: skip
        store.create_run(run(name, environment={"host": "node7", "user": "alice"}))
        at = {"status": "failed", "failure": failure, "kind": "measured", "finished_at": "2026-11-23T05:00:00+00:00"}
        store.save(replace(result(run_id=name), **(at | more)))
    (found,) = store.failed_since("2026-11-23T04:00:00+00:00", "mine")
    assert (found.run_id, found.host, found.user, found.failure) == ("other", "node7", "alice", failure)
    store.create_run(run("imported", source={"tool": "aiperf"}))
    store.save(
        replace(result(run_id="imported"), status="failed", failure=failure, finished_at="2026-11-23T06:00:00+00:00")
    )
    assert len(store.failed_since("2026-11-23T04:00:00+00:00", "mine")) == 1


def test_ids_sort_by_their_bytes_in_every_database(store):
    names = ["20261123-000000-aaaaaa", "20261123-000000-aaaaaa-10", "20261123-000000-aaaaaa-2", "20261123-000001-0"]
    for name in names:
        store.create_run(run(name))
    assert [item.run_id for item in store.runs()] == sorted(names, reverse=True)
    assert store.find_run("20261123-000001").run_id == names[3]
    assert store.find_run("20261123-000000-aaaaaa").run_id == names[0]
    with pytest.raises(InputError, match="3 runs start with 20261123-000000"):
        store.find_run("20261123-000000")
    with pytest.raises(InputError, match="no run is called %"):
        store.find_run("%")


def test_points_are_found_in_the_run_that_has_them(store):
    store.create_run(run("20261123-000000-aaaaaa"))
    store.create_run(run("20261124-000000-bbbbbb"))
    for name in ("20261123-000000-aaaaaa", "20261124-000000-bbbbbb"):
        store.save(result("p1", name))
    store.save(result("p2", "20261123-000000-aaaaaa"))
    assert store.runs_with(["p1", "p2", "p3", *(str(n) for n in range(2000))]) == {
        "p1": "20261124-000000-bbbbbb",
        "p2": "20261123-000000-aaaaaa",
    }


def test_a_run_is_found_by_the_beginning_of_a_point_that_may_have_no_result_yet(store):
    store.create_run(run("20261123-000000-aaaaaa", points=("ab12", "P_1")))
    store.create_run(run("20261124-000000-bbbbbb", points=("ab34", "AB12")))
    assert store.find_run_of_point("ab").run_id == "20261124-000000-bbbbbb"
    assert store.find_run_of_point("ab1").run_id == "20261123-000000-aaaaaa"
    assert store.find_run_of_point("P_").run_id == "20261123-000000-aaaaaa"
    assert [store.find_run_of_point(start) for start in ("b12", "P%", "p_1", "PX", "ab123")] == [None] * 5
    assert store.runs_of_points(["ab12", "ab34"]) == []
    store.save(result("ab12", "20261123-000000-aaaaaa"))
    assert store.runs_of_points(["ab34", "ab12", *(str(number) for number in range(2000))]) == [
        "20261123-000000-aaaaaa"
    ]


def test_what_reports_ask_for_reads_one_run_however_many_are_stored(store):
    """Neither the statements nor the rows that come back grow with the store, and SQLite finds them by an index."""
    fetched, statements = [], []
    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", lambda c, cur, text, params, *_: statements.append((text, params)))
    event.listen(engine, "after_cursor_execute", lambda c, cur, *_: fetched.append(cur))

    def ask():
        statements.clear()
        store.results()
        store.find_run("20261123-0000")
        store.find_run("20261123-000000-aaaaaa")
        store.unfinished_run("f0")
        store.unfinished()
        store.failed_since("2026", "none")
        return len(statements)

    store.create_run(run("20261123-000000-aaaaaa", "f0"))
    store.save(result(run_id="20261123-000000-aaaaaa"))
    few = ask()
    for number in range(1, 60):
        store.create_run(run(f"20261123-01{number:04}-aaaaaa", f"f{number % 7}"))
        store.save(result(run_id=f"20261123-01{number:04}-aaaaaa"))
    assert ask() == few
    asked = statements.copy()
    if engine.dialect.name == "sqlite":
        with store._database.reading() as connection:
            for text, parameters in asked:
                plan = connection.exec_driver_sql(f"explain query plan {text}", parameters).all()
                scans = [row[3] for row in plan if row[3].startswith("SCAN") and "USING" not in row[3]]
                assert not scans, (text, scans)


def test_no_sequence_of_calls_leaves_rows_without_their_owner(store):
    store.create_run(run())
    for status in ("running", "failed", "done"):
        store.save(result(status=status), [RawFile.of("a", status.encode())])
    assert store.raw(run().run_id, "p1")[0].content == b"done"
    assert store.problems() == []
    with pytest.raises(InputError, match=r"AT031.*the result of point p9 was not stored"):
        store.save(result("p9", "no such run"))
    assert store.problems() == []
