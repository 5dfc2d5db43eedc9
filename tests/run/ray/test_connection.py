import socket
import sys
from types import SimpleNamespace

import pytest

from autotune.diagnostics import InputError
from autotune.run.layout import find_limits
from autotune.run.ray import connection
from autotune.run.ray.connection import NodeSize, connect, node_sizes
from autotune.schema import RayExecutor
from tests.run.points import NO_GPU, make_point


def refusal(**settings):
    with pytest.raises(InputError) as caught:
        connect(RayExecutor(name="ray", **settings))
    return caught.value.diagnostics[0]


@pytest.fixture
def strangers_ray(monkeypatch):
    """A `ray` that finds no cluster; the real one takes seconds to say so."""

    def init(address, **_):
        raise ConnectionError(f"no Ray at {address}\nTry another")

    module = SimpleNamespace(is_initialized=lambda: False, init=init)
    monkeypatch.setitem(sys.modules, "ray", module)
    monkeypatch.setattr(connection, "_REFUSED", {})
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    return module


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_nobody_listens_is_said_at_once(strangers_ray, scheme):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{unused.getsockname()[1]}"
        found = refusal(address=address)
    assert (found.code, found.path) == ("AT053", "executor.address")
    assert f"{address} cannot be reached: [Errno" in found.message


def test_somebody_else_listens_there(strangers_ray):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        found = refusal(address=address)
    assert found.message == f"the Ray cluster {address} cannot be reached: no Ray at {address}"


def test_without_an_address_it_is_the_environments_or_the_one_that_runs_here(strangers_ray, monkeypatch):
    found = refusal()
    assert "no Ray cluster runs on this machine" in found.message
    assert "executor.address=local starts one here" in found.help
    monkeypatch.setenv("RAY_ADDRESS", "named")
    assert "the Ray cluster named cannot be reached" in refusal().message


def test_a_sweep_of_many_servers_waits_for_an_absent_cluster_once(strangers_ray):
    calls = []
    strangers_ray.init = lambda address, **_: (calls.append(address), socket.create_connection(("127.0.0.1", 1)))
    first, second = refusal(address="head"), refusal(address="head")
    assert (first, calls) == (second, ["head"])


def test_the_package_is_an_extra_that_the_message_names(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    found = refusal()
    assert (found.code, found.help) == ("AT030", "pip install 'llm-autotune[ray]'")


def test_a_connection_that_the_program_has_already_is_used(monkeypatch):
    ours = SimpleNamespace(is_initialized=lambda: True)
    monkeypatch.setitem(sys.modules, "ray", ours)
    assert connect(RayExecutor(name="ray", address="127.0.0.1:1")) is ours


def test_the_nodes_that_are_up_and_none_where_there_is_no_cluster(strangers_ray, monkeypatch):
    assert node_sizes(RayExecutor(name="ray")) == ()
    nodes = [{"Alive": True, "Resources": {"GPU": 4.0, "CPU": 16.0}}, {"Alive": True, "Resources": {"CPU": 2.0}},
             {"Alive": False, "Resources": {}}]  # fmt: skip
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: True, nodes=lambda: nodes))
    assert node_sizes(RayExecutor(name="ray")) == (NodeSize(4, 16.0), NodeSize(0, 2.0))


def limits_on(nodes, monkeypatch, *points, **settings):
    monkeypatch.setattr(connection, "node_sizes", lambda _: nodes)
    found, doubts = find_limits(RayExecutor(name="ray", **settings), points, NO_GPU, None)
    assert doubts == []
    return found


def test_no_more_experiments_are_sent_than_the_nodes_hold(monkeypatch):
    nodes = (NodeSize(8, 32.0), NodeSize(4, 16.0))
    found = limits_on(nodes, monkeypatch, make_point("a", gpus=4))
    assert [len(node) for node in found.gpus.nodes] == [8, 4]
    found = limits_on(nodes, monkeypatch, make_point("a", vendor="cpu", gpus=4), cpus_per_server=6)
    assert [len(node) for node in found.cores.nodes] == [5, 2]
    assert found.fits(make_point("a", vendor="cpu", gpus=4).deployment)


def test_what_fits_on_no_node_that_is_up_is_left_to_the_cluster(monkeypatch):
    found = limits_on((NodeSize(4, 16.0),), monkeypatch, make_point("a", gpus=1), make_point("b", gpus=8))
    assert not found.gpus
    assert found.at_once(found.gpus) == 1
