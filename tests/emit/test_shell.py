from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.emit.docker import DockerEmitter
from autotune.emit.shell import ShellEmitter
from autotune.engines.deployment import Volume
from tests.examples import examples

from .cases import AMD, ANY_TEXT, CASES, CPU, FULL, HOSTILE, PLAIN

#: Stands for the engine: says what it was started with.
ECHO = """
import json, os, sys
print(json.dumps([[os.fsencode(a).decode() for a in sys.argv[1:]], {os.fsdecode(k): v.decode() for k, v in os.environb.items()}]))
"""
ENGINE = (sys.executable, "-c", ECHO)


def emit(deployment):
    return ShellEmitter().emit(deployment)["shell.sh"]


def bash(script, **env):
    path = os.environ["PATH"]
    return subprocess.run(
        ["bash", "-s"], input=script.encode(), capture_output=True, check=False, env={"PATH": path, **env}
    )  # fmt: skip


def run(deployment, **env):
    """(arguments, environment) of the process that the script started."""
    result = bash(emit(replace(deployment, argv=(*ENGINE, *deployment.argv[1:]))), **env)
    assert result.returncode == 0, result.stderr.decode()
    assert result.stderr == b""
    return json.loads(result.stdout)


@pytest.mark.parametrize("emitter", [ShellEmitter(), DockerEmitter()])
def test_bash_can_read_it(emitter, deployment):
    (text,) = emitter.emit(deployment).values()
    result = subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize("emitter", [ShellEmitter(), DockerEmitter()])
def test_shellcheck_finds_nothing(emitter, tmp_path):
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    for case, deployment in CASES.items():
        (text,) = emitter.emit(deployment).values()
        (tmp_path / f"{case}.sh").write_bytes(text.encode())
    result = subprocess.run(["shellcheck", *tmp_path.glob("*.sh")], capture_output=True, text=True, check=False)
    assert result.stdout == ""
    assert result.returncode == 0


def test_hostile_values_arrive_exactly():
    arguments, environment = run(replace(HOSTILE, files={}, volumes=()))
    assert arguments == list(HOSTILE.argv[1:])
    assert {name: environment[name] for name in HOSTILE.env} == HOSTILE.env


@settings(derandomize=True, max_examples=examples(25), deadline=None)
@given(st.lists(ANY_TEXT, max_size=10), st.dictionaries(st.from_regex(r"V_[A-Za-z0-9_]*", fullmatch=True), ANY_TEXT))
def test_any_value_arrives_exactly(arguments, env):
    seen, environment = run(replace(PLAIN, argv=("vllm", *arguments), env=env))
    assert seen == arguments
    assert {name: environment[name] for name in env} == env


def test_files_are_written_exactly(tmp_path):
    texts = dict(zip((f"{tmp_path}/a/x.yaml", f"{tmp_path}/b.yaml"), HOSTILE.files.values(), strict=True))
    run(replace(PLAIN, files=texts))
    for path, text in texts.items():
        assert Path(path).read_bytes().decode() == text


def test_a_secret_comes_from_the_caller(tmp_path):
    deployment = replace(PLAIN, secrets=FULL.secrets)
    assert run(deployment, HF_TOKEN="hf_x")[1]["HF_TOKEN"] == "hf_x"
    for given_env in ({}, {"HF_TOKEN": ""}):
        result = bash(emit(deployment), **given_env)
        assert result.returncode != 0
        assert b"HF_TOKEN: set it in the environment" in result.stderr


def test_the_callers_choice_of_gpus_reaches_the_engine():
    assert run(PLAIN, CUDA_VISIBLE_DEVICES="2,3")[1]["CUDA_VISIBLE_DEVICES"] == "2,3"
    assert "export CUDA_VISIBLE_DEVICES" not in emit(PLAIN)


def test_a_folder_that_should_be_there_is_missed_before_the_engine_starts(tmp_path):
    missing = f"{tmp_path}/it's $(not) there"
    result = bash(emit(replace(PLAIN, volumes=(Volume("m", missing, host_path="/data/models"),))))
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.decode() == f"{missing} is missing: mount or link the folder /data/models there\n"


def test_a_scratch_folder_is_made(tmp_path):
    run(replace(PLAIN, volumes=(Volume("s", f"{tmp_path}/a b/c", medium=""),)))
    assert (tmp_path / "a b" / "c").is_dir()


def refused(name):
    try:
        ShellEmitter().emit(replace(PLAIN, env={name: "7x"}))
    except InputError as error:
        return [item.path for item in error.diagnostics] == [f"misc.env.{name}"]
    return False


def test_every_variable_of_bash_itself_arrives_or_is_refused():
    own = {"PATH": os.environ["PATH"]}  # no variables but bash's: Python sets LC_CTYPE where no locale is set
    names = subprocess.run(
        ["bash", "-c", "compgen -v"], capture_output=True, text=True, check=True, env=own
    ).stdout.split()
    names = {*names, "BASH_ARGV0", "SRANDOM", "EPOCHSECONDS", "FUNCNAME", "SHLVL", "LINENO", "UID"} - {"PATH"}
    accepted = {name: "7x" for name in names if not refused(name)}
    assert {"HOSTNAME", "OPTERR"} & set(accepted)
    environment = run(replace(PLAIN, env=accepted))[1]
    assert {name: environment.get(name) for name in accepted} == accepted


def test_the_heading_says_what_it_is_and_which_gpus_it_takes():
    text = emit(PLAIN)
    for line in ("# name: qwen3-8b-vllm-3f2a9c11d0", "# engine: vllm 0.33.0", "# GPUs: 2 x h100_sxm",
                 "# autotune/overrides: parallel.tp=2 +profile=fp8_quantized"):  # fmt: skip
        assert line in text.splitlines()
    assert "CUDA_VISIBLE_DEVICES" in text
    assert "HIP_VISIBLE_DEVICES" in emit(AMD)
    assert "VISIBLE_DEVICES" not in emit(CPU)
