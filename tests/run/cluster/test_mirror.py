"""A mirror of the cluster's objects: what it shows, and what it asks for that, whatever becomes of the connection."""

from __future__ import annotations

import threading

import pytest

from autotune.run.cluster import mirror
from autotune.run.cluster.api import ClusterError, ObjectRef, Selection
from autotune.run.cluster.connection import connect
from autotune.run.cluster.mirror import Mirror
from tests.run.cluster.fake_cluster import ApiFaultError, FakeCluster, Plan
from tests.run.cluster.waits import eventually

MAPS = Selection("v1", "ConfigMap", "default", "app in (a,b)")


@pytest.fixture
def cluster():
    with FakeCluster(lambda _: Plan()) as cluster:
        yield cluster


@pytest.fixture
def api(cluster, tmp_path):
    return connect(None, str(cluster.write_kubeconfig(tmp_path / "kubeconfig")))


@pytest.fixture
def look(api):
    """`look(wanted)`: a mirror, closed in the end."""
    mirrors = []

    def begin(wanted=MAPS, **more):
        mirrors.append(Mirror(api, wanted, threading.Event(), **more))
        return mirrors[-1]

    yield begin
    for one in mirrors:
        one.close()


def make(api, name, app="a", **data):
    api.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "default", "labels": {"app": app}},
            "data": data,
        }
    )


def shown(one):
    return sorted((item["metadata"]["name"], item.get("data", {}).get("x")) for item in one.objects())


def asked(cluster, what):
    """How often ConfigMaps were listed or watched."""
    paths = [path for method, path, _, _ in cluster.requests if method == "GET" and "/configmaps?" in path]
    return sum(("watch=true" in path.lower()) == (what == "watch") for path in paths)


def test_changes_are_seen_as_they_happen_after_one_list(cluster, api, look):
    make(api, "first", x="1")
    one = look()
    assert shown(one) == [("first", "1")]
    assert eventually(lambda: cluster.watches)
    make(api, "second", x="1")
    make(api, "other", app="c")
    make(api, "first", x="2")
    assert eventually(lambda: shown(one) == [("first", "2"), ("second", "1")])
    cluster.change("ConfigMap", "second", data={"x": "3"})
    assert eventually(lambda: ("second", "3") in shown(one))
    api.delete(_ref("first"))
    assert eventually(lambda: shown(one) == [("second", "3")])
    assert (asked(cluster, "list"), asked(cluster, "watch")) == (1, 1)
    assert one.watched


def test_a_watch_that_the_server_ends_goes_on_from_where_it_was(cluster, api, look):
    cluster.watch_s = 0.1
    one = look()
    assert shown(one) == []
    assert eventually(lambda: cluster.watches >= 3)
    make(api, "late", x="1")
    assert eventually(lambda: shown(one) == [("late", "1")])
    assert asked(cluster, "list") == 1


def test_a_connection_that_breaks_is_made_again_and_nothing_is_missed(cluster, api, look):
    make(api, "a", x="1")
    one = look()
    assert eventually(lambda: cluster.watches)
    cluster.cut()
    make(api, "b", x="1")
    assert eventually(lambda: shown(one) == [("a", "1"), ("b", "1")])


def test_a_version_that_is_gone_is_listed_anew(cluster, api, look):
    make(api, "a", x="1")
    one = look()
    assert eventually(lambda: cluster.watches)
    api.delete(_ref("a"))
    make(api, "b", x="1")
    cluster.forget()
    assert eventually(lambda: shown(one) == [("b", "1")])
    watches = cluster.watches
    assert eventually(lambda: cluster.watches > watches or one.watched)
    make(api, "c", x="1")
    assert eventually(lambda: shown(one) == [("b", "1"), ("c", "1")])


def test_who_may_not_watch_asks_again_and_again(cluster, api, look):
    cluster.watchable = False
    one = look()
    assert shown(one) == []
    make(api, "a", x="1")
    assert eventually(lambda: shown(one) == [("a", "1")])
    assert eventually(lambda: one.watched is False)
    assert (asked(cluster, "watch"), asked(cluster, "list") > 1) == (1, True)


def test_an_api_server_that_is_away_is_said_until_it_is_back(cluster, api, look):
    make(api, "a", x="1")
    one = look()
    assert shown(one) == [("a", "1")]
    cluster.refuse = lambda method, path: (
        ApiFaultError(503, "ServiceUnavailable", "etcd is away") if "configmaps" in path and method == "GET" else None
    )
    cluster.cut()
    assert eventually(lambda: _error(one))
    assert "etcd is away" in str(_error(one))
    cluster.refuse = None
    assert eventually(lambda: not _error(one))
    assert shown(one) == [("a", "1")]


def test_a_right_that_is_missing_altogether_is_an_error(cluster, look):
    cluster.refuse = lambda method, path: (
        ApiFaultError(403, "Forbidden", "configmaps is forbidden") if "configmaps" in path and method == "GET" else None
    )
    error = _error(look())
    assert (error.status, "forbidden" in error.message) == (403, True)


def test_only_what_is_wanted_is_kept(api, look):
    make(api, "a", x="1")
    make(api, "b", x="1")
    one = look(keep=lambda item: item["metadata"]["name"] != "a")
    assert shown(one) == [("b", "1")]
    make(api, "a", x="2")
    make(api, "b", x="2")
    assert eventually(lambda: shown(one) == [("b", "2")])


def test_something_that_nobody_thought_of_is_an_error_and_not_the_past(api, look, monkeypatch):
    one = look()
    assert shown(one) == []
    monkeypatch.setattr(mirror.Mirror, "_take", lambda *_: 1 / 0)
    make(api, "a", x="1")
    assert eventually(lambda: "ZeroDivisionError" in str(_error(one)) or shown(one) == [("a", "1")])


def _ref(name):
    return ObjectRef("v1", "ConfigMap", name, "default")


def _error(one):
    try:
        one.objects()
    except ClusterError as error:
        return error
    return None
