"""What dead runs left behind: found, shown, removed; and what living ones use is left alone."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from autotune.run.garbage import Place, find_leftovers
from autotune.run.leftovers import SERVER_VARIABLE
from autotune.run.lock import RunLock
from autotune.run.pulse import ALIVE_FILE
from autotune.store import Store
from tests.run.test_killed import alive, sweep, wait_gone  # noqa: F401 - a fixture
from tests.store.test_store import run


@pytest.fixture
def place(tmp_path):
    """A data folder with one dead run that is stored, and a folder for temporary files."""
    (tmp_path / "tmp").mkdir()
    with Store(tmp_path / "results.db") as store:
        store.create_run(run("stored"))
        made = Place(tmp_path / "runs", store, tmp_path / "tmp")
        make_run(made, "stored", note={"store": store.name})
        yield made


def make_run(place, name, note=None):
    folder = place.runs / name
    (folder / "servers").mkdir(parents=True)
    (folder / "lock").touch()
    if note is not None:
        (folder / "run.json").write_text(json.dumps(note))
    return folder


def found(place):
    return [(item.kind, item.run_id, item.why) for item in find_leftovers(place)]


@pytest.fixture
def stray(place):
    """A process of a server whose record and supervisor are gone."""
    env = {**os.environ, SERVER_VARIABLE: str(place.runs / "stored" / "servers" / "vllm-1.json")}
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], env=env)
    yield process
    process.kill()
    process.wait(5)


@pytest.mark.slow
def test_an_engine_that_both_its_masters_left_is_shown_and_then_ended(sweep, tmp_path):  # noqa: F811
    sweep.start(30)
    sweep.wait_for(lambda: len(sweep.pids()) == 2 and sweep.records())
    record = json.loads(sweep.records()[0].read_text())
    with Store(tmp_path / "results.db") as store:
        where = Place(tmp_path / "runs", store, tmp_path)
        assert find_leftovers(where) == []  # it lives
        os.kill(record["supervisor"]["pid"], signal.SIGKILL)
        sweep.process.kill()
        sweep.process.wait(5)
        items = find_leftovers(where)
        (run_id,) = {item.run_id for item in items}
        assert run_id == store.find_run().run_id
        named = {int(item.what.partition(":")[0]) for item in items if item.kind == "process"}
        left = {pid for pid in sweep.pids() if alive(pid)}
        assert left <= named
        assert left, "the worker is deaf to what the kernel sends, and so it was still there"
        assert [item.remove() for item in items] == [""] * len(items)
        wait_gone(sweep.pids())
        assert find_leftovers(where) == []


def test_a_process_without_a_record_is_known_by_its_variable(place, stray):
    assert found(place) == [("process", "stored", "its run is dead")]
    with RunLock(place.runs / "stored"):
        assert found(place) == []
    (item,) = find_leftovers(place)
    assert item.what.startswith(f"{stray.pid}: ")
    assert item.remove() == ""
    stray.wait(5)
    assert item.remove() == ""  # gone already
    assert found(place) == []


def test_a_run_that_beats_on_another_machine_is_alive(place, stray):
    beat = {"pid": 1, "host": "another", "user": "u", "started_at": "2026", "settled": 1, "points": 2}
    (place.runs / "stored" / ALIVE_FILE).write_text(json.dumps(beat))
    assert found(place) == []


def test_a_record_that_names_nobody_any_more_is_removed(place):
    record = place.runs / "stored" / "servers" / "vllm-1.json"
    gone = {"pid": psutil.Process().pid, "create_time": 1.0}
    record.write_text(json.dumps({"supervisor": gone, "engine": {**gone, "pid": 2**22 - 7}}))
    (item,) = find_leftovers(place)
    assert (item.kind, item.why) == ("record", "what it names is gone")
    assert item.remove() == ""
    assert not record.exists()


def test_objects_of_a_cluster_that_does_not_answer_are_shown_and_their_record_stays(place, tmp_path):
    record = place.runs / "stored" / "servers" / "vllm.cluster"
    ref = {"api_version": "apps/v1", "kind": "Deployment", "name": "vllm", "namespace": "ml"}
    record.write_text(json.dumps({"context": "prod", "kubeconfig": str(tmp_path / "nowhere"), "objects": [ref]}))
    (item,) = find_leftovers(place)
    assert (item.kind, item.what) == ("cluster object", "Deployment vllm in ml in context prod")
    assert item.remove() == "what vllm.cluster names could not be reached"
    assert record.exists()


def test_temporary_folders_go_with_their_process(place):
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait(10)
    dead = place.temporary / f"autotune-cluster-{process.pid}-abc"
    for folder in (dead, place.temporary / f"autotune-cluster-{os.getpid()}-abc", place.temporary / "others"):
        folder.mkdir()
        (folder / "kinds.json").touch()
    (item,) = find_leftovers(place)
    assert (item.kind, item.what, item.remove()) == ("temporary folder", str(dead), "")
    assert sorted(folder.name for folder in place.temporary.iterdir()) == [
        f"autotune-cluster-{os.getpid()}-abc",
        "others",
    ]


def test_only_folders_that_are_of_no_use_to_any_store_go(place, tmp_path):
    never = make_run(place, "20260101-000000-never0")
    (never / "servers").rmdir()
    lost = make_run(place, "20260101-000000-lost00", {"store": place.store.name})
    make_run(place, "20260101-000000-other0", {"store": str(tmp_path / "other.db")})
    make_run(place, "20260101-000000-before", {"points": []})  # of an autotune that noted no store
    make_run(place, "20260101-000000-broken")
    (place.runs / "20260101-000000-broken" / "server.log").touch()
    (place.runs / "lock").touch()
    assert found(place) == [
        ("run folder", lost.name, "its store has it no more"),
        ("run folder", never.name, "the run never started"),
    ]
    items = find_leftovers(place)
    with RunLock(lost):
        assert items[0].remove() == ""  # someone opened it since
    assert lost.exists()
    assert [item.remove() for item in items] == ["", ""]
    assert not lost.exists()
    assert not never.exists()
    assert len(list(place.runs.glob("2*"))) == 3
