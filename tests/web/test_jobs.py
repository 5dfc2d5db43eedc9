"""Runs started through the API: processes of their own, a queue that is kept, and a server that may go and come."""

import os
import signal
import time
from types import SimpleNamespace

import psutil
import pytest

from autotune.diagnostics import InputError
from autotune.run.queue import Queue
from autotune.store import Store
from autotune.web import jobs
from tests.web.served import TOKEN, Server, api, problem_of, wait_until

#: Four points of about two seconds each, two at a time.
SLOW = ["parallel.tp=1,2", "benchmark.num_concurrency=[1,2,4,8]", "benchmark.max_time_s=8", "benchmark.max_requests=100000",
        "executor=emulated", "executor.speed=4", "optimization.max_parallel=1"]  # fmt: skip
QUICK = ["executor=emulated", "executor.speed=1000", "benchmark.max_time_s=1", "benchmark.max_requests=4"]


def start(http, *words):
    response = http.post("/api/v2/runs", json={"overrides": list(words)})
    assert response.status_code == 202, response.text
    return response.json()["run_id"]


def state(http, run_id):
    return http.get(f"/api/v2/runs/{run_id}").json()["state"]


def until(http, run_id, *states, timeout_s=90.0):
    return wait_until(lambda: (found := state(http, run_id)) in states and found, timeout_s=timeout_s)


