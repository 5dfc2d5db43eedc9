"""Home, the list of runs, and one run as it is watched."""

from dataclasses import replace

import pytest

from autotune.run.lock import RunLock
from autotune.store import Store
from tests.report.results import failed, run
from tests.web.client import serving, words
from tests.web.stored import config, store_with, sweep


@pytest.fixture
def place(tmp_path):
    return tmp_path


@pytest.fixture
def client(place):
    with pytest.MonkeyPatch.context() as patch, serving(place, patch) as found:
        yield found


def half(place, finished=None):
    """A run of nine points of which seven are settled and one is at work."""
    results = sweep()
    running = replace(results[1], point_id="atwork", status="running", measurements=(), best=None, score=None, finished_at=None)  # fmt: skip
    with Store(place / "web.db") as store:
        points = (*(item.point_id for item in results), "atwork", "later")
        store.create_run(run(results, points=points, finished_at=finished))
        for item in (*results, running):
            store.save(item)


def test_with_nothing_there_the_way_to_the_first_run_is_shown(client):
    page = client.get("/")
    assert "No run yet" in words(page.text)
    assert 'href="/new"' in page.text
    assert "No run is stored yet" in words(client.get("/runs").text)
    assert "No run has a result yet" in words(client.get("/results").text)
    assert "nothing to verify" in words(client.get("/verify").text)


def test_a_point_that_was_measured_when_its_run_died_is_interrupted(client, place):
    half(place)
    folder = place / "home" / "runs" / "run-1"
    folder.mkdir(parents=True)

    def shown():
        listed = client.get("/api/v2/experiments?run=run-1&status=running").json()["items"]
        full = client.get("/api/v2/experiments/run-1/atwork").json()["status"]
        return [item["status"] for item in listed], full, "interrupted" in words(client.get("/results?run=run-1").text)

    with RunLock(folder):
        assert shown() == (["running"], "running", False)
    assert shown() == (["interrupted"], "interrupted", True), "though nothing changed in the store"
    with RunLock(folder):
        assert shown() == (["running"], "running", False)


def test_home_has_recent_runs_with_their_best(client, place):
    store_with(place / "web.db", sweep(), sweep("run-2", "emulated"))
    page = words(client.get("/").text)
    assert "Recent runs" in page
    assert "Qwen/Qwen3-8B emulated" in page
    assert "1,544" in page  # the most tokens/s per GPU
    assert "7 1 failed" in page


def test_the_list_of_runs_by_state(client, place):
    store_with(place / "web.db", sweep())
    half_of_another = sweep("run-9")[:2]
    with Store(place / "web.db") as store:
        store.create_run(run(half_of_another, run_id="run-9"))
    assert "run-1 finished" in words(client.get("/runs").text).replace("✓ ", "")
    only = words(client.get("/runs?wanted=interrupted").text)
    assert "run-9" in only
    assert "run-1" not in only
    assert "run-9" in words(client.get("/runs?page=999").text), "the last page is as far as it goes"
    assert "No run is running" in words(client.get("/runs?wanted=running").text)


def test_a_run_shows_points_measured_beside_predicted_failures_and_what_to_do(client, place):
    half(place)
    page = client.get("/runs/run-1")
    shown = words(page.text)
    assert "7 of 9 points settled: 6 done, 1 failed" in shown
    assert "Nobody works on it, and 2 points are left" in shown
    assert "Resume" in shown
    assert "out of memory" in shown
    assert "What to do: raise parallel.tp" in shown
    first = words(page.text[page.text.index("<tbody>", page.text.index("points-head")) :])
    assert first.startswith("#8 2 bf16 interrupted"), "what was at work comes first, and nobody works on it now"
    assert "3.01 (3.31)" in first, "TPOT, and in brackets what was predicted"


def test_it_is_named_by_its_beginning_too_and_unknown_ones_are_404(client, place):
    half(place)
    assert client.get("/runs/run-").url.path == "/runs/run-1"
    assert client.get("/runs/nope").status_code == 404
    assert client.get("/runs/nope/now").status_code == 404
    assert client.get("/runs/nope/figure").status_code == 404


def test_what_changes_comes_alone(client, place):
    half(place)
    part = client.get("/runs/run-1/now").text
    assert part.lstrip().startswith('<div id="now"')
    assert "<html" not in part
    figure = client.get("/runs/run-1/figure").json()
    assert sum(len(one["marks"]) for one in figure["series"]) == 18
    assert len(figure["edge"]) >= 1


def test_a_new_result_is_seen(client, place):
    half(place)
    assert "7 of 9" in words(client.get("/runs/run-1").text)
    with Store(place / "web.db") as store:
        store.save(failed("atwork", ("parallel.tp=2", "quantization=bf16"), config=config(2)))
    page = words(client.get("/runs/run-1").text)
    assert "8 of 9 points settled: 6 done, 2 failed" in page
    with Store(place / "web.db") as store:
        store.forget("run-1", "atwork")
    assert "7 of 9" in words(client.get("/runs/run-1").text)


def test_resume_queues_it_and_cancel_takes_it_out_again(client, place):
    half(place)
    queued = words(client.post("/runs/run-1/resume").text)
    assert "queued" in queued
    assert "Leave the queue" in queued
    assert "Waiting run-1 9 points" in words(client.get("/").text)
    assert "interrupted" in words(client.post("/runs/run-1/cancel").text)
    refused = client.post("/runs/run-1/cancel")
    assert refused.status_code == 409
    assert "AT049" in words(refused.text)


def test_a_finished_run_can_be_neither(client, place):
    half(place, finished="2026-01-02T04:04:05Z")
    page = client.get("/runs/run-1").text
    assert "/cancel" not in page
    assert "/resume" not in page
    assert client.post("/runs/run-1/resume").status_code == 409


def test_read_only_offers_and_allows_nothing(place):
    half(place)
    with pytest.MonkeyPatch.context() as patch, serving(place, patch, read_only=True) as client:
        assert "/resume" not in client.get("/runs/run-1").text
        assert client.post("/runs/run-1/resume").status_code == 403
        assert client.post("/runs/run-1/cancel").status_code == 403


def test_a_form_of_another_site_is_refused(client, place):
    half(place)
    assert client.post("/runs/run-1/resume", headers={"origin": "https://evil.example"}).status_code == 403
    sent = {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8765"}
    assert client.post("/runs/run-1/resume", headers=sent).status_code == 403, "it bears no mark"
