from dataclasses import replace
from itertools import starmap

import pytest

from autotune.run.choose import Probes
from autotune.run.layout import find_limits
from autotune.run.slots import Assigned
from autotune.schema import DockerExecutor, EmulatedExecutor, LocalExecutor
from autotune.workspace.cpus import Cpus
from autotune.workspace.hardware import GpuPlace
from tests.run.points import make_point

PLACES = tuple(starmap(GpuPlace, [(0, "GPU-aaaa", 0), (1, "GPU-abcd", 0), (2, "GPU-beef", 1), (3, "GPU-c0de", 1)]))
CPUS = Cpus(tuple((number,) for number in range(8)), {number: number // 4 for number in range(8)})
HERE = Probes(None, lambda: ("h100_sxm",) * 4, places=lambda: PLACES, cpus=lambda: CPUS)
ELSEWHERE = Probes(None, tuple)


@pytest.fixture(autouse=True)
def all_visible(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("HIP_VISIBLE_DEVICES", raising=False)


def limits(probes=HERE, max_parallel=None, vendor="nvidia", **settings):
    point = make_point("a", vendor=vendor)
    return find_limits(LocalExecutor(name="local", **settings), [point], probes, max_parallel)


def test_the_gpus_of_this_machine_with_the_cores_near_them():
    found, doubts = limits()
    assert (found.gpus.nodes, doubts) == ((tuple("0123"),), [])
    assert found.gpus.assigned(((0, "2"), (0, "3"))) == Assigned(("2", "3"), (4, 5, 6, 7))
    assert limits(pin=False)[0].gpus.assigned(((0, "2"),)) == Assigned(("2",))


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        ("2,3", ("2", "3")),
        ("GPU-beef", ("GPU-beef",)),
        ("1,-1,2", ("1",)),
        ("", None),
        ("-1", None),
        ("2,GPU-beef", ("2",)),
    ],
)
def test_gpus_hidden_from_autotune_are_not_handed_out(monkeypatch, visible, names):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert limits()[0].gpus.nodes == (() if names is None else (names,))


def test_declared_devices_are_taken_at_their_word_where_nvml_sees_nothing():
    found, doubts = limits(ELSEWHERE, devices=list(range(8)))
    assert (found.gpus.nodes, doubts) == ((tuple("01234567"),), [])


def test_one_gpu_under_two_names_is_one_slot():
    found, (doubt,) = limits(devices=[2, "GPU-bee", "MIG-1"])
    assert found.gpus.nodes == (("2", "MIG-1"),)
    assert (doubt.code, "GPU-bee is a GPU that is listed already" in doubt.message) == ("AT124", True)


def test_declared_devices_that_nvml_does_not_list_are_doubted():
    found, (doubt,) = limits(devices=[0, 7, "GPU-a"])
    assert found.gpus.nodes == (("0", "7", "GPU-a"),)
    assert "no GPU 7, GPU-a" in doubt.message, "the beginning of a UUID that fits two GPUs names neither"


def test_amd_gpus_are_those_declared_or_visible(monkeypatch):
    assert limits(vendor="amd")[0].gpus.nodes == ()
    assert limits(vendor="amd", devices=[0, 1])[0].gpus.nodes == (("0", "1"),)
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "4,5")
    assert limits(vendor="amd")[0].gpus.nodes == (("4", "5"),)


def test_servers_without_a_gpu_share_the_cores_out():
    found, doubts = limits(vendor="cpu", max_parallel=2)
    assert (found.cores.nodes, doubts) == ((("0-3", "4-7"),), [])
    assert found.cores.assigned(((0, "4-7"),)) == Assigned((), (4, 5, 6, 7))
    point = make_point("a", vendor="cpu", gpus=8)
    assert found.fits(point.deployment), "a server takes one share, whatever its parallel sizes"
    assert limits(vendor="cpu", cores_per_server=2)[0].cores.nodes == (("0-1", "2-3", "4-5", "6-7"),)
    assert limits(vendor="cpu", max_parallel=2, pin=False)[0].cores.assigned(((0, "0-3"),)) == Assigned()


@pytest.mark.parametrize("probes", [HERE, ELSEWHERE])
def test_one_server_without_a_gpu_at_a_time_is_free_to_use_every_core(probes):
    found, doubts = limits(probes, vendor="cpu")
    assert (len(found.cores.nodes[0]), doubts) == (1, [])
    assert found.cores.assigned(((0, found.cores.nodes[0][0]),)) == Assigned()


