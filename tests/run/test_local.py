import os
import time
from pathlib import Path

import httpx
import psutil
import pytest

from autotune.run import local
from autotune.run.executor import Cancelled, ExperimentFailed, Place
from autotune.run.local import LocalServer, find_engine_command
from autotune.schema import LocalExecutor
from tests.run.points import make_point, make_stub_engine


@pytest.fixture
def stub(tmp_path):
    return make_stub_engine(tmp_path / "bin")


@pytest.fixture
def serve(stub, tmp_path):
    """Start a stub engine; whatever is started is removed after the test."""
    servers = []

    def start(*argv, devices=(), cpus=(), **more):
        env = {"STUB_PIDS": str(tmp_path / "pids")}
        server = LocalServer(
            LocalExecutor(name="local", bin_dir=str(stub), env=env, stop_timeout_s=0.5, **more.pop("settings", {}))
        )
        servers.append(server)
        folder = tmp_path / "point"
        folder.mkdir(exist_ok=True)
        endpoint = server.deploy(
            make_point("a", argv=argv, **more).deployment, Place(folder, tmp_path / "servers", devices, cpus)
        )
        return server, endpoint

    yield start
    for server in servers:
        server.remove(at_once=True)


def wait_gone(pids, timeout_s=5.0):
    end = time.monotonic() + timeout_s
    while left := [
        pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]:
        assert time.monotonic() < end, f"still there: {left}"
        time.sleep(0.02)


def read_pids(tmp_path):
    return [int(line) for line in (tmp_path / "pids").read_text().split()]


def test_a_server_listens_on_the_loopback_address_until_it_is_removed(serve, tmp_path):
    server, endpoint = serve(devices=("3", "5"))
    server.ready(endpoint, 20, lambda: False)
    assert endpoint.base_url.startswith("http://127.0.0.1:")
    assert httpx.get(endpoint.base_url).text == "3,5"
    assert "stub engine serve org/tiny --host 127.0.0.1" in server.logs()
    assert server.failure() is None
    assert len(list((tmp_path / "servers").glob("*.json"))) == 1
    server.remove()
    wait_gone(read_pids(tmp_path))
    with pytest.raises(httpx.ConnectError):
        httpx.get(endpoint.base_url)
    assert list((tmp_path / "servers").iterdir()) == []
    server.remove()


def test_a_worker_that_left_the_group_and_is_deaf_to_sigterm_goes_too(serve, tmp_path):
    server, endpoint = serve("--detach")
    server.ready(endpoint, 20, lambda: False)
    pids = read_pids(tmp_path)
    assert len(pids) == 2
    assert all(psutil.pid_exists(pid) for pid in pids)
    server.remove()
    wait_gone(pids, 1.0)


def test_a_crash_at_start_is_classed_with_the_engines_own_words(serve):
    server, endpoint = serve("--max-model-len", "100000")
    with pytest.raises(ExperimentFailed) as caught:
        server.ready(endpoint, 20, lambda: False)
    assert caught.value.failure.kind == "start_crash"
    assert caught.value.failure.message.startswith("User-specified max_model_len (100000)")
    assert "misc.context_length" in caught.value.failure.remedy


def test_a_second_try_has_a_log_of_its_own(serve, tmp_path):
    server, endpoint = serve("--max-model-len", "100000")
    with pytest.raises(ExperimentFailed):
        server.ready(endpoint, 20, lambda: False)
    again, endpoint = serve()
    again.ready(endpoint, 20, lambda: False)
    assert "max_model_len" not in again.logs()
    assert "max_model_len" in (tmp_path / "point" / "server.1.log").read_text()


@pytest.mark.parametrize(("own", "limit", "kind"), [(0.2, 20, "not_ready"), (20, 0.2, "timeout")])
def test_a_server_that_takes_too_long_is_late_by_its_own_limit_or_the_experiments(serve, own, limit, kind):
    server, endpoint = serve("--slow", settings={"ready_timeout_s": own})
    with pytest.raises(ExperimentFailed) as caught:
        server.ready(endpoint, limit, lambda: False)
    assert caught.value.failure.kind == kind


def test_waiting_can_be_cancelled(serve):
    server, endpoint = serve("--slow")
    with pytest.raises(Cancelled):
        server.ready(endpoint, 20, lambda: True)


