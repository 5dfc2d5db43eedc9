"""`autotune run executor=docker executor.cores_per_server=1`: side by side, each container on a core of its own."""

from __future__ import annotations

import pytest

from autotune.workspace.cpus import usable_cpus

from .test_killed import image, start, wait_for_two  # noqa: F401 - fixtures

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def test_as_many_servers_as_there_are_cores_for_and_no_two_on_one(docker_engine, start, tmp_path):  # noqa: F811
    cores = usable_cpus().cores
    if len(cores) < 2:
        pytest.skip("this takes two CPU cores")
    process = start("executor.cores_per_server=1", "optimization.max_parallel=null")
    wait_for_two(docker_engine, process, tmp_path)
    sets = [item.attrs["HostConfig"]["CpusetCpus"] for item in docker_engine.client.containers.list()]
    assert len(set(sets)) == 2
    assert all(sets), "both are bound"
    process.terminate()
    assert process.wait(60) == 143, (tmp_path / "out").read_text()
