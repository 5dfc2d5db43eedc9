import threading
import time

import pytest

from autotune.run.cluster import connection, errands, mirror, server
from autotune.run.cluster.server import ClusterServer
from autotune.run.emulated_server import EmulatedServer
from autotune.run.executor import Place
from autotune.schema import KubernetesExecutor
from tests.run.cluster.fake_cluster import FakeCluster
from tests.run.timings import LinearTiming


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch):
    for module in (mirror, server, errands):
        monkeypatch.setattr(module, "LOOK_S", 0.05)
    monkeypatch.setattr(server, "FAILURE_LOOK_S", 0.05)
    connection.connect.cache_clear()
    yield
    connection.connect.cache_clear()


@pytest.fixture
def start(tmp_path):
    """`start(plan, **settings)`: (cluster, executor, place) of a cluster on which pods do what the plan says."""
    clusters, executors = [], []

    def begin(plan, name="kubernetes", **settings):
        cluster = FakeCluster(plan if callable(plan) else lambda _: plan, ome=name == "ome")
        cluster.__enter__()
        clusters.append(cluster)
        config = cluster.write_kubeconfig(tmp_path / "kubeconfig")
        values = {"schedule_timeout_s": 0, "ready_timeout_s": 20, "stop_timeout_s": 5} | settings
        executor = ClusterServer(KubernetesExecutor(name=name, kubeconfig=str(config), **values))
        executors.append(executor)
        run = tmp_path / "runs" / "20260101-abc"
        folder = run / "points" / "p"
        folder.mkdir(parents=True)
        return cluster, executor, Place(folder, run / "servers")

    yield begin
    for executor in executors:
        executor.remove(at_once=True)
    for cluster in clusters:
        cluster.__exit__(None, None, None)
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith(("watch-", "port-forward-"))]
    assert not eventually_none(left), left


def eventually_none(names):
    """Those of these threads that are there for good."""
    deadline = time.monotonic() + 5
    while (alive := {thread.name for thread in threading.enumerate()} & set(names)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


@pytest.fixture
def upstream():
    with EmulatedServer(LinearTiming(), "tiny", 1000.0) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)
