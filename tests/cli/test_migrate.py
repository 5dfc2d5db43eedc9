import json
import shutil
from pathlib import Path

import pytest
import yaml

from autotune.store import Store

DATA = Path(__file__).parent.parent / "migrate" / "data"


@pytest.fixture
def v1(tmp_path):
    """`v1(name, ...)`: copies of v1 tasks in the current folder."""

    def copy(*names, folder="."):
        (tmp_path / folder).mkdir(exist_ok=True)
        for name in names:
            shutil.copy(DATA / name, tmp_path / folder / name)

    return copy


@pytest.mark.slow
def test_a_migrated_task_runs_as_it_is(autotune, v1):
    v1("lists_of_values.json")
    assert autotune("migrate", "lists_of_values.json", "-o", "out").code == 0
    words = ["executor=emulated", "executor.speed=1000", "benchmark=smoke", "benchmark.num_concurrency=[1]"]
    done = autotune("run", "out/lists_of_values.v2.yaml", *words)
    assert done.code == 0, done.err
    assert "report" in done.out


@pytest.mark.slow
def test_both_texts_are_kept_when_asked_and_the_run_knows_its_task(autotune, v1, tmp_path):
    v1("lists_of_values.json")
    done = autotune("migrate", "lists_of_values.json", "--keep", "--store", "kept.db")
    assert "1 v1 task and what became of it" in done.err
    with Store(tmp_path / "kept.db") as store:
        new, old = sorted(store.tasks(), key=lambda task: -task.version)
    assert (old.version, old.text) == (1, (tmp_path / "lists_of_values.json").read_text())
    assert (new.text, new.migrated_from) == ((tmp_path / "lists_of_values.v2.yaml").read_text(), old.hash)
    assert not (tmp_path / "data").exists()
    words = ["executor=emulated", "executor.speed=1000", "benchmark=smoke", "benchmark.num_concurrency=[1]"]
    autotune("run", "lists_of_values.v2.yaml", *words, "--store", "kept.db")
    (listed,) = autotune("results", "--list", "--format", "json", "--store", "kept.db").json
    assert listed["task"] == {"name": "lists_of_values.v2.yaml", "hash": new.hash}


def test_nothing_is_overwritten_unasked(autotune, v1, tmp_path):
    v1("single_values.json")
    assert autotune("migrate", "single_values.json").code == 0
    target = tmp_path / "single_values.v2.yaml"
    target.write_text("mine")
    done = autotune("migrate", "single_values.json")
    assert done.code == 2
    assert "AT003" in done.codes
    assert target.read_text() == "mine"
    assert autotune("migrate", "single_values.json", "--force").code == 0
    assert yaml.safe_load(target.read_text())["version"] == 2


@pytest.mark.parametrize(
    ("name", "code"), [("single_values.json", 0), ("conflicts.json", 2), ("ome_unnamed_engine.json", 2)]
)
def test_check_writes_nothing_and_says_so(autotune, v1, tmp_path, name, code):
    v1(name)
    assert autotune("migrate", name, "--check").code == code
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_goes_on_past_a_bad_file(autotune, v1, tmp_path):
    v1("single_values.json", "by_hand.yaml", folder="tasks")
    (tmp_path / "tasks" / "broken.json").write_text('{"task_name": ')
    (tmp_path / "tasks" / "twice.json").write_text('{"task_name": "a", "task_name": "b"}')
    (tmp_path / "tasks" / "list.yaml").write_text("[1, 2]")
    (tmp_path / "tasks" / "short.yaml").write_text("task_name: x\nparameters: {}\n")
    done = autotune("migrate", "tasks", "-o", "out")
    assert done.code == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["by_hand.v2.yaml", "single_values.v2.yaml"]
    assert sorted(done.codes) == ["AT001", "AT001", "AT025", "AT025"]
    assert "model, base_runtime" in done.err


def test_what_was_migrated_is_passed_over(autotune, v1):
    v1("by_hand.yaml", folder="tasks")
    assert autotune("migrate", "tasks").code == 0
    assert autotune("migrate", "tasks", "--force").code == 0


def test_the_engine_is_answered(autotune, v1):
    v1("ome_unnamed_engine.json")
    assert autotune("migrate", "ome_unnamed_engine.json").code == 2
    done = autotune("migrate", "ome_unnamed_engine.json", "--engine", "sglang", "--format", "json")
    assert done.code == 0
    (task,) = json.loads(done.out)["tasks"]
    assert task["written"] == "ome_unnamed_engine.v2.yaml"
    assert next(item for item in task["values"] if item["path"] == ["base_runtime"])["status"] == "noted"


def test_a_file_that_is_not_there(autotune):
    done = autotune("migrate", "nothing.json", "--format", "json")
    assert done.code == 2
    assert json.loads(done.out)["errors"][0]["code"] == "AT001"
