"""Hostile input: refused with problem+json, nothing written, nothing started, nothing read that was not to be read."""

import json
from pathlib import Path

import pytest

from tests.web.served import api, problem_of

SCRIPT = "<script>alert(1)</script>"
JSON = {"Content-Type": "application/json"}
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def client(place):
    with pytest.MonkeyPatch.context() as patch, api(place, patch, working=False, writes_per_s=1e6) as found:
        found.get("/api/v2/health")
        yield found


def files(place):
    """What lies in the folders of the server, but for the store's own files."""
    return {
        str(path.relative_to(place))
        for path in place.rglob("*")
        if "autotune.db" not in path.name and path.name != "lock"
    }


@pytest.fixture(autouse=True)
def nothing_is_written(place, client):
    before, runs = files(place), client.get("/api/v2/runs").json()["total"]
    yield
    assert files(place) == before
    assert client.get("/api/v2/runs").json()["total"] == runs


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b'"x"', b"\xff\xfe", b'{"overrides": NaN}', b'{"overrides": 1e999}',
                                  b"[" * 100_000, b'{"overrides":' * 50_000, b'{"task": "\\ud800"}'])  # fmt: skip
@pytest.mark.parametrize(
    "path", ["/api/v2/compile", "/api/v2/runs", "/api/v2/tasks", "/api/v2/profiles", "/api/v1/tasks/"]
)
def test_broken_json(client, path, body):
    response = client.post(path, content=body, headers=JSON)
    assert response.status_code in (400, 422)
    problem_of(response, response.status_code)


@pytest.mark.parametrize("path", [
    "/static/../../../../etc/passwd", "/static/%2e%2e/%2e%2e/app.py", "/static/..%2f..%2fapp.py", "/static//etc/passwd",
    "/api/v2/profiles/..%2f..%2fsecret", "/api/v2/profiles/%2fetc%2fpasswd", "/api/v2/runs/..%2f..%2fweb", "/api/v2/runs/%2e%2e/log",
    "/api/v2/experiments/..%2f../x", "/api/v2/models/../../etc/passwd", "/api/v2/models//etc/passwd", "/api/v2/tasks/../../x",
    "/api/v2/runs/%00/log", "/api/v1/tasks/-1", "/api/v1/tasks/99999999999999999999999", "/api/v2/systems/..", "/profiles/..%2f..%2fx",
])  # fmt: skip
def test_paths_lead_nowhere(client, path):
    response = client.get(path)
    assert response.status_code in (400, 404, 422), response.text
    assert "root:" not in response.text


@pytest.mark.parametrize(
    "name", ["../evil", "/tmp/evil", "a/b", "..", ".", "", "a" * 65, "A", "x.yaml", "x\n", "\0", SCRIPT, "con fig"]
)
def test_a_profile_is_written_under_no_such_name(client, name):
    response = client.post(
        "/api/v2/profiles", json={"name": name, "text": "description: x\nlayers:\n  a: {set: {parallel.tp: 2}}\n"}
    )
    problem_of(response, 422)


@pytest.mark.parametrize("text", ["", "[", "description: 1", "a: &a [*a]", "- " * 50_000, "{a: " * 50_000, SCRIPT, "!!python/object/apply:os.system ['id']",
                                  "description: x\nlayers:\n  a: {set: {executor.bin_dir: /tmp}}\n",
                                  "description: x\nlayers:\n  a: {set: {misc.env.LD_PRELOAD: /tmp/x.so}}\n"])  # fmt: skip
def test_a_profile_that_is_none_or_names_the_machine_is_not_written(client, text):
    response = client.post("/api/v2/profiles", json={"name": "mine", "text": text})
    problem_of(response, response.status_code)
    assert response.status_code in (403, 422)


@pytest.mark.parametrize("words", [
    ["model.id=${oc.env:HOME}"], ["model.id=${hydra:runtime.cwd}"], ["hydra.run.dir=/tmp/evil"], ["hydra.job.chdir=true"], ["~model"],
    ["+hydra/launcher=joblib"], ["executor@misc=local"], ["hydra/job_logging=none"], ["'misc.env={A: ${oc.env:PATH}}'"],
    ["model.id=/etc"], ["model.id=../../etc"], ["system.backend=../../x"], ["+profile=../../../etc/passwd"], ["executor=../../etc/passwd"],
    ["/etc=glob(*)"], ["../../etc=glob(*)"], ["parallel.tp=range(1,1000000000)"], ["parallel.tp=range(1,2,0)"], ["parallel.tp=" + "[" * 3000],
    ["parallel.tp=1,2", *["parallel.pp=" + ",".join(map(str, range(1, 100)))] * 3], ["x" * 5000], ["misc.env.A=" + "{" * 60], ["=", ""], ["\0=\0"],
])  # fmt: skip
def test_overrides_reach_nothing(client, words):
    response = client.post("/api/v2/compile", json={"overrides": words})
    data = problem_of(response, 422)
    assert data.get("diagnostics") or data["errors"]
    assert str(Path.home()) not in response.text.replace(json.dumps(words), "")
    assert "passwd" not in str([item.get("help") for item in data.get("diagnostics", [])])


