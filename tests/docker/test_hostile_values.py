"""Values of every kind of nastiness arrive in the process byte for byte: read back from /proc, not from what a tool says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from autotune.emit import emit_point
from autotune.engines.deployment import Volume
from tests.emit.cases import HOSTILE, HOSTILE_TEXTS

from .daemon import free_port
from .images import HOST_ROOT, linked
from .test_emitted_engine import end, start

pytestmark = pytest.mark.docker

#: What a shell, wherever one is let in, would make.
NEVER = Path("/tmp/autotune-was-here")
ODD = f'it\'s "odd" $(touch {NEVER}) `touch {NEVER}` $HOME $$ {{{{ x }}}} {{% y %}}\n---\nkind: Pod # \\ é日本語😀\t*'
#: Task files refuse `${`, which looks like interpolation; the deployment made by hand has it too.
TEXTS = [text for text in HOSTILE_TEXTS if "${" not in text]

#: In the place of the engine: `vllm` is a shell, which takes `serve`, a file in its folder, for its script.
STAND_IN = "trap 'exit 0' TERM\nwhile :; do sleep 1 & wait $!; done\n"


def write_task(folder, model):
    task = {
        "system": "cpu",
        "model": {"id": str(model), "path": f"/models/{ODD}", "served_name": f"-{ODD}"},
        "runtime": {"isl": 10, "osl": 10},
        "misc": {
            "env": {"ODD_ONE": ODD, "ODD_TWO": f"--{ODD}", "EMPTY": ""} | {f"TEXT_{n}": text for n, text in enumerate(TEXTS)},
            "extra_args": {"--chat-template": ODD, "--override-generation-config": json.dumps({ODD: [ODD]}),
                           "--lora-modules": [ODD, *(text for text in TEXTS if text and text[0] != "-")]},
        },
    }  # fmt: skip
    file = folder / "odd $(name).yaml"
    file.write_text(yaml.safe_dump(task, allow_unicode=True))
    return file


def autotune(*words):
    done = subprocess.run([sys.executable, "-m", "autotune", *words], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def image(make_image):
    """`vllm` is this machine's shell; what it runs lies in the root folder, where a container starts."""
    links = {**linked([Path("/usr")]), "/engine/vllm": "/usr/bin/dash"}
    return make_image("stand-in", links=links, files={"/serve": STAND_IN}, path=["/engine"])


@pytest.fixture
def host(tmp_path):
    """(folder, environment) in which `vllm` is the stand-in on this machine."""
    (tmp_path / "serve").write_text(STAND_IN)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "vllm").symlink_to("/usr/bin/dash")
    return tmp_path, {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}


@pytest.fixture
def mounts():
    """What lets a container of the stand-in image run: the machine's root folder at HOST_ROOT."""
    return (Volume("host", HOST_ROOT, host_path="/", read_only=True),)


def read_until(read, argv0, process):
    """argv and environment, as bytes, of what `read(file of /proc/PID)` reads, once that is the engine."""
    deadline = time.monotonic() + 60
    while True:
        argv = read("cmdline").split(b"\0")[:-1]
        if argv[:1] == [argv0.encode()]:
            entries = read("environ").split(b"\0")[:-1]
            return argv, dict(entry.split(b"=", 1) for entry in entries)
        assert process.poll() is None, f"ended with {process.returncode}"
        assert time.monotonic() < deadline, argv
        time.sleep(0.05)


def of_process(process):
    return lambda name: Path(f"/proc/{process.pid}/{name}").read_bytes()


def of_container(container):
    def read(name):
        status, output = container.exec_run(["cat", f"/proc/1/{name}"], demux=False)
        assert status == 0, output
        return output

    return read


def assert_arrived(seen, argv, env):
    got_argv, got_env = seen
    assert got_argv == [text.encode() for text in argv]
    assert {name: got_env.get(name.encode()) for name in env} == {name: text.encode() for name, text in env.items()}


def compiled(task, *overrides):
    (point,) = json.loads(autotune("compile", task, "--format", "json", *overrides))
    return point["deployment"]["argv"], point["deployment"]["env"]


