"""The REST API: what it answers, against what the command line does."""

import json

import pytest

from tests.web.served import api, problem_of
from tests.web.stored import store_with, sweep

PROFILE = "description: Two GPUs.\nlayers:\n  size:\n    when: gpu.memory_gb > 40.0\n    set: {parallel.tp: 2}\n"
OLD = {
    "task_name": "old", "description": "A v1 task.", "model": {"id_or_path": "Qwen/Qwen3-8B", "namespace": "x"}, "base_runtime": "vllm",
    "parameters": {"tp-size": [1, 2], "max-num-seqs": 64}, "optimization": {"strategy": "grid_search", "objective": "minimize_latency"},
    "benchmark": {"task": "text-to-text", "traffic_scenarios": ["D(100,100)"], "num_concurrency": [4]},
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    place = tmp_path_factory.mktemp("api")
    store = store_with(place / "store.db", sweep("run-1"), sweep("run-2"))
    with pytest.MonkeyPatch.context() as patch, api(place, patch, working=False, store=store) as found:
        yield found


def test_compile_gives_what_the_command_line_prints(client, capsys):
    from autotune.cli import main

    words = ["+profile=high_throughput", "parallel.tp=2,4"]
    answer = client.post("/api/v2/compile", json={"overrides": words})
    assert answer.status_code == 200
    assert main(["compile", *words, "-m", "--format", "json"]) == 0
    assert answer.json() == json.loads(capsys.readouterr().out)


def test_a_sweep_of_which_nothing_can_run_is_a_problem_with_its_diagnostics(client):
    data = problem_of(client.post("/api/v2/compile", json={"overrides": ["parallel.tp=3"]}), 422)
    assert data["type"] == "urn:autotune:problem:diagnostics"
    (found,) = [item for item in data["diagnostics"] if item["severity"] == "error"]
    assert found["code"] == "AT012"
    assert found["writer"] == "override parallel.tp=3"
    assert "use 1, 2" in found["help"]


def test_check_answers_with_the_mistakes(client):
    data = client.post("/api/v2/check", json={"overrides": ["parallel.tp=3"], "task": "nope: 1\n"}).json()
    assert data["ok"] is False
    assert [item["code"] for item in data["diagnostics"]] == ["AT002"]
    good = client.post("/api/v2/check", json={"overrides": ["parallel.tp=1,2"]}).json()
    assert (good["ok"], good["points"], good["runnable"]) == (True, 2, 2)
    denied = client.post(
        "/api/v2/check", json={"overrides": ["memory.mem_fraction_static=0.99"], "deny": ["warnings"]}
    ).json()
    assert denied["ok"] is False


def test_emit_gives_the_files_and_writes_none(client):
    data = client.post("/api/v2/emit", json={"overrides": ["parallel.tp=2"], "targets": ["k8s", "compose"]}).json()
    assert data["servers"] == 1
    assert any("kind: Deployment" in text for text in data["files"].values())
    problem_of(client.post("/api/v2/emit", json={"targets": ["nope"]}), 422)


def test_predict_is_labelled_predicted(client):
    data = client.post("/api/v2/predict", json={"overrides": ["parallel.tp=2,4"]}).json()
    assert {item["kind"] for item in data["predictions"]} == {"predicted"}
    assert len({item["point_id"] for item in data["predictions"]}) == 2
    assert data["predictions"][0]["metrics"]["output_tokens_per_s"] > 0


def test_migrate_accounts_for_every_value(client):
    data = client.post("/api/v2/migrate", json={"text": json.dumps(OLD)}).json()
    assert "sweep:" in data["text"]
    assert sum(data["counts"].values()) == len(data["values"])
    problem_of(client.post("/api/v2/migrate", json={"text": "{}"}), 422)


def test_tasks_are_kept_once_and_run_by_their_hash(client):
    sent = {"name": "tp", "text": "sweep: {parallel.tp: [2, 4]}\n"}
    first, second = (client.post("/api/v2/tasks", json=sent) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    task_hash = first.json()["hash"]
    assert client.get(first.headers["location"]).json()["text"] == sent["text"]
    assert client.get("/api/v2/tasks").json()["total"] == 1
    points = client.post("/api/v2/compile", json={"task_hash": task_hash}).json()
    assert [point["config"]["parallel"]["tp"] for point in points] == [2, 4]
    problem_of(client.post("/api/v2/tasks", json={"name": "x", "text": "nope: 1\n"}), 422)
    problem_of(client.post("/api/v2/compile", json={"task_hash": "0" * 64}), 404)
    problem_of(client.post("/api/v2/compile", json={"task_hash": task_hash, "task": ""}), 422)


def test_a_profile_is_written_changed_tried_and_removed(client):
    made = client.post("/api/v2/profiles", json={"name": "two_gpus", "text": PROFILE})
    assert made.status_code == 201, made.text
    assert made.json()["own"] is True
    problem_of(client.post("/api/v2/profiles", json={"name": "two_gpus", "text": PROFILE}), 422)
    problem_of(client.post("/api/v2/profiles", json={"name": "fp8_quantized", "text": PROFILE}), 422)
    applied = client.post("/api/v2/profiles/two_gpus/apply", json={"overrides": ["system.gpu=h100_sxm"]}).json()
    assert applied["point"]["config"]["parallel"]["tp"] == 2
    assert {"path": "parallel.tp", "value": 2, "layer": "two_gpus/size", "stands": True, "reason": None} in applied[
        "writes"
    ]
    changed = client.put("/api/v2/profiles/two_gpus", json={"text": PROFILE.replace("tp: 2", "tp: 4")})
    assert changed.json()["layers"]["size"]["set"] == {"parallel.tp": 4}
    assert (
        client.post("/api/v2/compile", json={"overrides": ["+profile=two_gpus"]}).json()[0]["config"]["parallel"]["tp"]
        == 4
    )
    assert client.delete("/api/v2/profiles/two_gpus").status_code == 204
    problem_of(client.get("/api/v2/profiles/two_gpus"), 404)
    problem_of(client.delete("/api/v2/profiles/fp8_quantized"), 422)
    problem_of(client.put("/api/v2/profiles/nope", json={"text": PROFILE}), 404)


def test_profiles_are_listed_and_shown(client):
    listed = client.get("/api/v2/profiles?limit=500").json()
    assert "fp8_quantized" in [item["name"] for item in listed["items"]]
    shown = client.get("/api/v2/profiles/fp8_quantized").json()
    assert shown["builtin"] is True
    assert "description:" in shown["text"]
    assert shown["layers"]


def test_models_and_systems(client):
    assert client.get("/api/v2/models?q=qwen3-8b").json()["items"][0]["id"] == "Qwen/Qwen3-8B"
    assert client.get("/api/v2/models/Qwen/Qwen3-8B").json()["num_heads"] == 32
    assert client.get("/api/v2/systems/h100_sxm").json()["name"] == "h100_sxm"
    assert "Qwen/Qwen3-8B" in problem_of(client.get("/api/v2/models/Qwen/Qwen3-8"), 404)["diagnostics"][0]["help"]
    problem_of(client.get("/api/v2/systems/h1000"), 404)


def test_experiments_are_filtered_and_sorted(client):
    assert client.get("/api/v2/experiments").json()["total"] == 14
    failed = client.get("/api/v2/experiments", params={"run": "run-1", "status": "failed"}).json()
    assert [item["failure"]["kind"] for item in failed["items"]] == [failed["items"][0]["failure"]["kind"]]
    assert failed["items"][0]["metrics"] is None
    scores = [item["score"] for item in client.get("/api/v2/experiments?sort=score").json()["items"]]
    known = [score for score in scores if score is not None]
    assert known == sorted(known)
    assert scores[len(known) :] == [None] * (14 - len(known))
    assert client.get("/api/v2/experiments", params={"model": "Qwen/Qwen3-8B"}).json()["total"] == 14
    assert client.get("/api/v2/experiments", params={"model": "org/other"}).json()["total"] == 0
    problem_of(client.get("/api/v2/experiments?run=nope"), 404)


def test_one_experiment_in_full_is_what_the_command_line_prints(client):
    item = client.get("/api/v2/experiments?run=run-1&status=done").json()["items"][0]
    full = client.get(f"/api/v2/experiments/run-1/{item['point_id']}").json()
    assert full["metrics"] == item["metrics"]
    assert full["config"]["model"]["id"] == "Qwen/Qwen3-8B"
    problem_of(client.get("/api/v2/experiments/run-1/nope"), 404)


def test_runs_are_listed_with_what_they_do(client):
    listed = client.get("/api/v2/runs").json()
    assert [(item["run_id"], item["state"]) for item in listed["items"]] == [
        ("run-2", "finished"),
        ("run-1", "finished"),
    ]
    assert listed["items"][0]["counts"] == {"done": 6, "failed": 1}
    assert client.get("/api/v2/runs?finished=false").json()["total"] == 0


def test_lists_come_a_page_at_a_time_with_links(client):
    first = client.get("/api/v2/experiments?limit=5&status=done")
    assert len(first.json()["items"]) == 5
    assert (first.json()["total"], first.headers["x-total-count"]) == (12, "12")
    seen, url = [], "/api/v2/experiments?limit=5&status=done"
    while url:
        answer = client.get(url)
        seen += [(item["run_id"], item["point_id"]) for item in answer.json()["items"]]
        links = dict(reversed(part.split("; ")) for part in answer.headers["link"].split(", "))
        url = links.get('rel="next"', "").strip("<>")
    assert len(seen) == len(set(seen)) == 12
    assert client.get("/api/v2/experiments?page=99").json()["items"] == []


def test_what_a_client_has_already_is_not_sent_again(client):
    for path in ("/api/v2/experiments", "/api/v2/runs", "/api/v2/models", "/api/openapi.json", "/api/v2/profiles"):
        first = client.get(path)
        tag = first.headers["etag"]
        same = client.get(path, headers={"If-None-Match": f'"x", W/{tag}'})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


def test_an_answer_is_kept_until_the_store_changes(tmp_path, monkeypatch):
    from autotune.store import Store

    results = sweep("run-1")
    store = store_with(tmp_path / "store.db", results[:3])
    with api(tmp_path, monkeypatch, working=False, store=store) as client:
        first, second = (client.get("/api/v2/experiments?limit=2") for _ in range(2))
        assert first.json() == second.json()
        assert dict(first.headers) == dict(second.headers)
        assert (
            client.get("/api/v2/experiments?limit=2", headers={"If-None-Match": first.headers["etag"]}).status_code
            == 304
        )
        with Store(store) as other:
            other.save(results[4])
        changed = client.get("/api/v2/experiments?limit=2")
        assert changed.json()["total"] == 4
        assert changed.headers["etag"] != first.headers["etag"]
        client.app.state.web.store.save(results[5])
        assert client.get("/api/v2/experiments?limit=2").json()["total"] == 5


def test_the_document_is_complete_with_examples(client):
    document = client.get("/api/openapi.json").json()
    assert {path.split("/")[3] for path in document["paths"] if path.startswith("/api/v2/")} == {
        "tasks", "runs", "experiments", "profiles", "compile", "check", "emit", "predict", "migrate", "models", "systems", "health",
    }  # fmt: skip
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in body:
                assert document["components"]["schemas"][body["$ref"].rpartition("/")[2]].get("examples"), (
                    path,
                    method,
                )
            refused = operation["responses"].get("422", {}).get("content")
            assert refused is None or list(refused) == ["application/problem+json"]


def test_every_example_in_the_document_is_taken(client):
    document = client.get("/api/openapi.json").json()
    for path in ("compile", "check", "emit", "predict", "migrate", "tasks"):
        schema = document["paths"][f"/api/v2/{path}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        (example,) = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["examples"]
        assert client.post(f"/api/v2/{path}", json=example).status_code in (200, 201), path


def test_the_page_of_the_api_needs_nothing_from_elsewhere(client):
    text = client.get("/api/docs", headers={"Accept": "text/html"}).text
    assert "POST /api/v2/compile" in text
    assert "//" not in text.replace("http://", "", 0).partition("<main")[0].replace("<!DOCTYPE html>", "")


def test_health_says_what_works(client):
    data = client.get("/api/v2/health").json()
    assert data["status"] == "ok"
    assert data["database"]["ok"] is True
    assert data["disk"]["free_bytes"] > 0
    assert {"name": "emulated", "available": True, "detail": "always there"} in data["executors"]


def test_health_of_a_store_that_broke(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False) as client:
        client.app.state.web.store.close()
        (tmp_path / "data" / "autotune.db").write_bytes(b"no database" * 1000)
        (tmp_path / "data" / "autotune.db-wal").unlink(missing_ok=True)
        answer = client.get("/api/v2/health")
        assert answer.status_code == 503
        assert answer.json()["database"]["ok"] is False
        problem_of(client.get("/api/v2/runs"), 503)
        assert client.get("/health").status_code == 200


def test_a_mistake_of_ours_is_a_problem_without_its_traceback(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False) as client:
        monkeypatch.setattr(type(client.app.state.web.store), "run_page", lambda *_a, **_k: 1 / 0)
        answer = client.get("/api/v2/runs")
        problem_of(answer, 500)
        assert "ZeroDivision" not in answer.text


def test_v1_clients_create_list_get_and_cancel(tmp_path, monkeypatch):
    with api(tmp_path, monkeypatch, working=False) as client:
        made = client.post("/api/v1/tasks/", json=OLD)
        assert made.status_code == 201, made.text
        task = made.json()
        assert (task["task_name"], task["status"], task["base_runtime"]) == ("old", "pending", "vllm")
        assert task["parameters"] == OLD["parameters"]
        assert task["model"] == OLD["model"]
        assert task["deployment_mode"] == "docker"
        assert client.get("/api/v1/tasks/").json()[0]["id"] == task["id"]
        assert client.get(f"/api/v1/tasks/{task['id']}").json() == task
        assert client.get("/api/v1/tasks/name/old").json() == task
        assert client.get("/api/v1/tasks/", params={"status_filter": "running"}).json() == []
        assert "already exists" in problem_of(client.post("/api/v1/tasks/", json=OLD), 400)["detail"]
        problem_of(client.get("/api/v1/tasks/1"), 404)
        problem_of(client.post(f"/api/v1/tasks/{task['id']}/cancel"), 400)
        problem_of(client.post("/api/v1/tasks/", json=OLD | {"task_name": "x", "base_runtime": "my-runtime"}), 422)
        # Both texts are in today's store, linked to each other.
        tasks = client.get("/api/v2/tasks").json()["items"]
        assert {(item["version"], item["migrated_from"]) for item in tasks} == {
            (1, None),
            (2, tasks[0]["hash"] if tasks[0]["version"] == 1 else tasks[1]["hash"]),
        }
        assert client.get("/api/v1/experiments/").json() == []
        assert client.get(f"/api/v1/experiments/task/{task['id']}").json() == []


@pytest.mark.slow
def test_a_v1_task_is_started_and_its_experiments_come_in_v1s_shape(tmp_path, monkeypatch):
    from tests.web.served import wait_until

    local = OLD | {"deployment_mode": "emulated", "benchmark": OLD["benchmark"] | {"max_requests_per_iteration": 4}}
    with api(tmp_path, monkeypatch) as client:
        monkeypatch.setattr("autotune.web.api.old_tasks.MOST_RUN", 10)
        task = client.post("/api/v1/tasks/", json=local).json()
        started = client.post(f"/api/v1/tasks/{task['id']}/start")
        assert started.status_code == 200, started.text
        assert started.json()["status"] == "running"
        assert started.json()["total_experiments"] == 2
        problem_of(client.post(f"/api/v1/tasks/{task['id']}/start"), 400)
        wait_until(lambda: client.get(f"/api/v1/tasks/{task['id']}").json()["status"] == "completed", timeout_s=120)
        rows = client.get(f"/api/v1/experiments/task/{task['id']}").json()
        assert [(row["experiment_id"], row["status"], row["task_id"]) for row in rows] == [
            (1, "success", task["id"]),
            (2, "success", task["id"]),
        ]
        assert {row["parameters"]["parallel.tp"] for row in rows} == {"1", "2"}
        assert client.get(f"/api/v1/experiments/{rows[0]['id']}").json() == rows[0]
        done = client.get(f"/api/v1/tasks/{task['id']}").json()
        assert done["best_experiment_id"] in {row["id"] for row in rows}
        assert done["successful_experiments"] == 2
        assert done["elapsed_time"] >= 0
