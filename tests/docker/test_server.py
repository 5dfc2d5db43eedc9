"""The docker executor on a real Docker engine, with a stub in the place of the inference engine."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from autotune.engines.deployment import SecretRef
from autotune.run.docker.server import DockerServer
from autotune.run.events import ImagePulling
from autotune.run.executor import Cancelled, ExperimentFailed, Place
from autotune.run.leftovers import sweep_runs
from autotune.run.lock import RunLock
from autotune.schema import DockerExecutor
from tests.run.points import STUB_ENGINE, make_point

from .images import borrowed_folders
from .registry import Registry

pytestmark = pytest.mark.docker

PYTHON = Path(sys.executable).resolve()
RUN = "20261123-031142-ab12cd"


@pytest.fixture(scope="module")
def stub_image(make_image):
    stub = STUB_ENGINE.replace(sys.executable, str(PYTHON), 1)
    return make_image("stub", files={"/engine/vllm": stub}, path=["/engine"])


@pytest.fixture
def place(tmp_path):
    """Where the server of point `p` of a run keeps its things, as a run lays it out."""
    run = tmp_path / "runs" / RUN
    (run / "points" / "p").mkdir(parents=True)
    (run / "lock").touch()
    return Place(run / "points" / "p", run / "servers")


@pytest.fixture
def settings(docker_engine):
    mounts = [f"{folder}:{folder}:ro" for folder in borrowed_folders(PYTHON.parent)]
    return DockerExecutor(name="docker", host=docker_engine.url, volumes=tuple(mounts), stop_timeout_s=1.0)


@pytest.fixture
def serve(stub_image, place, settings):
    """Start a stub engine on a CPU; whatever is started is removed after the test."""
    servers = []

    def start(*argv, use=settings, at=place, **changes):
        server = DockerServer(use)
        servers.append(server)
        deployment = make_point("a", argv=argv).deployment
        changes = {"image": stub_image, "gpus": 0, "gpu_vendor": "cpu", **changes}
        return server, server.deploy(replace(deployment, **changes), at)

    yield start
    for server in servers:
        server.remove(at_once=True)


def all_of(engine):
    return [item for item in engine.client.containers.list(all=True) if "autotune/run" in item.labels]


def test_a_server_answers_on_the_loopback_address_until_it_is_removed(docker_engine, serve, place):
    server, endpoint = serve(env={"CUDA_VISIBLE_DEVICES": 'it\'s "$HOME"\n---'})
    server.ready(endpoint, 60, lambda: False)
    assert endpoint.base_url.startswith("http://127.0.0.1:")
    assert httpx.get(endpoint.base_url, trust_env=False).text == 'it\'s "$HOME"\n---'
    assert server.failure() is None
    (container,) = all_of(docker_engine)
    assert container.labels["autotune/run"] == RUN
    assert container.labels["autotune/point"] == "p"
    assert container.labels["autotune/project"] == "autotune"
    assert container.labels["app.kubernetes.io/instance"] == "server-a"
    (bound,) = container.attrs["NetworkSettings"]["Ports"]["8000/tcp"]
    assert bound["HostIp"] == "127.0.0.1"
    assert len(list(place.records.glob("*.docker"))) == 1
    server.remove()
    assert all_of(docker_engine) == []
    assert list(place.records.iterdir()) == []
    assert "stub engine serve org/tiny --host 0.0.0.0" in (place.folder / "server.log").read_text()
    with pytest.raises(httpx.ConnectError):
        httpx.get(endpoint.base_url, trust_env=False)
    server.remove()


def test_files_secrets_and_memory_reach_the_container(docker_engine, serve, settings, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_caller")
    monkeypatch.setenv("PASSED", "on")
    files = {"/etc/autotune/a b/x.yaml": "a: $HOME\n---\né"}
    use = settings.model_copy(update={"env": {"EXTRA": "1"}, "pass_env": ("PASSED",)})
    serve(use=use, files=files, secrets=(SecretRef("HF_TOKEN", "hub", "HF_TOKEN"),), shm_bytes=2**26)
    (container,) = all_of(docker_engine)
    for path, text in files.items():
        assert container.exec_run(["cat", path]).output.decode() == text
    seen = dict(item.split("=", 1) for item in container.exec_run(["env"]).output.decode().splitlines())
    assert (seen["HF_TOKEN"], seen["PASSED"], seen["EXTRA"]) == ("hf_of_the_caller", "on", "1")
    assert container.attrs["HostConfig"]["ShmSize"] == 2**26


def test_a_container_stays_on_the_cores_set_aside_for_it(docker_engine, serve, place):
    core = min(os.sched_getaffinity(0))
    serve(at=replace(place, cpus=(core,)))
    (container,) = all_of(docker_engine)
    status = container.exec_run(["cat", "/proc/self/status"]).output.decode()
    (allowed,) = [line.split()[1] for line in status.splitlines() if line.startswith("Cpus_allowed_list")]
    assert allowed == container.attrs["HostConfig"]["CpusetCpus"] == str(core)


def test_an_engine_that_does_not_start_is_classed_by_its_log(serve):
    server, endpoint = serve("--max-model-len", "100000")
    with pytest.raises(ExperimentFailed) as caught:
        server.ready(endpoint, 60, lambda: False)
    failure = caught.value.failure
    assert (failure.kind, failure.remedy) == ("start_crash", "lower misc.context_length, or leave it unset")
    assert "User-specified max_model_len (100000)" in failure.message


def test_a_server_that_ends_under_load_is_classed_by_its_log(serve):
    server, endpoint = serve()
    server.ready(endpoint, 60, lambda: False)
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{endpoint.base_url}/die", trust_env=False)
    assert wait_for(server.failure).kind == "out_of_memory"


@pytest.mark.parametrize("act", ["stop", "remove"])
def test_a_container_that_somebody_takes_away_is_no_fault_of_the_point(docker_engine, serve, act):
    server, endpoint = serve()
    server.ready(endpoint, 60, lambda: False)
    (container,) = all_of(docker_engine)
    if act == "stop":
        container.exec_run(["sh", "-c", "kill -INT 1"])
    else:
        container.remove(force=True)
    assert wait_for(server.failure).kind == "infrastructure"


def wait_for(ask, limit_s=20.0):
    done = threading.Event()
    for _ in range(int(limit_s / 0.05)):
        if (answer := ask()) is not None:
            return answer
        done.wait(0.05)
    return pytest.fail(f"not so after {limit_s} s")


def test_gpus_that_the_engine_cannot_give_are_the_machines_fault(docker_engine, serve):
    if "nvidia" in docker_engine.client.info()["Runtimes"] or shutil.which("nvidia-container-runtime-hook"):
        pytest.skip("this engine can give GPUs")
    with pytest.raises(ExperimentFailed) as caught:
        serve(gpus=2, gpu_vendor="nvidia")
    assert caught.value.failure.kind == "infrastructure"
    assert "NVIDIA Container Toolkit" in caught.value.failure.remedy
    (container,) = all_of(docker_engine)
    (request,) = container.attrs["HostConfig"]["DeviceRequests"]
    assert (request["Count"], request["Capabilities"]) == (2, [["gpu"]])


def test_a_command_that_the_image_does_not_have(serve):
    with pytest.raises(ExperimentFailed) as caught:
        serve(argv=("trtllm-serve", "m"))
    assert caught.value.failure.kind == "start_crash"
    assert "system.image" in caught.value.failure.remedy


def test_an_image_is_pulled_once_with_its_progress(docker_engine, serve, place):
    events = []
    with Registry() as registry:
        image = f"{registry.address}/made/image"
        try:
            with pytest.raises(ExperimentFailed, match="not found in"):  # there is nothing in it to start
                serve(image=image, at=replace(place, report=events.append))
            assert docker_engine.client.images.get(image)
        finally:
            docker_engine.client.images.remove(image, force=True)
    assert all(isinstance(event, ImagePulling) and event.image == image for event in events)
    assert (events[0].done_bytes, events[0].total_bytes) == (0, 0)
    assert events[-1].done_bytes == events[-1].total_bytes > 100_000


@pytest.mark.parametrize(
    ("image", "pull", "said"),
    [
        ("{registry}/made/other:1", "missing", "image: look at system.image"),
        ("{registry}/made/other:1", "never", "image: executor.pull=missing"),
        ("127.0.0.1:1/nobody/here", "missing", "infrastructure: does not reach the registry"),
    ],
)
def test_an_image_that_cannot_be_had(serve, settings, image, pull, said):
    with Registry() as registry, pytest.raises(ExperimentFailed) as caught:
        serve(image=image.format(registry=registry.address), use=settings.model_copy(update={"pull": pull}))
    kind, remedy = said.split(": ")
    assert caught.value.failure.kind == kind
    assert remedy in caught.value.failure.remedy


def test_a_pull_is_given_up_when_the_run_is_stopped(docker_engine, serve, place):
    with Registry(held=True) as registry:
        asked = replace(place, cancelled=lambda: any("/blobs/" in path for path in registry.asked))
        with pytest.raises(Cancelled):
            serve(image=f"{registry.address}/made/image", at=asked)
    assert all_of(docker_engine) == []


def test_an_engine_elsewhere_is_reached_at_its_own_address(docker_engine, serve, settings):
    if docker_engine.daemon is None:
        pytest.skip("the Docker engine here was not started by the tests, and has no TCP port")
    port = docker_engine.daemon.tcp_port
    server, endpoint = serve(use=settings.model_copy(update={"host": f"tcp://localhost:{port}"}))
    server.ready(endpoint, 60, lambda: False)
    assert endpoint.base_url.startswith("http://localhost:")
    assert "stub engine serve" in server.logs()
    server.remove()
    assert all_of(docker_engine) == []


def test_what_a_killed_run_left_is_removed_at_the_next_start(docker_engine, serve, place):
    run = place.records.parent
    _, endpoint = serve()
    with RunLock(run):
        assert sweep_runs(run.parent) == 0
    assert len(all_of(docker_engine)) == 1
    assert sweep_runs(run.parent) == 1
    assert all_of(docker_engine) == []
    assert list(place.records.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(endpoint.base_url, trust_env=False)


def test_what_has_lost_its_record_is_found_by_its_labels(docker_engine, serve, place, tmp_path):
    lost = replace(place, records=tmp_path / "runs" / "lost" / "servers")
    serve(at=lost)
    serve()
    shutil.rmtree(lost.records.parent)
    assert sweep_runs(tmp_path / "runs") == 2
    assert all_of(docker_engine) == []


def test_an_engine_that_goes_and_comes_back(docker_engine, serve, settings, place):
    if docker_engine.daemon is None:
        pytest.skip("the Docker engine here was not started by the tests, and is not theirs to stop")
    server, endpoint = serve()
    server.ready(endpoint, 60, lambda: False)
    docker_engine.daemon.stop()
    try:
        assert server.failure().kind == "infrastructure"
        server.remove()
        assert len(list(place.records.iterdir())) == 1, "the container is still to be removed"
        with pytest.raises(ExperimentFailed, match=r"no Docker engine|does not answer"):
            serve(use=settings.model_copy(update={"outage_timeout_s": 0.1}))
    finally:
        docker_engine.daemon.start()
    again, endpoint = serve()
    again.ready(endpoint, 60, lambda: False)
    assert len(all_of(docker_engine)) == 1
    again.remove()
    assert all_of(docker_engine) == []
    assert list(place.records.iterdir()) == []


def test_an_engine_that_is_starting_is_waited_for(docker_engine, serve):
    if docker_engine.daemon is None:
        pytest.skip("the Docker engine here was not started by the tests, and is not theirs to stop")
    served = []
    docker_engine.daemon.stop()
    try:
        waiting = threading.Thread(target=lambda: served.append(serve()))
        waiting.start()
    finally:
        docker_engine.daemon.start()
    waiting.join(60)
    ((server, endpoint),) = served
    server.ready(endpoint, 60, lambda: False)


def test_preflight_on_a_real_engine(docker_engine, settings, stub_image):
    def codes(**changes):
        use = settings.model_copy(update=changes.pop("use", {}))
        deployment = replace(
            make_point("a").deployment, **{"image": stub_image, "gpus": 0, "gpu_vendor": "cpu", **changes}
        )
        return [(item.code, item.path) for item in DockerServer(use).preflight(deployment)]

    assert codes() == []
    assert codes(image="no/such:1", use={"pull": "never"}) == [("AT045", "system.image")]
    assert codes(use={"volumes": ("nobody-made-this:/x",)}) == [("AT045", "executor.volumes")]
    assert codes(use={"host": "unix:///nowhere/docker.sock"}) == [("AT045", "executor")]


def test_nothing_is_left_on_the_engine(docker_engine):
    """After all of the above."""
    assert all_of(docker_engine) == []
    assert docker_engine.client.volumes.list() == []