def test_a_task_of_hostile_values_started_by_the_script(tiny_config, host):
    folder, env = host
    task = write_task(folder, tiny_config)
    autotune("emit", task, "--target", "shell", "-o", folder / "out")
    (script,) = folder.glob("out/*/shell.sh")
    process = start(script, env, folder / "log", cwd=folder)
    try:
        seen = read_until(of_process(process), "vllm", process)
    finally:
        end(process)
    assert_arrived(seen, *compiled(task))
    assert not NEVER.exists()


@pytest.mark.usefixtures("docker_command")
def test_a_task_of_hostile_values_started_by_docker(docker_engine, image, containers, tiny_config, tmp_path):
    task = write_task(tmp_path, tiny_config)
    overrides = [
        f"system.image={image}",
        "deploy.host_path=/",
        f"deploy.mount_path={HOST_ROOT}",
        f"deploy.port={free_port()}",
    ]
    autotune("emit", task, "--target", "docker", "-o", tmp_path / "out", *overrides)
    (script,) = tmp_path.glob("out/*/docker.sh")
    process = start(script, docker_engine.env, tmp_path / "log")
    try:
        seen = read_until(of_container(containers(script.parent.name, process)), "vllm", process)
    finally:
        end(process)
    assert_arrived(seen, *compiled(task, *overrides))
    assert not NEVER.exists()


@pytest.fixture
def by_hand(image, mounts):
    """A deployment with every text of the emitters' tests, `${` and files too, that the stand-in can be."""
    return replace(
        HOSTILE, argv=("vllm", "serve", *HOSTILE_TEXTS), gpus=0, gpu_name="cpu", gpu_vendor="cpu", image=image, volumes=mounts,
        port=free_port(), name="hostile-values",
    )  # fmt: skip


@pytest.mark.usefixtures("docker_command")
def test_every_text_and_file_reaches_a_container(docker_engine, by_hand, containers, tmp_path):
    (script,) = write(tmp_path, emit_point(by_hand, ["docker"]))
    process = start(script, {**docker_engine.env, "XDG_CACHE_HOME": str(tmp_path)}, tmp_path / "log")
    try:
        container = containers(by_hand.name, process)
        seen = read_until(of_container(container), "vllm", process)
        files = {path: container.exec_run(["cat", path]).output for path in by_hand.files}
    finally:
        end(process)
    assert_arrived(seen, by_hand.argv, by_hand.env)
    assert files == {path: text.encode() for path, text in by_hand.files.items()}


def test_every_text_and_file_reaches_a_composed_service(docker_engine, docker_command, by_hand, tmp_path):
    asked = subprocess.run([docker_command, "compose", "version"], capture_output=True, check=False)
    if asked.returncode != 0:
        pytest.skip("`docker compose` is not installed (the docker-compose-plugin package of Docker's own repository)")
    (file,) = write(tmp_path, emit_point(by_hand, ["compose"]))
    compose = [docker_command, "compose", "--file", file]
    process = subprocess.Popen([*compose, "up"], env=docker_engine.env, stdin=subprocess.DEVNULL, process_group=0)
    try:
        container = wait_for_service(docker_engine.client, by_hand.name, process)
        seen = read_until(of_container(container), "vllm", process)
        files = {path: container.exec_run(["cat", path]).output for path in by_hand.files}
    finally:
        subprocess.run([*compose, "down", "--timeout", "1"], env=docker_engine.env, check=False)
        end(process)
    assert_arrived(seen, by_hand.argv, by_hand.env)
    assert files == {path: text.encode() for path, text in by_hand.files.items()}


def wait_for_service(client, project, process):
    label = f"com.docker.compose.project={project}"
    deadline = time.monotonic() + 60
    while not (found := client.containers.list(filters={"label": label})):
        assert process.poll() is None, f"`docker compose up` ended with {process.returncode}"
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found[0]


def write(folder, files):
    paths = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def tiny_config(tmp_path_factory):
    """A model folder with facts enough to compile, and a name that is one more hostile value."""
    folder = tmp_path_factory.mktemp("models") / ODD.replace("/", "_")[:80]
    folder.mkdir()
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 1000,
        "max_position_embeddings": 4096, "torch_dtype": "float32",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    return folder
