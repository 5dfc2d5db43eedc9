from dataclasses import replace

import pytest

from autotune.store import Store
from tests.report.results import failed, measurement, result, run


@pytest.fixture
def stored(autotune):
    """Two runs in the store, the later one with a failure."""
    early = [result("a", ("parallel.tp=2",), [measurement()])]
    late = [result("a", ("parallel.tp=2",), [measurement(tokens=1200)]), failed("b")]
    with Store() as store:
        for name, results in (("run-1", early), ("run-2", late)):
            named = [replace(item, run_id=name) for item in results]
            record = run(results, run_id=name, created_at=f"2026-01-0{name[-1]}T00:00:00+00:00")
            store.save_run(record, [(item, ()) for item in named])
    return autotune


def test_a_page_of_the_latest_run_stands_beside_where_one_is(stored, tmp_path):
    done = stored("report")
    assert (done.code, done.out, done.err) == (0, "report.html\n", "")
    page = (tmp_path / "report.html").read_text()
    assert "Run run-2" in page


def test_markdown_goes_to_stdout(stored):
    done = stored("report", "run-1", "--format", "md")
    assert done.code == 0
    assert done.out.startswith("## `org/model`\n")
    assert "`run-1`" in done.out


def test_output_goes_where_it_is_asked_for(stored, tmp_path):
    assert stored("report", "-o", "-").out.startswith("<!DOCTYPE html>")
    assert stored("report", "--format", "md", "-o", "r.md").out == "r.md\n"
    assert (tmp_path / "r.md").read_text().startswith("## `org/model`")


def test_mistakes_are_said_in_a_line(stored):
    done = stored("report", "-o", "nowhere/r.html")
    assert (done.code, done.codes) == (2, ["AT001"])
    assert "nowhere/r.html cannot be written" in done.err
    done = stored("report", "run-7")
    assert (done.code, done.codes) == (2, ["AT031"])
    assert "run-1" in done.err or "run-2" in done.err


def test_several_runs_stand_side_by_side(stored, tmp_path):
    done = stored("report", "run-1", "run-2")
    assert (done.code, done.codes) == (0, [])
    page = (tmp_path / "report.html").read_text()
    assert "2 runs side by side" in page
    assert "## 2 runs side by side" in stored("report", "run-1", "run-2", "--format", "md").out
    assert "side by side" not in stored("report", "run-1", "run-1", "-o", "-").out


def test_what_was_measured_is_not_compared_with_what_was_emulated(stored):
    emulated = result("e", ("parallel.tp=2",), [measurement(kind="emulated")], kind="emulated", run_id="run-3")
    with Store() as store:
        store.save_run(run([emulated], run_id="run-3"), [(emulated, ())])
    done = stored("report", "run-2", "run-3", "--format", "md")
    assert (done.code, done.codes) == (0, ["AT167"])
    assert "run-2 is measured, run-3 is emulated" in done.err
    assert "They are not compared" in done.out
    assert stored("report", "run-3", "--format", "md").codes == []
