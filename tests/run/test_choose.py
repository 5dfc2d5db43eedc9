from dataclasses import replace

import pytest

from autotune.run.choose import Probes, choose_executor
from autotune.schema import AutoExecutor, LocalExecutor
from tests.run.points import make_point

AUTO = AutoExecutor(name="auto")


@pytest.mark.parametrize(
    ("command", "gpus", "chosen", "because"),
    [
        ("/venv/bin/vllm", ("h100_sxm",) * 8, "local", "engine and its device"),
        (None, ("h100_sxm",) * 8, "emulated", "`vllm` is not on PATH"),
        ("/venv/bin/vllm", (), "emulated", "this machine has no GPU"),
        (
            "/venv/bin/vllm",
            ("a100_sxm",) * 4,
            "emulated",
            "2 x h100_sxm is asked for and this machine has 4 x a100_sxm",
        ),
        ("/venv/bin/vllm", ("h100_sxm",), "emulated", "this machine has 1 x h100_sxm"),
    ],
)
def test_auto_takes_local_where_engine_and_device_are_there_and_says_why(command, gpus, chosen, because):
    choice = choose_executor(AUTO, [make_point("a", gpus=2).deployment], Probes(lambda name: command, lambda: gpus))
    assert choice.settings.name == chosen
    assert choice.note.code == "AT203"
    assert because in choice.note.message


def test_a_named_executor_stays_and_nothing_is_probed():
    settings = LocalExecutor(name="local", bin_dir="/x")
    choice = choose_executor(settings, [make_point("a").deployment], Probes(None, None))
    assert (choice.settings, choice.note) == (settings, None)


@pytest.mark.parametrize(
    ("gpus", "docker", "chosen"),
    [
        (("h100_sxm",) * 8, True, "docker"),
        (("h100_sxm",) * 8, False, "emulated"),
        (("h100_sxm",), True, "emulated"),
        ((), True, "emulated"),
    ],
)
def test_auto_takes_docker_where_an_engine_and_the_gpus_are_and_no_command(gpus, docker, chosen):
    probes = Probes(lambda name: None, lambda: gpus, docker=lambda: docker)
    choice = choose_executor(AUTO, [make_point("a", gpus=2).deployment], probes)
    assert choice.settings.name == chosen
    assert "`vllm` is not on PATH" in choice.note.message


def test_auto_takes_no_container_for_what_needs_no_gpu():
    probes = Probes(lambda name: None, lambda: (), docker=lambda: True)
    deployment = replace(make_point("a").deployment, gpus=0, gpu_vendor="cpu")
    assert choose_executor(AUTO, [deployment], probes).settings.name == "emulated"
