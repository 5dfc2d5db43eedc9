"""The verb `results`: listing, exporting, raw output, and taking in what load clients measured by themselves."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from autotune.store import RawFile, Store
from tests.report import results as reported
from tests.store.test_store import result, run

DATA = Path(__file__).parents[1] / "bench" / "data"
NOISE = bytes(range(256)) * 20


@pytest.fixture
def stored(autotune, tmp_path):
    """The user's own store with one run of one point."""
    with Store(tmp_path / "data" / "autotune.db") as store:
        store.create_run(run(environment={"host": "node7"}))
        store.save(result(), [RawFile.of("run0/out.bin", NOISE), RawFile.of("run0/log.txt", b"hello\n")])
    return run().run_id


def test_picks_stand_beneath_the_table_and_in_each_element_of_the_array(autotune, tmp_path):
    loads = [reported.measurement(1, tpot=9, tokens=100), reported.measurement(8, tpot=10, tokens=1000)]
    results = [reported.result("p1", (), loads), reported.result("p2", (), [reported.measurement(8, tpot=20)])]
    with Store(tmp_path / "data" / "autotune.db") as store:
        store.save_run(reported.run(results), [(item, ()) for item in results])
    assert "\nbest  p1  D(100,100) c=8  score 0.14" in autotune("results").out
    first, second = autotune("results", "--format", "json").json
    assert (first["picks"], second["picks"]) == ({"best": 1}, {})
    assert first["measurements"][1]["concurrency"] == 8
    assert autotune("results", "--format", "jsonl").out.count('"picks": {"best": 1}') == 1


def test_every_format_goes_to_stdout_and_to_a_file(autotune, stored, tmp_path):
    assert autotune("results", "--format", "json").json[0]["point_id"] == "p1"
    assert json.loads(autotune("results", "--format", "jsonl").out)["metrics"]["ttft_ms"] == {"mean": 10.0}
    assert next(csv.DictReader(io.StringIO(autotune("results", "--format", "csv").out)))["config.parallel.tp"] == "2"
    for form in ("json", "jsonl", "csv", "parquet"):
        done = autotune("results", "--format", form, "-o", f"out.{form}")
        assert (done.code, done.out) == (0, "")
        assert (tmp_path / f"out.{form}").stat().st_size > 100
    assert json.loads((tmp_path / "out.json").read_text()) == autotune("results", "--format", "json").json
    assert (tmp_path / "out.parquet").read_bytes().startswith(b"PAR1")
    assert "AT027" in autotune("results", "-o", "out.txt").codes
    assert "AT001" in autotune("results", "--format", "csv", "-o", "no/such/folder.csv").codes


def test_raw_output_is_listed_and_given_back_byte_for_byte(autotune, stored, tmp_path):
    listed = autotune("results", "--raw", "p1").out
    assert "run0/out.bin" in listed
    assert str(len(NOISE)) in listed
    assert autotune("results", "--raw", "p1/run0/log.txt").out == "hello\n"
    assert autotune("results", stored[:8], "--raw", "p1/run0/out.bin", "-o", "back.bin").code == 0
    assert (tmp_path / "back.bin").read_bytes() == NOISE
    for wrong, close in (("p", "p1"), ("p1/run0/log", "run0/log.txt"), ("p2", "built-in clients write none")):
        done = autotune("results", "--raw", wrong)
        assert (done.code, done.codes) == (2, ["AT031"])
        assert close in done.err


def test_the_task_is_given_back_as_it_was_given(autotune, stored, tmp_path):
    assert autotune("results", "--task").out == "text"
    assert autotune("results", stored, "--task", "-o", "back.yaml").code == 0
    assert (tmp_path / "back.yaml").read_text() == "text"
    autotune("results", "import", str(DATA / "guidellm"))
    assert autotune("results", "--task").codes == ["AT031"]


def test_words_that_are_not_understood_say_what_is(autotune, stored):
    done = autotune("results", "one", "two")
    assert (done.code, done.codes) == (2, ["AT004"])
    assert "results import FOLDER" in done.err