def test_a_system_that_tells_nothing_of_its_cores_runs_as_many_as_it_was_told():
    assert len(limits(ELSEWHERE, vendor="cpu", max_parallel=3)[0].cores.nodes[0]) == 3


def test_fewer_cores_than_asked_for_are_said():
    found, (doubt,) = limits(vendor="cpu", cores_per_server=9)
    assert (found.cores.nodes, doubt.path) == ((("0-7",),), "executor.cores_per_server")
    found, (doubt,) = limits(vendor="cpu", max_parallel=9)
    assert (len(found.cores.nodes[0]), doubt.path) == (8, "optimization.max_parallel")


def test_an_emulated_engine_has_the_gpus_that_the_points_declare_whatever_they_are():
    point = make_point("a", vendor="cpu", gpus=4, executor={"name": "emulated"})
    found, doubts = find_limits(EmulatedExecutor(name="emulated"), [point], HERE, None)
    assert (found.gpus.nodes, doubts) == ((tuple("0123"),), [])
    assert found.layout(point.deployment) is found.gpus


def containers(host, probes, **changes):
    made = make_point("a", gpus=2, executor={"name": "docker", "host": host})
    point = replace(made, deployment=replace(made.deployment, **changes))
    return find_limits(made.config.executor, [point], probes, None)[0]


@pytest.mark.parametrize(
    ("host", "probes", "expected"),
    [
        ("unix:///run/docker.sock", HERE, tuple("0123")),
        ("unix:///run/docker.sock", ELSEWHERE, ("0", "1")),
        ("tcp://192.0.2.7:2375", HERE, ("0", "1")),
    ],
)
def test_a_docker_engine_of_this_machine_has_its_gpus_and_another_what_is_declared(host, probes, expected):
    assert containers(host, probes).gpus.nodes == (expected,)


def test_containers_without_gpus_run_one_at_a_time_or_as_many_as_is_said():
    point = make_point("a", vendor="cpu", gpus=0, executor={"name": "docker"})
    for asked, expected in ((None, 1), (2, 2)):
        found, doubts = find_limits(point.config.executor, [point], HERE, asked)
        assert (found.at_once(found.layout(point.deployment)), doubts) == (expected, [])


def in_containers(probes=HERE, max_parallel=None, vendor="nvidia", host="unix:///run/docker.sock", **settings):
    point = make_point("a", vendor=vendor)
    return find_limits(DockerExecutor(name="docker", host=host, **settings), [point], probes, max_parallel)


def test_containers_get_the_gpus_that_are_named():
    found, doubts = in_containers(devices=[1, "GPU-c0de"])
    assert (found.gpus.nodes, doubts) == ((("1", "GPU-c0de"),), [])
    assert found.gpus.assigned(((0, "1"),)) == Assigned(("1",)), "containers on GPUs are bound to no core"
    found, (doubt,) = in_containers(devices=[0, 9])
    assert (found.gpus.nodes, "no GPU 9" in doubt.message) == ((("0", "9"),), True)
    assert in_containers(vendor="amd", devices=[4, 5])[0].gpus.nodes == (("4", "5"),)


def test_the_devices_of_a_docker_engine_elsewhere_are_taken_at_their_word():
    found, doubts = in_containers(host="tcp://192.0.2.7:2375", devices=[0, 9])
    assert (found.gpus.nodes, doubts) == ((("0", "9"),), [])


def test_containers_without_gpus_share_the_cores_where_it_is_said_how_many():
    found, doubts = in_containers(vendor="cpu", cores_per_server=2)
    assert (found.cores.nodes, doubts) == ((("0-1", "2-3", "4-5", "6-7"),), [])
    assert found.cores.assigned(((0, "4-5"),)) == Assigned((), (4, 5))
    assert found.at_once(found.cores) is None, "as many as there are cores for"
    assert in_containers(vendor="cpu", cores_per_server=2, max_parallel=3)[0].at_once(found.cores) == 3
    (doubt,) = in_containers(vendor="cpu", cores_per_server=9)[1]
    assert (doubt.code, doubt.path) == ("AT124", "executor.cores_per_server")


@pytest.mark.parametrize(("host", "probes"), [("tcp://192.0.2.7:2375", HERE), ("unix:///run/docker.sock", ELSEWHERE)])
def test_cores_that_nobody_knows_are_not_handed_out(host, probes):
    found, (doubt,) = in_containers(probes, vendor="cpu", host=host, cores_per_server=2, max_parallel=2)
    assert (found.cores.nodes, doubt.code, doubt.path) == ((), "AT124", "executor.cores_per_server")
    assert found.at_once(found.cores) == 2