def test_a_server_that_dies_later_is_explained_by_its_log(serve):
    server, endpoint = serve()
    server.ready(endpoint, 20, lambda: False)
    with pytest.raises(httpx.HTTPError):
        httpx.get(endpoint.base_url + "/die")
    end = time.monotonic() + 5
    while (failure := server.failure()) is None and time.monotonic() < end:
        time.sleep(0.02)
    assert failure.kind == "out_of_memory"
    assert "Tried to allocate 2.00 GiB" in failure.message


def test_config_files_are_written_and_named_where_they_are(serve, tmp_path):
    server, endpoint = serve(
        "--config",
        "/etc/engine/extra.yaml",
        "--other=/etc/engine/extra.yaml",
        files={"/etc/engine/extra.yaml": "a: 1\n"},
    )
    server.ready(endpoint, 20, lambda: False)
    place = tmp_path / "point" / "files" / "etc" / "engine" / "extra.yaml"
    assert place.read_text() == "a: 1\n"
    assert f"--config {place} --other={place}" in server.logs()


def test_a_port_that_another_process_answers_on_is_not_taken_for_the_server(serve, monkeypatch):
    first, endpoint = serve()
    first.ready(endpoint, 20, lambda: False)
    port = int(endpoint.base_url.rpartition(":")[2])
    monkeypatch.setattr("autotune.run.local.free_port", lambda: port)
    second, same = serve("--slow")
    with pytest.raises(ExperimentFailed) as caught:
        second.ready(same, 20, lambda: False)
    assert caught.value.failure.kind == "infrastructure"


def test_a_missing_command_is_found_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    point = make_point("a")
    (found,) = LocalServer(LocalExecutor(name="local", bin_dir=str(tmp_path / "none"))).preflight(point.deployment)
    assert found.code == "AT030"
    assert "`vllm`" in found.message
    assert find_engine_command("vllm", str(make_stub_engine(tmp_path / "bin"))) == str(tmp_path / "bin" / "vllm")


def test_the_folder_of_the_command_comes_first_on_the_engines_path(stub, serve):
    server, endpoint = serve()
    server.ready(endpoint, 20, lambda: False)
    engines = [
        child for child in psutil.Process(server._supervisor.pid).children() if "vllm" in " ".join(child.cmdline())
    ]
    assert engines[0].environ()["PATH"].split(os.pathsep)[0] == str(stub)
    assert Path(engines[0].cwd()) == Path.cwd()


def engine_of(server):
    (engine,) = (
        child for child in psutil.Process(server._supervisor.pid).children() if "vllm" in " ".join(child.cmdline())
    )
    return engine


def test_numbers_of_gpus_mean_what_nvml_means_unless_they_were_given_in_cudas_order(serve, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    server, endpoint = serve(devices=("1",))
    server.ready(endpoint, 20, lambda: False)
    assert engine_of(server).environ()["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    server, endpoint = serve(devices=("1",))
    server.ready(endpoint, 20, lambda: False)
    assert "CUDA_DEVICE_ORDER" not in engine_of(server).environ()


def test_amd_gpus_are_set_aside_by_amds_own_variable(serve, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    server, endpoint = serve(devices=("2", "3"), vendor="amd")
    server.ready(endpoint, 20, lambda: False)
    environ = engine_of(server).environ()
    assert environ["HIP_VISIBLE_DEVICES"] == "2,3"
    assert "CUDA_VISIBLE_DEVICES" not in environ


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system binds no process to CPUs")
def test_an_engine_stays_on_its_cores_and_one_whose_cores_are_gone_runs_anywhere(serve):
    allowed = sorted(os.sched_getaffinity(0))
    server, endpoint = serve(cpus=(allowed[-1],))
    server.ready(endpoint, 20, lambda: False)
    assert engine_of(server).cpu_affinity() == [allowed[-1]]
    server, endpoint = serve(cpus=(100_000,))
    server.ready(endpoint, 20, lambda: False)
    assert engine_of(server).cpu_affinity() == allowed


def test_a_module_that_python_lacks_is_found_out_before_anything_starts():
    assert local.missing_module(["vllm", "serve"], None) is None
    assert local.missing_module(["python3", "-m", "json.tool"], None) is None
    assert local.missing_module(["python3", "-m", "no_such_engine.launch_server"], None) == "no_such_engine"
