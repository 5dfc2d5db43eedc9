from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.emit.docker import DockerEmitter
from autotune.engines.deployment import Volume
from tests.examples import examples

from .cases import AMD, ANY_TEXT, CPU, FULL, HOSTILE, PLAIN

#: Stands for Docker: says what it was called with.
FAKE = f"""#!{sys.executable}
import json, os, sys
print(json.dumps([os.fsencode(a).decode() for a in sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bin")
    (folder / "docker").write_text(FAKE)
    (folder / "docker").chmod(0o755)
    return folder


def words(deployment, fake, **env):
    """What `docker` was called with: (options as pairs, image, command)."""
    script = DockerEmitter().emit(deployment)["docker.sh"]
    path = f"{fake}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(fake), **env}
    result = subprocess.run(["bash", "-s"], input=script.encode(), capture_output=True, check=False, env=environment)
    assert (result.returncode, result.stderr) == (0, b"")
    run, rm, *rest = json.loads(result.stdout)
    assert (run, rm) == ("run", "--rm")
    options = []
    while rest[0].startswith("--"):
        options.append((rest.pop(0), rest.pop(0)))
    return options, rest[0], rest[1:]


def values(options, name):
    return [value for option, value in options if option == name]


def test_the_command_is_complete_whatever_the_images_entry_point(fake):
    options, image, command = words(PLAIN, fake)
    assert values(options, "--entrypoint") == ["vllm"]
    assert image == "vllm/vllm-openai:v0.33.0"
    assert command == list(PLAIN.argv[1:])


def test_name_port_labels_and_memory(fake):
    options, _, _ = words(replace(PLAIN, labels={"team": "a b"}), fake)
    assert values(options, "--name") == [PLAIN.name]
    assert values(options, "--publish") == ["127.0.0.1:8000:8000"]
    assert values(options, "--shm-size") == ["8g"]
    assert {"team=a b", f"app.kubernetes.io/instance={PLAIN.name}"} <= set(values(options, "--label"))


@pytest.mark.parametrize(
    ("deployment", "devices"),
    [
        (PLAIN, [("--gpus", "2")]),
        (AMD, [("--device", "/dev/kfd"), ("--device", "/dev/dri"), ("--group-add", "video"), ("--env", "HIP_VISIBLE_DEVICES")]),
        (CPU, []),
    ],
)  # fmt: skip
def test_devices(deployment, devices, fake):
    options, _, _ = words(deployment, fake)
    assert [
        pair for pair in options if pair[0] in {"--gpus", "--device", "--group-add"} or "DEVICES" in pair[1]
    ] == devices


@settings(derandomize=True, max_examples=examples(25), deadline=None)
@given(st.lists(ANY_TEXT, max_size=10), st.dictionaries(st.from_regex(r"V_[A-Za-z0-9_]*", fullmatch=True), ANY_TEXT))
def test_any_value_arrives_exactly(fake, arguments, env):
    options, _, command = words(replace(PLAIN, argv=("vllm", *arguments), env=env), fake)
    assert command == arguments
    assert dict(value.split("=", 1) for value in values(options, "--env")) == env


def test_a_secret_is_named_and_its_value_left_to_docker(fake):
    deployment = replace(PLAIN, env={}, secrets=FULL.secrets)
    options, _, _ = words(deployment, fake, HF_TOKEN="hf_x")
    assert values(options, "--env") == ["HF_TOKEN"]


def test_volumes(fake):
    options, _, _ = words(replace(FULL, files={}), fake, HF_TOKEN="x")
    assert values(options, "--mount") == [
        "type=volume,source=llama-weights,volume-subpath=checkpoints,target=/models,readonly",
        "type=bind,source=/data/hf-cache,target=/cache",
        "type=volume,target=/scratch",
        "type=tmpfs,tmpfs-size=1572864000,target=/pages",
    ]


def test_a_folder_inside_a_host_path_is_mounted_itself(fake):
    volume = Volume("m", "/models", host_path="/data", sub_path="llama")
    options, _, _ = words(replace(PLAIN, volumes=(volume,)), fake)
    assert values(options, "--mount") == ["type=bind,source=/data/llama,target=/models"]


def test_odd_paths_survive_dockers_csv(fake):
    options, _, _ = words(replace(HOSTILE, files={}), fake)
    (mount,) = values(options, "--mount")
    assert next(csv.reader([mount])) == ["type=bind", """source=/data/"x", $(id)""", "target=/a b,'c'"]


def test_files_are_written_exactly_and_mounted_read_only(fake, tmp_path):
    options, _, _ = words(replace(HOSTILE, volumes=()), fake, XDG_CACHE_HOME=str(tmp_path))
    for mount, (path, text) in zip(values(options, "--mount"), sorted(HOSTILE.files.items()), strict=True):
        fields = dict(field.partition("=")[::2] for field in mount.split(","))
        assert (fields["type"], fields["target"], "readonly" in fields) == ("bind", path, True)
        assert Path(fields["source"]).read_bytes().decode() == text