@pytest.mark.slow
def test_a_run_is_the_command_lines_own_and_its_id_is_known_at_once(tmp_path):
    with Server(tmp_path) as server:
        response = server.http.post("/api/v2/runs", json={"task": "name: mine\n", "overrides": QUICK})
        assert response.status_code == 202
        run = response.json()
        assert response.headers["location"] == f"/api/v2/runs/{run['run_id']}"
        assert run["state"] in ("queued", "running")
        until(server.http, run["run_id"], "finished")
        log = server.http.get(f"/api/v2/runs/{run['run_id']}/log").text
        assert "going on with run" in log
        found = server.http.get("/api/v2/experiments", params={"run": run["run_id"]}).json()
        assert [item["status"] for item in found["items"]] == ["done"]
        assert found["items"][0]["kind"] == "emulated"
        assert found["items"][0]["metrics"]["output_tokens_per_s"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_restart_of_the_server_in_the_middle_of_a_run_loses_nothing(tmp_path, number):
    with Server(tmp_path) as server:
        running = start(server.http, *SLOW)
        waiting = start(server.http, *QUICK)
        until(server.http, running, "running")
        assert state(server.http, waiting) == "queued"
        worker = server.http.get(f"/api/v2/runs/{running}").json()["worker"]["pid"]
        code = server.end(number)
        assert code == (0 if number == signal.SIGINT else -signal.SIGKILL)
        assert psutil.pid_exists(worker)
        server.start()
        assert state(server.http, running) == "running"
        assert server.http.get(f"/api/v2/runs/{running}").json()["worker"]["pid"] == worker
        assert state(server.http, waiting) == "queued"
        until(server.http, running, "finished")
        until(server.http, waiting, "finished")
        assert server.http.get("/api/v2/experiments", params={"run": running, "status": "done"}).json()["total"] == 2


@pytest.mark.slow
def test_runs_wait_for_their_turn(tmp_path):
    with Server(tmp_path, "--max-runs", "1") as server:
        first = start(server.http, *SLOW)
        second = start(server.http, *QUICK, "parallel.tp=2")
        third = start(server.http, *QUICK, "parallel.tp=4")
        until(server.http, first, "running")
        health = server.http.get("/api/v2/health").json()["queue"]
        assert health == {"waiting": 2, "running": 1, "max_runs": 1}
        again = server.http.post("/api/v2/runs", json={"overrides": [*QUICK, "parallel.tp=2"]})
        assert again.json()["run_id"] == second  # the same points are not run twice
        busy = server.http.post("/api/v2/runs", json={"overrides": SLOW})
        assert problem_of(busy, 409)["diagnostics"][0]["code"] == "AT032"
        # One that waits leaves the queue at once; one that works ends in good order, and can go on.
        assert server.http.post(f"/api/v2/runs/{third}/cancel").json()["state"] == "interrupted"
        assert server.http.post(f"/api/v2/runs/{first}/cancel").status_code == 202
        until(server.http, first, "interrupted")
        until(server.http, second, "finished")
        assert state(server.http, third) == "interrupted"
        assert server.http.post(f"/api/v2/runs/{third}/resume").status_code == 202
        until(server.http, third, "finished")
        problem_of(server.http.post(f"/api/v2/runs/{third}/cancel"), 409)
        problem_of(server.http.post(f"/api/v2/runs/{third}/resume"), 409)
        problem_of(server.http.post("/api/v2/runs/nope/cancel"), 404)


def test_a_full_queue_takes_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_WAITING", 1)
    with api(tmp_path, monkeypatch, working=False) as client:
        assert client.post("/api/v2/runs", json={"overrides": QUICK}).status_code == 202
        refused = client.post("/api/v2/runs", json={"overrides": [*QUICK, "parallel.tp=2"]})
        assert problem_of(refused, 429)["diagnostics"][0]["code"] == "AT081"
        assert client.get("/api/v2/runs").json()["total"] == 1


def test_what_cannot_run_is_refused_before_it_waits(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False) as client:
        assert problem_of(client.post("/api/v2/runs", json={"overrides": ["parallel.tp=3"]}), 422)["diagnostics"]
        missing = client.post("/api/v2/runs", json={"overrides": ["executor=docker", "parallel.tp=1"]})
        assert problem_of(missing, 422)["diagnostics"][0]["code"] in ("AT030", "AT045")
        assert client.get("/api/v2/runs").json()["total"] == 0


def test_the_token_is_not_handed_on_to_runs(tmp_path, monkeypatch):
    handed = []
    fake = SimpleNamespace(DEVNULL=0, Popen=lambda *args, **more: handed.append((args, more)) or FakeChild())
    monkeypatch.setattr(jobs, "subprocess", fake)
    with api(tmp_path, monkeypatch, token=TOKEN) as client:
        monkeypatch.setenv("AUTOTUNE_TOKEN", TOKEN)
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert client.post("/api/v2/runs", json={"overrides": QUICK}, headers=bearer).status_code == 202
        wait_until(lambda: handed)
    (command,), more = handed[0]
    assert TOKEN not in " ".join(command)
    assert TOKEN not in str(more["env"])
    assert more["start_new_session"] is True


class FakeChild:
    pid = os.getpid()

    def poll(self):
        return 0

    wait = poll


def test_a_read_only_server_starts_nothing_that_waits(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False) as client:
        assert client.post("/api/v2/runs", json={"overrides": QUICK}).status_code == 202
    with api(tmp_path, monkeypatch, read_only=True) as client:
        time.sleep(1)
        assert client.get("/api/v2/health").json()["queue"]["waiting"] == 1


def test_a_run_that_is_gone_from_the_store_leaves_the_queue(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False):
        queue = Queue(tmp_path / "data")
        with queue.change() as waiting:
            waiting.runs.append("20260101-000000-aaaaaa")
    with api(tmp_path, monkeypatch):
        wait_until(lambda: not queue.look().runs)


def test_a_queue_that_cannot_be_read_is_an_empty_one(tmp_path):
    queue = Queue(tmp_path)
    with queue.change() as waiting:
        waiting.runs.append("x")
    (tmp_path / "queue" / "queue.json").write_text("[1")
    assert queue.look().runs == []
    (tmp_path / "queue" / "queue.json").write_text('{"waiting": [1, "a"], "started": [{"pid": 1}, 7]}')
    assert queue.look().runs == ["a"]


def test_a_change_that_fails_leaves_the_queue_as_it_was(tmp_path):
    queue = Queue(tmp_path)

    def change():
        with queue.change() as waiting:
            waiting.runs.append("x")
            raise InputError

    with pytest.raises(InputError):
        change()
    assert queue.look().runs == []


def test_a_run_that_the_command_line_lists_as_queued(tmp_path, monkeypatch, capsys):
    from autotune.cli import main

    with api(tmp_path, monkeypatch, working=False) as client:
        run_id = start(client, *QUICK)
        assert main(["runs", "--state", "queued"]) == 0
        assert run_id in capsys.readouterr().out
        assert main(["cancel", run_id]) == 0
        assert "left the queue" in capsys.readouterr().err
        assert state(client, run_id) == "interrupted"
        with Store(tmp_path / "data" / "autotune.db") as store:
            assert not store.find_run(run_id).finished
