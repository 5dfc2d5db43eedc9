"""A run live: what listeners are told, whoever works on the run."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

from autotune.run.events import PointFinished, PointStarted, RunOpened, ServerReady, ServerRemoved, ServerStarting
from autotune.run.journal import Journal, read_journal
from autotune.store import Store
from autotune.web.events import Watchers
from autotune.web.scene import Scene
from tests.report.results import run
from tests.web.served import api, problem_of
from tests.web.stored import store_with, sweep


class Closed:
    """A terminal that went away."""

    def report(self, event):
        raise BrokenPipeError


def journal(folder, listener=None):
    folder.mkdir(parents=True, exist_ok=True)
    return Journal(folder, listener or Closed(), lambda: datetime(2026, 1, 1, tzinfo=UTC))


def opened(folder):
    return RunOpened("run-1", folder, "emulated", {"p0": "parallel.tp=2"}, 1, resumed=False)


def names(events):
    return [event.name for event in events]


def test_the_journal_goes_on_when_its_listener_is_gone_and_is_read_from_where_one_was(tmp_path):
    written = journal(tmp_path)
    written.report(opened(tmp_path))
    written.report(ServerStarting("s", ("p0",), 2, 1, ("0", "1")))
    lines, at = read_journal(tmp_path)
    assert [line["event"] for line in lines] == ["RunOpened", "ServerStarting"]
    assert lines[1]["devices"] == ["0", "1"]
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"event": "half')
    assert read_journal(tmp_path, at) == ([], at)


def test_a_scene_tells_what_runs_where_and_what_came_out(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOTUNE_HOME", str(tmp_path))
    folder = tmp_path / "runs" / "run-1"
    results = sweep("run-1")
    with Store(tmp_path / "autotune.db") as store:
        store.create_run(run(results, run_id="run-1", finished_at=None))
        scene = Scene(store, "run-1", lambda: {"run-1"})
        assert names(scene.look()) == ["run"]
        assert scene.run["state"] == "queued"
        point = results[1].point_id
        written = journal(folder)
        written.report(replace(opened(folder), labels={point: "parallel.tp=2"}))
        written.report(ServerStarting("s", (point,), 2, 1, ("0", "1")))
        written.report(ServerReady("s", 1.0))
        written.report(PointStarted(point, "s", 3))
        (folder / "points" / point).mkdir(parents=True)
        (folder / "points" / point / "server.log").write_text("ready\nhalf a li")
        store.save(replace(results[1], status="running", measurements=(), best=None, score=None))
        # Nobody holds the run's lock here: its servers are taken for gone at the end of the look.
        found = scene.look()
        assert names(found) == ["server", "server", "server", "point", "log", "server", "run"]
        assert found[0].data["devices"] == ["0", "1"]
        assert found[2].data["label"] == "parallel.tp=2"
        assert found[4].data == {"source": point, "text": "ready\n"}
        written.report(PointFinished(results[1]))
        written.report(ServerRemoved("s"))
        store.save(results[1])
        assert names(scene.look()) == ["point", "frontier", "run"]
        assert scene.frontier()[0]["point_id"] == point
        store.forget("run-1", point)
        assert scene.look()[0].data == {"point_id": point, "label": "parallel.tp=2", "status": "waiting"}
        json.dumps(scene.snapshot(), allow_nan=False)


def test_a_log_does_not_show_the_secrets_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOTUNE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 20)
    store_with(tmp_path / "autotune.db", sweep("run-1"))
    folder = tmp_path / "runs" / "run-1"
    folder.mkdir(parents=True)
    (folder / "run.log").write_text(f"token {'hf_' + 'x' * 20}\n\x1b[31mred\n")
    with Store(tmp_path / "autotune.db") as store:
        scene = Scene(store, "run-1", set)
        (log,) = [event.data for event in scene.look() if event.name == "log"]
    assert log["text"] == "token (hidden)\nred\n"


def test_who_listens_to_a_run_that_is_over_is_told_everything_and_let_go(tmp_path, monkeypatch):
    store = store_with(tmp_path / "store.db", sweep("run-1"))
    with api(tmp_path, monkeypatch, store=store) as client:
        text = client.get("/api/v2/runs/run-1/events").text
        assert [line for line in text.splitlines() if line.startswith("event:")] == ["event: snapshot", "event: end"]
        snapshot = json.loads(text.split("data: ")[1].splitlines()[0])
        assert len(snapshot["points"]) == 7
        assert snapshot["run"]["state"] == "finished"
        problem_of(client.get("/api/v2/runs/nope/events"), 404)


def test_many_listeners_share_one_watcher_which_ends_with_the_last(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOTUNE_HOME", str(tmp_path))
    looks = []
    results = sweep("run-1")

    async def listen(watchers):
        heard = []
        async for event in watchers.listen("run-1"):
            heard.append(event.name)
            if event.name == "point":
                break
        return heard

    async def main(store):
        watchers = Watchers(store, lambda: {"run-1"})
        listeners = [asyncio.create_task(listen(watchers)) for _ in range(20)]
        await asyncio.sleep(0.7)
        assert len(watchers._watchers) == 1
        before = len(looks)
        await asyncio.to_thread(store.save, results[1])
        heard = await asyncio.wait_for(asyncio.gather(*listeners), 30)
        assert len(looks) - before < 20
        assert all(item == ["snapshot", "point"] for item in heard)
        await asyncio.sleep(0.1)
        return watchers._watchers

    with Store(tmp_path / "autotune.db") as store:
        store.create_run(run(results, run_id="run-1", finished_at=None))
        look = Scene.look
        monkeypatch.setattr(Scene, "look", lambda scene: looks.append(1) or look(scene))
        assert asyncio.run(main(store)) == {}
