"""What `autotune emit` writes really starts the engine: the text as emitted, run as its heading says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

from .daemon import free_port
from .images import HOST_ROOT, borrowed_folders, linked

pytestmark = [pytest.mark.docker, pytest.mark.engine, pytest.mark.slow]

READY_S = 300.0


def emit(folder, target, model, *overrides):
    """(the file, the port, the server's name) of the tiny model's server."""
    port = free_port()
    done = subprocess.run(
        [sys.executable, "-m", "autotune", "emit", "--target", target, "-o", folder, "system=cpu", "system.backend_version=0.32.0",
         f"model.id={model}", "model.served_name=tiny", "runtime.isl=100", "runtime.osl=100", "misc.dtype=float32",
         "misc.context_length=1024", "misc.cuda_graphs=false", f"deploy.port={port}",
         "+misc.env.HF_HUB_OFFLINE='1'", "+misc.env.VLLM_NO_USAGE_STATS='1'", "+misc.env.DO_NOT_TRACK='1'", *overrides],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (script,) = folder.glob(f"*/{target}.sh")
    return script, port, script.parent.name


def start(script, env, log, cwd=None):
    with log.open("wb") as output:
        return subprocess.Popen(
            ["bash", script], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, process_group=0,
        )  # fmt: skip


def end(process):
    """SIGTERM, as an operator's Ctrl-C or a service manager would; the exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def wait_ready(process, port, log):
    deadline = time.monotonic() + READY_S
    while True:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.5)


def assert_chats(port):
    body = {"model": "tiny", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8, "temperature": 0}
    answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body, trust_env=False, timeout=120)
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert reply["choices"][0]["message"]["content"].strip()
    assert reply["usage"]["completion_tokens"] == 8


def test_the_emitted_script_serves_the_model(tiny_model, vllm_bin, tmp_path):
    script, port, _ = emit(tmp_path / "out", "shell", tiny_model)
    log = tmp_path / "log"
    # A folder with nothing but the engine's command: the venv's own bin would also change which python3 is found.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "vllm").symlink_to(vllm_bin / "vllm")
    process = start(script, {**os.environ, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}, log)
    try:
        wait_ready(process, port, log)
        assert_chats(port)
    finally:
        end(process)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)


@pytest.fixture
def vllm_image(make_image, vllm_bin):
    """The engine is not in the image: /usr and the venv are links to where the machine's root folder is mounted."""
    return make_image("vllm", links=linked(borrowed_folders(vllm_bin)), path=[str(vllm_bin)])


@pytest.mark.usefixtures("docker_command")
def test_the_emitted_docker_command_serves_the_model(docker_engine, vllm_image, containers, tiny_model, tmp_path):
    script, port, name = emit(
        tmp_path / "out", "docker", tiny_model, f"model.path={HOST_ROOT}{tiny_model}", f"system.image={vllm_image}",
        "deploy.host_path=/", f"deploy.mount_path={HOST_ROOT}",
    )  # fmt: skip
    log = tmp_path / "log"
    process = start(script, docker_engine.env, log)
    try:
        container = containers(name, process)
        wait_ready(process, port, log)
        assert_chats(port)
        assert container.attrs["HostConfig"]["ShmSize"] == 4 * 2**30
        (mount,) = container.attrs["Mounts"]
        assert (mount["Source"], mount["Destination"], mount["RW"]) == ("/", HOST_ROOT, False)
    finally:
        end(process)
    assert docker_engine.client.containers.list(all=True, filters={"name": name}) == []
