from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.emit.compose import ComposeEmitter
from autotune.engines.deployment import Probe, Volume
from tests.examples import examples

from .cases import AMD, ANY_TEXT, CASES, CPU, FULL, PLAIN


def emit(deployment):
    return ComposeEmitter().emit(deployment)["compose.yaml"]


def interpolate(data):
    """What Compose makes of values without variables: `$$` is `$`, and any other `$` would be an error or a reference."""
    if isinstance(data, str):
        assert not re.search(r"(?<!\$)(?:\$\$)*\$(?!\$)", data), f"{data!r} refers to a variable"
        return data.replace("$$", "$")
    if isinstance(data, dict):
        return {key: interpolate(value) for key, value in data.items()}
    return [interpolate(item) for item in data] if isinstance(data, list) else data


def load(deployment):
    """The one service and the whole project, as Compose would see them."""
    project = interpolate(yaml.safe_load(emit(deployment)))
    (service,) = project["services"].values()
    return service, project


def test_one_service_with_a_complete_command():
    service, project = load(PLAIN)
    assert project["name"] == PLAIN.name
    assert list(project["services"]) == ["vllm"]
    assert service["image"] == PLAIN.image
    assert service["entrypoint"] + service["command"] == list(PLAIN.argv)
    assert service["ports"] == ["127.0.0.1:8000:8000"]
    assert service["shm_size"] == "8g"


def test_nvidia_gpus_are_reserved():
    service, _ = load(PLAIN)
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 2, "capabilities": ["gpu"]}
    assert "devices" not in service


def test_amd_gpus_are_devices():
    service, _ = load(AMD)
    assert service["devices"] == ["/dev/kfd:/dev/kfd", "/dev/dri:/dev/dri"]
    assert "deploy" not in service


def test_no_gpu_no_device():
    service, _ = load(CPU)
    assert not {"deploy", "devices", "group_add", "shm_size"} & set(service)


@settings(derandomize=True, max_examples=examples(40), deadline=None)
@given(
    st.lists(ANY_TEXT, max_size=10),
    st.dictionaries(st.from_regex(r"V_[A-Za-z0-9_]*", fullmatch=True), ANY_TEXT),
    ANY_TEXT,
)
def test_any_value_arrives_exactly(arguments, env, text):
    service, project = load(replace(PLAIN, argv=("vllm", *arguments), env=env, files={"/etc/x.yaml": text}))
    assert service.get("command", []) == arguments
    assert service["environment"] == env
    assert project["configs"]["x.yaml"]["content"] == text


def test_a_secret_is_the_only_reference():
    environment = yaml.safe_load(emit(replace(PLAIN, env={"A": "${HF_TOKEN}"}, secrets=FULL.secrets)))["services"][
        "vllm"
    ]["environment"]
    assert environment == {"A": "$${HF_TOKEN}", "HF_TOKEN": "${HF_TOKEN:?set it in the environment}"}


def test_volumes_and_files():
    service, project = load(replace(FULL, secrets=()))
    assert service["volumes"] == [
        {"type": "volume", "source": "llama-weights", "volume": {"subpath": "checkpoints"}, "target": "/models", "read_only": True},
        {"type": "bind", "source": "/data/hf-cache", "bind": {"create_host_path": False}, "target": "/cache"},
        {"type": "volume", "target": "/scratch"},
        {"type": "tmpfs", "tmpfs": {"size": 1572864000}, "target": "/pages"},
    ]  # fmt: skip
    assert project["volumes"] == {"llama-weights": {"name": "llama-weights", "external": True}}
    assert service["configs"] == [{"source": "trtllm.yaml", "target": "/etc/autotune/trtllm.yaml"}]
    assert project["configs"] == {"trtllm.yaml": {"content": FULL.files["/etc/autotune/trtllm.yaml"]}}


def test_a_folder_inside_a_host_path_is_mounted_itself():
    service, _ = load(replace(PLAIN, volumes=(Volume("m", "/models", host_path="/data", sub_path="llama"),)))
    assert service["volumes"][0]["source"] == "/data/llama"


def test_equal_base_names_are_kept_apart():
    _, project = load(replace(PLAIN, files={"/b/x": "b", "/a/x": "a"}))
    assert project["configs"] == {"0-x": {"content": "a"}, "1-x": {"content": "b"}}


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (204, False)])
def test_the_health_check_asks_the_server(status, healthy, monkeypatch):
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        deployment = replace(PLAIN, port=server.server_port, readiness=Probe("/health?a='b'", period_s=7))
        check = load(deployment)[0]["healthcheck"]
        kind, _python, *rest = check["test"]
        result = subprocess.run([sys.executable, *rest], capture_output=True, check=False)
        server.shutdown()
    assert kind == "CMD"
    assert asked == ["/health?a='b'"]
    assert (result.returncode == 0) is healthy
    assert (check["interval"], check["start_period"]) == ("7s", "1800s")


@pytest.fixture(scope="session")
def compose():
    try:
        version = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("docker is not installed")
    if version.returncode != 0:
        pytest.skip("the Compose plugin of docker is not installed")
    return ["docker", "compose"]


@pytest.mark.docker
def test_compose_itself_reads_the_command_exactly(case, compose, tmp_path):
    deployment = CASES[case]
    (tmp_path / "compose.yaml").write_bytes(emit(deployment).encode())
    result = subprocess.run(
        [*compose, "-f", tmp_path / "compose.yaml", "config", "--format", "json"],
        capture_output=True,
        check=False,
        env=os.environ | {"HF_TOKEN": "hf_x"},
    )
    assert result.returncode == 0, result.stderr.decode()
    # `config` doubles every `$` again, so that its output can be read as a Compose file.
    (service,) = json.loads(result.stdout)["services"].values()
    seen = [text.replace("$$", "$") for text in (*service["entrypoint"], *(service["command"] or ()))]
    assert seen == list(deployment.argv)
