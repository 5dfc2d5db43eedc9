import json
import platform
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import autotune
from autotune.bench import Endpoint
from autotune.run import environment
from autotune.run.environment import engine_version, git_state, machine_environment, server_environment
from tests.run.points import make_point


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments], cwd=folder, check=True, capture_output=True
    )


def test_the_machine_is_described_and_what_is_not_there_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "nvidia_products", tuple)
    monkeypatch.setattr(environment, "nvidia_driver", lambda: None)
    found = machine_environment(tmp_path)
    assert (found["autotune"], found["python"]) == (autotune.__version__, platform.python_version())
    assert found["host"] == platform.node()
    assert found["memory_gb"] > 0
    assert platform.release() in found["os"]
    assert found.keys().isdisjoint({"gpus", "gpu_driver", "git"})
    assert json.loads(json.dumps(found)) == found


def test_gpus_and_driver_are_as_nvml_says(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "nvidia_products", lambda: ("NVIDIA H100 80GB HBM3",) * 2)
    monkeypatch.setattr(environment, "nvidia_driver", lambda: "550.54.15")
    found = machine_environment(tmp_path)
    assert (found["gpus"], found["gpu_driver"]) == (["NVIDIA H100 80GB HBM3"] * 2, "550.54.15")


def test_the_git_state_is_that_of_the_folder_and_has_no_password(tmp_path):
    assert git_state(tmp_path) is None
    git(tmp_path, "init", "-q", "-b", "work")
    assert git_state(tmp_path) is None  # nothing is committed yet
    (tmp_path / "task.yaml").write_text("a: 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "remote", "add", "origin", "https://me:hunter2hunter2@example.com/x.git")
    (tmp_path / "untracked").touch()
    found = git_state(tmp_path)
    assert (found["branch"], found["dirty"], len(found["commit"])) == ("work", False, 40)
    assert found["remote"] == "https://me:(hidden)@example.com/x.git"
    (tmp_path / "task.yaml").write_text("a: 2\n")
    (tmp_path / "deep").mkdir()
    assert git_state(tmp_path / "deep") == found | {"dirty": True}


@pytest.fixture
def engine():
    """A server that answers like the engines' version endpoints; `answers` maps path -> text."""
    answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in answers else 404)
            self.end_headers()
            self.wfile.write(answers.get(self.path, "no").encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield answers, Endpoint(f"http://127.0.0.1:{server.server_port}", "m", "m", "vllm")
        server.shutdown()
        thread.join()


def test_the_version_is_what_the_running_engine_says(engine):
    answers, endpoint = engine
    assert engine_version(endpoint, "vllm") is None
    answers |= {"/version": '{"version": "0.32.1"}', "/get_server_info": '{"version": "0.5.9", "tp_size": 1}'}
    assert engine_version(endpoint, "vllm") == "0.32.1"
    assert engine_version(endpoint, "sglang") == "0.5.9"
    for odd in ("[]", "{", '{"version": 3}', "null"):
        answers["/version"] = odd
        assert engine_version(endpoint, "vllm") is None, odd


def test_what_served_is_engine_image_digest_and_what_the_executor_adds(engine):
    answers, endpoint = engine
    answers["/version"] = '{"version": "0.32.1"}'
    deployment = make_point().deployment
    digest = "sha256:" + "ab" * 32

    class Executor:
        kind = "measured"

        def __init__(self):
            self.environment = {"image_digest": digest, "node": "gpu-7"}

    assert server_environment(endpoint, deployment, object()) == {"engine": "vllm", "engine_version": "0.32.1"}
    assert server_environment(endpoint, deployment, Executor()) == {
        "engine": "vllm", "engine_version": "0.32.1", "image_digest": digest, "node": "gpu-7",
    }  # fmt: skip
    Executor.kind = "emulated"
    assert server_environment(endpoint, deployment, Executor()) == {}
