"""One server on a cluster, from the dry run to the last pod gone; the cluster is a stand-in over real HTTP."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
import yaml

from autotune.diagnostics import InputError
from autotune.emit import emit_point
from autotune.run.cluster import connection
from autotune.run.cluster.records import sweep_records
from autotune.run.cluster.shape import OmeShape
from autotune.run.executor import Cancelled, ExperimentFailed
from tests.emit.cases import PLAIN
from tests.run.cluster.fake_cluster import ApiFaultError, FakeCluster, Plan, unschedulable, waiting
from tests.run.cluster.waits import eventually

SERVER = replace(PLAIN, served_name="tiny", files={"/etc/engine.yaml": "a: 1\n"})


def serve(executor, deployment, place, cancelled=lambda: False, *, asked=True):
    assert not asked or executor.preflight(deployment) == []
    endpoint = executor.deploy(deployment, place)
    executor.ready(endpoint, 30, cancelled)
    return endpoint


def fail(executor, place, deployment=SERVER):
    with pytest.raises(ExperimentFailed) as caught:
        serve(executor, deployment, place)
    executor.remove()
    return caught.value.failure


def test_a_server_is_applied_as_emitted_answers_and_leaves_nothing(start, upstream):
    cluster, executor, place = start(Plan(upstream=upstream, log="loading\nready\n"))
    endpoint = serve(executor, SERVER, place)
    (text,) = emit_point(SERVER, ["k8s"]).values()
    emitted = list(yaml.safe_load_all(text))
    assert [item for item in cluster.applied() if item["metadata"]["name"] != f"{SERVER.name}-run"] == emitted
    answer = httpx.post(
        f"{endpoint.base_url}/v1/chat/completions",
        json={"model": "tiny", "messages": [{"role": "user", "content": "a b"}], "max_tokens": 3},
        trust_env=False,
    )
    assert answer.json()["usage"]["completion_tokens"] == 3
    assert cluster.forwarded >= 2
    assert executor.failure() is None
    assert "ready" in executor.logs()
    executor.remove()
    assert cluster.objects() == []
    assert not any(place.records.iterdir())


def test_everything_is_marked_as_the_runs_and_owned_by_one_object(start, upstream):
    cluster, executor, place = start(Plan(upstream=upstream))
    serve(executor, SERVER, place)
    owner = cluster.object("ConfigMap", f"{SERVER.name}-run")["metadata"]["uid"]
    for kind in ("Deployment", "Service"):
        metadata = cluster.object(kind, SERVER.name)["metadata"]
        assert metadata["labels"]["autotune/run"] == "20260101-abc"
        assert [item["uid"] for item in metadata["ownerReferences"]] == [owner]
    executor.remove()


@pytest.mark.parametrize(
    ("plan", "kind", "says"),
    [
        (Plan(waiting("InvalidImageName", "couldn't parse image")), "image", "couldn't parse image"),
        (Plan(waiting("ErrImageNeverPull", "not present")), "image", "not present"),
        (Plan(unschedulable("0/4 nodes: Insufficient nvidia.com/gpu")), "unschedulable", "Insufficient nvidia.com/gpu"),
        (
            Plan(waiting("CrashLoopBackOff", restarts=1, last={"exitCode": 137, "reason": "OOMKilled"}), previous_log="x"),
            "out_of_memory",
            "OOMKilled",
        ),
        (
            Plan(
                waiting("CrashLoopBackOff", restarts=2, last={"exitCode": 1, "reason": "Error"}),
                previous_log="torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n",
            ),
            "out_of_memory",
            "CUDA out of memory",
        ),
        (
            Plan(
                waiting("CrashLoopBackOff", restarts=2, last={"exitCode": 2, "reason": "Error"}),
                previous_log="vllm: error: unrecognized arguments: --nope\n",
            ),
            "start_crash",
            "unrecognized arguments",
        ),
    ],
)  # fmt: skip
def test_what_keeps_a_pod_from_serving_has_its_class_and_remedy(start, plan, kind, says):
    cluster, executor, place = start(plan)
    failure = fail(executor, place)
    assert failure.kind == kind
    assert says in failure.message
    assert failure.remedy
    assert cluster.objects() == []


def test_events_are_in_the_failure_record(start):
    event = {"type": "Warning", "reason": "FailedScheduling", "message": "0/4 nodes are available"}
    _, executor, place = start(Plan(unschedulable("no room"), events=(event,)))
    assert "FailedScheduling" in fail(executor, place).log_tail


def test_an_image_that_is_slow_to_come_is_waited_for(start):
    _, executor, place = start(Plan(waiting("ImagePullBackOff", "429 too many requests")), ready_timeout_s=0.5)
    failure = fail(executor, place)
    assert (failure.kind, "429" in failure.message) == ("image", True)


def test_a_server_that_is_late_says_what_it_waited_for(start):
    _, executor, place = start(Plan(waiting("ContainerCreating")), ready_timeout_s=0.3)
    failure = fail(executor, place)
    assert failure.kind == "not_ready"
    assert "ContainerCreating" in failure.message


def test_pods_that_someone_deletes_end_the_experiment(start, upstream):
    cluster, executor, place = start(Plan(upstream=upstream))
    serve(executor, SERVER, place)
    cluster.drop_pods()
    assert eventually(executor.failure).kind == "infrastructure"
    executor.remove()


def test_waiting_can_be_cancelled(start):
    cluster, executor, place = start(Plan(waiting("ContainerCreating")))
    with pytest.raises(Cancelled):
        serve(executor, SERVER, place, cancelled=lambda: True)
    executor.remove()
    assert cluster.objects() == []


def test_every_missing_right_is_named_at_once(start):
    cluster, executor, _ = start(Plan())
    cluster.forbidden = {("create", "deployments"), ("list", "events"), ("create", "pods")}
    (finding,) = executor.preflight(SERVER)
    assert finding.code == "AT052"
    for right in ("create deployments.apps in default", "list events in default", "create pods/portforward in default"):
        assert right in finding.message
    assert cluster.applied() == []


def test_a_document_that_the_server_refuses_is_known_before_anything_is_applied(start):
    cluster, executor, _ = start(Plan())
    cluster.refuse = lambda method, path: (
        ApiFaultError(403, "Forbidden", "exceeded quota: gpus") if method == "PATCH" and "deployments" in path else None
    )
    (finding,) = executor.preflight(SERVER)
    assert "exceeded quota: gpus" in finding.message
    assert cluster.applied() == []


def test_an_operator_that_is_not_there_is_said(start):
    _, executor, _ = start(Plan())
    executor._shape = OmeShape()
    (finding,) = executor.preflight(SERVER)
    assert "no kind ClusterServingRuntime" in finding.message
    assert "install its operator" in finding.help


def test_a_killed_run_is_swept_by_its_record(start, upstream):
    cluster, executor, place = start(Plan(upstream=upstream))
    serve(executor, SERVER, place)
    assert cluster.objects() != []
    assert sweep_records(place.records) > 0
    assert cluster.objects() == []
    assert not any(place.records.iterdir())
    executor.remove()


def test_a_context_that_is_not_there_lists_those_that_are(start, tmp_path):
    start(Plan())
    with pytest.raises(InputError) as caught:
        connection.connect("nope", str(tmp_path / "kubeconfig"))
    (finding,) = caught.value.diagnostics
    assert (finding.code, "fake" in finding.help) == ("AT051", True)


def test_a_cluster_that_does_not_answer_is_an_error_of_one_line(tmp_path):
    cluster = FakeCluster(lambda _: Plan())
    cluster.url = "http://127.0.0.1:1"
    with pytest.raises(InputError) as caught:
        connection.connect(None, str(cluster.write_kubeconfig(tmp_path / "kubeconfig")))
    assert caught.value.diagnostics[0].code == "AT051"
