from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.emit.docker import DockerEmitter
from autotune.emit.shell import ShellEmitter
from autotune.importing.script import is_emitted_script, read_script
from tests.emit.cases import ANY_TEXT, CASES, FULL, PLAIN
from tests.examples import examples

EMITTERS = {"shell": ShellEmitter(), "docker": DockerEmitter()}


def read(target, deployment):
    (text,) = EMITTERS[target].emit(deployment).values()
    assert is_emitted_script(text)
    (server,) = read_script(text, "x.sh")
    return server


@pytest.mark.parametrize("target", EMITTERS)
@pytest.mark.parametrize("case", CASES)
def test_command_environment_and_files_come_back(target, case):
    server = read(target, CASES[case])
    assert server.argv == CASES[case].argv
    assert server.env == CASES[case].env
    assert server.files == CASES[case].files
    assert server.name == CASES[case].name
    assert [item.env for item in server.secrets] == [item.env for item in CASES[case].secrets]


@settings(derandomize=True, max_examples=examples(60), deadline=None)
@given(
    st.sampled_from(sorted(EMITTERS)),
    st.lists(ANY_TEXT, max_size=8),
    st.dictionaries(st.from_regex(r"V_[A-Za-z0-9_]*", fullmatch=True), ANY_TEXT, max_size=4),
    ANY_TEXT,
)
def test_any_value_comes_back(target, arguments, env, text):
    deployment = replace(PLAIN, argv=("vllm", *arguments), env=env, files={"/etc/autotune/a.yaml": text})
    server = read(target, deployment)
    assert (server.argv, server.env, server.files) == (deployment.argv, env, deployment.files)


def test_a_container_has_image_memory_gpus_and_volumes():
    server = read("docker", FULL)
    assert (server.image, server.shm_bytes, server.gpus) == (FULL.image, FULL.shm_bytes, 8)
    wanted = [(v.mount_path, v.pvc, v.host_path, v.sub_path, v.medium, v.size_bytes) for v in FULL.volumes]
    wanted[2] = (*wanted[2][:-1], None)  # Docker cannot limit an anonymous volume
    assert [(v.mount_path, v.pvc, v.host_path, v.sub_path, v.medium, v.size_bytes) for v in server.volumes] == wanted


@pytest.mark.parametrize("target", EMITTERS)
def test_provenance_comes_back(target):
    deployment = replace(PLAIN, annotations={"autotune/point": "0123456789", "autotune/set-by": '{"a":[1,"b"]}'})
    notes = read(target, deployment).annotations
    assert (notes["autotune/point"], notes["autotune/set-by"]) == ("0123456789", '{"a":[1,"b"]}')
    assert notes["autotune/emitted"].startswith("{")


def test_other_scripts_are_not_taken_for_ours():
    assert not is_emitted_script("#!/bin/sh\nexec vllm serve m\n")
    assert read_script("#!/bin/sh\n", "x.sh") == []


@pytest.mark.parametrize("target", EMITTERS)
def test_a_script_cut_anywhere_is_read_without_a_crash(target):
    (text,) = EMITTERS[target].emit(CASES["hostile"]).values()
    for end in range(0, len(text), 7):
        read_script(text[:end], "x.sh")