@pytest.mark.parametrize("task", ["[", "[" * 100_000, "- " * 50_000, "a: &a [x]\n" + "\n".join(f"{y}: &{y} [{', '.join(['*' + x] * 9)}]" for x, y in zip("abcdefgh", "bcdefghi", strict=True)),
                                  "!!python/object/apply:os.system ['touch /tmp/evil']", "model: {id: '${oc.env:HOME}'}", "sweep: {parallel.tp: 7}", "overrides: ['hydra.run.dir=/tmp/x']",
                                  "\0", "task_name: x\nbase_runtime: vllm\n", "include: /etc/passwd"])  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v2/compile", "/api/v2/runs", "/api/v2/emit"])
def test_tasks_reach_nothing(client, path, task):
    problem_of(client.post(path, json={"task": task}), 422)


RUN = ["executor=emulated", "benchmark.max_time_s=1"]


@pytest.mark.parametrize(("word", "path"), [
    ("benchmark.bin_dir=/tmp/evil", "benchmark.bin_dir"), ("benchmark.dataset=/etc/passwd", "benchmark.dataset"),
    ("benchmark.dataset=http://169.254.169.254/latest", "benchmark.dataset"), ("model.path=/etc", "model.path"), ("model.tokenizer=/etc", "model.tokenizer"),
    ("optimization.calibration=/etc/passwd.json", "optimization.calibration"), ("benchmark.image=evil/x", "benchmark.image"),
])  # fmt: skip
def test_a_run_does_not_touch_what_a_client_names(client, word, path):
    response = client.post("/api/v2/runs", json={"overrides": [*RUN, word]})
    assert response.status_code in (403, 422)
    assert path in [item.get("path") for item in problem_of(response, response.status_code)["diagnostics"]]


@pytest.mark.parametrize("word", ["executor.bin_dir=/tmp", "'executor.env={LD_PRELOAD: /tmp/x.so}'", "misc.extra_args.--middleware=evil.Class", "misc.trust_remote_code=true",
                                  "misc.env.PYTHONPATH=/tmp"])  # fmt: skip
def test_a_run_of_a_real_engine_takes_no_program_from_a_client(client, word, monkeypatch, tmp_path):
    engine = tmp_path / "vllm"
    engine.write_text("#!/bin/sh\n")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    response = client.post(
        "/api/v2/runs", json={"overrides": ["executor=local", "benchmark.tool=quick", "system.gpu=cpu", word]}
    )
    assert response.status_code in (403, 422), response.text
    problem_of(response, response.status_code)


def test_script_in_names_is_text_on_every_page(client):
    for path in (
        f"/profiles/{SCRIPT}",
        f"/models?q={SCRIPT}",
        f"/new?model.id={SCRIPT}",
        f"/{SCRIPT}",
        f"/login?back={SCRIPT}",
        f"/results?run={SCRIPT}",
    ):
        response = client.get(path, headers=PAGE)
        assert SCRIPT not in response.text, path


def test_a_secret_that_was_typed_is_not_repeated(client):
    secret = "hf_" + "a1B2" * 8
    words = [f"misc.env.HF_TOKEN={secret}", f"misc.env.MY_PASSWORD={secret}", f"misc.extra_args.--api-key={secret}"]
    for path in ("compile", "check", "emit", "predict"):
        response = client.post(f"/api/v2/{path}", json={"overrides": words})
        assert response.status_code in (200, 422)
        assert secret not in response.text, path


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"task_name": 1}', "[" * 100_000, "- " * 50_000, '{"a":' * 100_000, SCRIPT]
)
def test_a_v1_task_that_is_none(client, text):
    problem_of(client.post("/api/v2/migrate", json={"text": text}), 422)


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "limit=0",
        "limit=501",
        "limit=99999999999999999999",
        "sort=;drop table runs",
        "status=nope",
        "page=1000001",
    ],
)
def test_queries_that_are_none(client, query):
    problem_of(client.get(f"/api/v2/experiments?{query}"), 422)


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", "_", "\0", "x" * 200, "\U0010ffff"])
def test_text_in_queries_is_text(client, text):
    assert client.get("/api/v2/experiments", params={"model": text}).json()["total"] == 0
    problem_of(client.get("/api/v2/experiments", params={"run": text[:60]}), 404)


def test_methods_that_are_none(client):
    response = client.delete("/api/v2/runs")
    problem_of(response, 405)
    assert set(response.headers["allow"].split(", ")) >= {"GET", "POST"}
    problem_of(client.request("TRACE", "/api/v2/runs"), 405)