def test_the_store_can_be_named_by_a_variable(autotune, tmp_path, monkeypatch):
    with Store(tmp_path / "other.db") as store:
        store.create_run(run("20260101-000000-aaaaaa"))
    monkeypatch.setenv("AUTOTUNE_STORE", str(tmp_path / "other.db"))
    assert "20260101-000000-aaaaaa" in autotune("results", "--list").out
    assert autotune("results", "--list", "--store", str(tmp_path / "third.db")).out.count("2026") == 0


def test_a_password_is_never_shown(autotune, monkeypatch):
    monkeypatch.setenv("AUTOTUNE_STORE", "postgresql://me:hunter2@127.0.0.1:1/db")
    for words in (["results"], ["results", "--list"], ["resume"], ["report"]):
        done = autotune(*words)
        assert (done.code, done.codes) == (2, ["AT031"])
        assert "hunter2" not in done.out + done.err
        assert "postgresql://me:***@127.0.0.1:1/db" in done.err


def test_a_folder_of_every_tool_is_imported_once(autotune, tmp_path):
    first = autotune("results", "import", str(DATA), "--format", "json")
    assert first.code == 0
    assert {item["tool"]: (item["done"], item["failed"]) for item in first.json} == {
        "genai_bench": (2, 1), "guidellm": (2, 1), "aiperf": (3, 1), "vllm_bench": (4, 1),
    }  # fmt: skip
    assert first.codes == ["AT121"]
    listed = autotune("results", "--list", "--format", "json").json
    assert len(listed) == 4
    assert {item["source"]["folder"] for item in listed} == {str(DATA)}
    again = autotune("results", "import", str(DATA), str(DATA / "guidellm"))
    assert again.code == 0
    assert again.out.count("known already") == 5
    assert autotune("results", "--list", "--format", "json").json == listed
    assert "imported from guidellm" in autotune("results", "--list").out


def test_only_what_is_new_in_a_folder_is_added(autotune, tmp_path):
    shutil.copytree(DATA / "vllm-bench" / "one", tmp_path / "out" / "a")
    autotune("results", "import", "out")
    shutil.copytree(DATA / "vllm-bench" / "half-failed", tmp_path / "out" / "b")
    (said,) = autotune("results", "import", "out", "--format", "json").json
    assert (said["done"], said["known"]) == (1, 1)
    assert [len(autotune("results", item["run_id"], "--format", "json").json) for item in
            autotune("results", "--list", "--format", "json").json] == [1, 1]  # fmt: skip


def test_what_was_imported_is_shown_reported_and_kept(autotune, tmp_path):
    autotune("results", "import", str(DATA / "vllm-sweep"), "--gpus", "2")
    rows = autotune("results", "--format", "json").json
    assert {row["kind"] for row in rows} == {"measured"}
    assert rows[1]["metrics"]["output_tokens_per_s_per_gpu"] == pytest.approx(1546.5943 / 2)
    assert "--max-num-seqs" in autotune("results").out
    assert autotune("report", "-o", "r.html").code == 0
    name = "exp1/SERVE--seqs8-BENCH--c8/run=0.json"
    kept = autotune("results", "--raw", f"{rows[1]['point_id']}/{name}").out
    assert kept == (DATA / "vllm-sweep" / name).read_text()


def test_folders_without_results_are_errors_all_at_once_and_nothing_is_stored(autotune, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "benchmarks.json").write_text('{"metadata": {"guidellm_version"')
    done = autotune("results", "import", "empty", "nowhere", "cut", str(DATA / "guidellm"))
    assert (done.code, done.codes) == (2, ["AT046"] * 3)
    assert "nowhere is not there" in done.err
    assert "benchmarks.json cannot be read" in done.err
    assert autotune("results", "--list").out.count("guidellm") == 0


def test_an_api_key_in_a_tools_file_is_not_kept(autotune, tmp_path):
    shutil.copytree(DATA / "guidellm" / "half-failed", tmp_path / "out")
    file = tmp_path / "out" / "benchmarks.json"
    file.write_text(file.read_text().replace('"api_key": null', '"api_key": "sk-verysecret"'))
    autotune("results", "import", "out")
    (row,) = autotune("results", "--format", "json").json
    assert "verysecret" not in autotune("results", "--raw", f"{row['point_id']}/benchmarks.json").out
