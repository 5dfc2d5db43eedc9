"""A router with the servers behind it on a cluster: one server to a run, in two steps, each of its failures named."""

from __future__ import annotations

import httpx
import pytest

import autotune
from autotune.emit import emit_point
from autotune.emit.manifest import dump_documents
from autotune.run import run_points
from autotune.run.executor import ExperimentFailed
from autotune.store import Store
from tests.run.cluster.fake_cluster import FakeCluster, Plan, unschedulable, waiting
from tests.run.cluster.waits import eventually
from tests.run.points import NO_GPU

POINT = [
    "system.serving_mode=disagg", "system.backend=sglang", "benchmark.tool=quick",
    "benchmark.max_requests=8", "benchmark.traffic_scenarios=['D(64,8)']", "model.served_name=tiny",
]  # fmt: skip
LOADING = waiting("ContainerCreating")


@pytest.fixture(scope="module")
def router():
    (point,) = autotune.compile(POINT)
    assert point.deployment is not None
    return point.deployment


def role(document):
    return document["metadata"]["labels"].get("autotune/role")


def serve(executor, deployment, place):
    endpoint = executor.deploy(deployment, place)
    executor.ready(endpoint, 30, lambda: False)
    return endpoint


def fail(executor, deployment, place):
    with pytest.raises(ExperimentFailed) as caught:
        serve(executor, deployment, place)
    executor.remove()
    return caught.value.failure


def deployed(cluster):
    return [role(item) for item in cluster.applied() if item["kind"] == "Deployment"]


def test_servers_come_first_the_router_when_they_are_ready_and_all_leave_together(start, upstream, router):
    def plan(document):
        if role(document) == "router":
            return Plan(upstream=upstream, log="router\n")
        return Plan(status=LOADING if role(document) == "decode" else Plan().status, log=f"{role(document)} loads\n")

    cluster, executor, place = start(plan)
    assert executor.preflight(router) == []
    endpoint = executor.deploy(router, place)
    assert deployed(cluster) == ["prefill", "decode"]
    with pytest.raises(ExperimentFailed) as caught:
        executor.ready(endpoint, 0.5, lambda: False)
    assert deployed(cluster) == ["prefill", "decode"]
    assert "decode" in caught.value.failure.message
    assert "prefill" not in caught.value.failure.message
    for part in router.parts:
        cluster.set_plan(part.name, Plan(log="loaded\n"))
    executor.ready(endpoint, 20, lambda: False)
    assert deployed(cluster) == ["prefill", "decode", "router"]
    assert httpx.get(f"{endpoint.base_url}/health", trust_env=False).status_code == 200
    executor.remove()
    assert cluster.objects() == []
    assert not any(place.records.iterdir())


def test_every_document_is_the_emitted_one(start, upstream, router):
    cluster, executor, place = start(Plan(upstream=upstream))
    serve(executor, router, place)
    files = emit_point(router, ["k8s"])
    for server in (*router.parts, router):
        own = [item for item in cluster.applied() if item["metadata"]["name"].startswith(server.name)]
        own = [item for item in own if not item["metadata"]["name"].endswith("-run")]
        folder = router.name if server is router else f"{router.name}/{server.name}"
        body = files[f"{folder}/k8s.yaml"]
        assert dump_documents(own, []).strip() in body


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (unschedulable("0/4 nodes: Insufficient nvidia.com/gpu"), "unschedulable", "Insufficient nvidia.com/gpu"),
        (waiting("CrashLoopBackOff", restarts=1, last={"exitCode": 1, "reason": "Error"}), "out_of_memory", "CUDA out of memory"),
    ],
)  # fmt: skip
def test_a_server_behind_the_router_that_fails_is_named(start, router, status, kind, says):
    def plan(document):
        bad = role(document) == "prefill"
        return Plan(status if bad else LOADING, previous_log="torch.OutOfMemoryError: CUDA out of memory\n")

    cluster, executor, place = start(plan)
    failure = fail(executor, router, place)
    assert failure.kind == kind
    assert says in failure.message
    assert failure.message.startswith(f"prefill {router.parts[0].name}: ")
    assert cluster.objects() == []


def test_a_server_behind_the_router_that_goes_while_it_is_measured_ends_the_experiment(start, upstream, router):
    cluster, executor, place = start(Plan(upstream=upstream))
    serve(executor, router, place)
    assert executor.failure() is None
    cluster.drop_pods(router.parts[1].name)
    failure = eventually(executor.failure)
    assert (failure.kind, router.parts[1].name in failure.message) == ("infrastructure", True)
    executor.remove()


@pytest.mark.slow
def test_each_servers_log_has_a_file(start, upstream, router):
    _, executor, place = start(lambda document: Plan(upstream=upstream, log=f"I am {role(document)}\n"))
    serve(executor, router, place)
    assert "I am router" in eventually((place.folder / "server.log").read_text)
    for part in router.parts:
        log = place.folder / f"{part.name}.log"
        assert f"I am {part.labels['autotune/role']}" in eventually(log.read_text)
    executor.remove()


@pytest.mark.slow
def test_a_disaggregated_point_is_measured_from_end_to_end(tmp_path, upstream):
    with FakeCluster(lambda _: Plan(upstream=upstream)) as cluster, Store(tmp_path / "results.db") as store:
        config = cluster.write_kubeconfig(tmp_path / "kubeconfig")
        points = autotune.compile([*POINT, "executor=kubernetes", f"executor.kubeconfig={config}"])
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU)
        assert cluster.objects() == []
    (result,) = summary.results
    assert (result.status, result.measurements[0].completed) == ("done", 8)
    found = result.measurements[0]
    assert found.output_tokens_per_s_per_gpu == pytest.approx(found.output_tokens_per_s / 2)  # one prefill, one decode
