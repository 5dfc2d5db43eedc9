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
