"""The real engine and load client, where `make engine` or these variables put them."""

import os
import subprocess
from pathlib import Path

import pytest


def folder_with(variable, command):
    folder = os.environ.get(variable, "")
    if not folder or not (Path(folder) / command).is_file():
        pytest.skip(f"${variable} names no folder with {command}; `make engine` sets it up")
    return Path(folder)


@pytest.fixture(scope="session")
def vllm_bin():
    return folder_with("AUTOTUNE_VLLM_BIN", "vllm")


@pytest.fixture(scope="session")
def bench_bin():
    return folder_with("AUTOTUNE_BENCH_BIN", "genai-bench")


@pytest.fixture(scope="session")
def tiny_model(bench_bin, tmp_path_factory):
    made = os.environ.get("AUTOTUNE_TINY_MODEL", "")
    if made and (Path(made) / "config.json").is_file():
        return Path(made)
    folder = tmp_path_factory.mktemp("model") / "tiny"
    script = Path(__file__).with_name("make_tiny_model.py")
    subprocess.run([bench_bin / "python", script, folder], check=True, capture_output=True)
    return folder
