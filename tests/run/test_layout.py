from dataclasses import replace

import pytest

from autotune.run.choose import Probes
from autotune.run.dispatch import Limits
from autotune.run.layout import slot_layout
from tests.run.points import NO_GPU, make_point

FOUR = Probes(command=lambda name: None, gpus=lambda: ("h100_sxm",) * 4)
HERE, ELSEWHERE = "unix:///run/docker.sock", "tcp://192.0.2.7:2375"


def point(host=HERE, **changes):
    made = make_point("a", gpus=2, executor={"name": "docker", "host": host})
    return replace(made, deployment=replace(made.deployment, **changes))


@pytest.mark.parametrize(
    ("host", "probes", "expected"),
    [(HERE, FOUR, ("0", "1", "2", "3")), (HERE, NO_GPU, ("0", "1")), (ELSEWHERE, FOUR, ("0", "1"))],
)
def test_a_docker_engine_of_this_machine_has_its_gpus_and_another_what_is_declared(monkeypatch, host, probes, expected):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert slot_layout("docker", [point(host)], probes) == (expected,)


def test_containers_without_gpus_run_one_at_a_time_or_as_many_as_is_said():
    layout = slot_layout("docker", [point(gpus=0, gpu_vendor="cpu")], FOUR)
    assert layout == ()
    assert Limits(layout).at_once == 1
    assert Limits(layout, 2).at_once == 2
