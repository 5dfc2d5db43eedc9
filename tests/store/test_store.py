import json
import math
import sqlite3
import stat
from dataclasses import replace

import pytest

from autotune.diagnostics import InputError
from autotune.metrics import Load, Measurement
from autotune.store import Failure, Result, RunInputs, RunRecord, Store, data_dir, to_csv, to_json, to_json_lines


def run(run_id="20261123-031142-ab12cd", fingerprint="f", points=("p1", "p2")):
    return RunRecord(
        run_id,
        fingerprint,
        "local",
        points,
        RunInputs(("a=1",), "text", "task.yaml", "/here", True),
        "2026-11-23T03:11:42+00:00",
    )


def result(point="p1", run_id="20261123-031142-ab12cd", **more):
    measured = Measurement(
        Load("D(100,100)", 4), ttft_ms={"mean": 10.0, "p99": math.nan}, output_tokens_per_s=math.inf, completed=3
    )
    base = Result(run_id, point, "done", "measured", ("parallel.tp=2",), {"parallel": {"tp": 2}}, {"argv": ["vllm"]},
                  measurements=(measured, replace(measured, load=Load("D(1,1)", request_rate=2.5))), best=1, score=-5.0)  # fmt: skip
    return replace(base, **more)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "deep" / "results.db") as opened:
        yield opened


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


def test_not_a_number_is_nowhere_in_the_file(store, tmp_path):
    store.create_run(run())
    store.save(result(score=math.nan, config={"x": [math.nan, {"y": math.inf}]}))
    rows = sqlite3.connect(tmp_path / "deep" / "results.db")
    text = str(rows.execute("select * from results").fetchall()) + str(
        rows.execute("select * from measurements").fetchall()
    )
    rows.close()
    assert "nan" not in text.lower()
    assert "inf" not in text.lower()


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


def test_only_the_latest_run_of_a_fingerprint_is_gone_on_with_and_only_unfinished(store):
    store.create_run(run("20261123-000000-aaaaaa"))
    assert store.unfinished_run("f").run_id == "20261123-000000-aaaaaa"
    assert store.unfinished_run("other") is None
    store.create_run(run("20261124-000000-bbbbbb"))
    store.finish_run("20261124-000000-bbbbbb", "2026-11-24T01:00:00+00:00")
    assert store.unfinished_run("f") is None


def test_runs_are_listed_with_their_counts_and_inputs_come_back(store):
    store.create_run(run())
    store.save(result("p1"))
    store.save(result("p2", status="failed", failure=Failure("timeout", "m"), best=None))
    (listed,) = store.runs()
    assert listed.counts == {"done": 1, "failed": 1}
    assert listed.inputs == run().inputs
    assert store.results()[1].failure == Failure("timeout", "m")
    assert "inputs" not in listed.as_dict()


def test_forgotten_results_are_gone_with_their_measurements(store, tmp_path):
    store.create_run(run())
    store.save(result())
    store.forget(run().run_id, "p1")
    assert store.results() == []
    rows = sqlite3.connect(tmp_path / "deep" / "results.db")
    assert rows.execute("select count(*) from measurements").fetchone() == (0,)
    assert rows.execute("pragma journal_mode").fetchone() == ("wal",)
    rows.close()


@pytest.mark.parametrize("content", [b"this is no database, but it is long enough to be looked at" * 20, None])
def test_a_store_that_cannot_be_opened_is_an_error_that_names_the_file(tmp_path, content):
    place = tmp_path / "broken.db"
    place.mkdir() if content is None else place.write_bytes(content)
    with pytest.raises(InputError, match=r"AT031.*broken\.db"):
        Store(place)


def test_a_store_of_a_later_version_is_refused(tmp_path):
    place = tmp_path / "later.db"
    Store(place).close()
    rows = sqlite3.connect(place)
    rows.execute("update schema_version set version = 99")
    rows.commit()
    rows.close()
    with pytest.raises(InputError, match=r"AT031.*version 99"):
        Store(place)


def test_addresses_that_are_wrong_are_input_errors_without_the_password(tmp_path):
    with pytest.raises(InputError, match="AT03"):
        Store("nosuch://me:hunter2@host/db")
    with pytest.raises(InputError) as caught:
        Store("postgresql+nosuch://me:hunter2@host/db")
    assert "hunter2" not in str(caught.value)


def test_the_folder_of_the_store_is_the_owners_alone(tmp_path):
    Store(tmp_path / "new" / "results.db").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_the_data_folder_follows_its_variables(tmp_path, monkeypatch):
    assert data_dir({"AUTOTUNE_HOME": str(tmp_path)}) == tmp_path
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert data_dir({}) == tmp_path / "xdg" / "autotune"


def test_exports_hold_every_result(store):
    store.create_run(run())
    store.save(result())
    store.save(result("p2", status="failed", best=None, measurements=(), score=None, failure=Failure("killed", "m, n")))
    rows = json.loads(to_json(store.results()))
    assert rows[0]["metrics"]["request_rate"] == 2.5
    assert [json.loads(line)["status"] for line in to_json_lines(store.results()).splitlines()] == ["done", "failed"]
    head, *lines = to_csv(store.results()).splitlines()
    assert head.startswith("run_id,point_id,status,kind,score,failure.kind,failure.message,config.parallel.tp,")
    assert 'killed,"m, n",2' in lines[1]
