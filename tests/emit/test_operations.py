"""What keeps a server running besides its pods: disruption budgets, autoscalers, ServiceMonitors, in every target."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from autotune.diagnostics import InputError
from autotune.emit import EMITTERS, emit_point
from autotune.engines import ENGINES

from .cases import AMD, FULL, HOSTILE, KEDA, OPERATED, PLAIN, SCALED, TWO_NODES

KUBERNETES = ["k8s", "lws", "kserve", "kserve-llm"]
TRTLLM = replace(FULL, port=8000)


def documents(deployment, target):
    texts = EMITTERS[target].emit(deployment).values()
    return {document["kind"]: document for text in texts for document in yaml.safe_load_all(text)}


def findings(deployment, target):
    with pytest.raises(InputError) as error:
        EMITTERS[target].emit(deployment)
    return [(item.code, item.path) for item in error.value.diagnostics]


@pytest.mark.parametrize("target", [*KUBERNETES, "ome"])
def test_nothing_is_written_that_was_not_asked_for(target):
    kinds = set(documents(PLAIN, target))
    assert not {"PodDisruptionBudget", "ScaledObject", "HorizontalPodAutoscaler", "ServiceMonitor"} & kinds


@pytest.mark.parametrize(
    ("target", "labels"),
    [
        ("k8s", {"app.kubernetes.io/instance": OPERATED.name}),
        ("lws", {"app.kubernetes.io/instance": OPERATED.name}),
        ("kserve", {"serving.kserve.io/inferenceservice": OPERATED.name, "component": "predictor"}),
        (
            "kserve-llm",
            {
                "app.kubernetes.io/part-of": "llminferenceservice",
                "app.kubernetes.io/name": OPERATED.name,
                "kserve.io/component": "workload",
            },
        ),
    ],
)
def test_the_budget_is_of_the_pods_that_the_target_makes(target, labels):
    budget = documents(OPERATED, target)["PodDisruptionBudget"]
    assert budget["metadata"]["namespace"] == "serving"
    assert budget["spec"] == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": labels},
        # A server that never becomes ready does not hold up a drain.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


def test_a_budget_of_none_is_not_taken_for_no_budget():
    assert documents(SCALED, "k8s")["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 0
    asked = replace(SCALED, autoscaling=None)
    assert documents(asked, "ome")["InferenceService"]["spec"]["engine"]["maxUnavailable"] == 0


def test_the_budgets_labels_are_on_the_pods():
    found = documents(OPERATED, "k8s")
    chosen = found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
    assert chosen.items() <= found["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    templates = documents(replace(TWO_NODES, disruption_budget=1), "lws")["LeaderWorkerSet"]["spec"]
    for role in ("leaderTemplate", "workerTemplate"):
        labels = templates["leaderWorkerTemplate"][role]["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == TWO_NODES.name


def test_ome_makes_one_budget_itself_and_is_told_how_large():
    found = documents(replace(OPERATED, autoscaling=None), "ome")
    assert "PodDisruptionBudget" not in found
    assert found["InferenceService"]["spec"]["engine"]["maxUnavailable"] == 1


@pytest.mark.parametrize(
    ("target", "kind", "service"),
    [("k8s", "Deployment", OPERATED.name), ("lws", "LeaderWorkerSet", f"{OPERATED.name}-http")],
)
def test_keda_scales_the_workload_by_the_requests_that_wait(target, kind, service):
    found = documents(OPERATED, target)
    scaled = found["ScaledObject"]["spec"]
    workload = found[kind]
    assert scaled["scaleTargetRef"] == {
        "apiVersion": workload["apiVersion"], "kind": kind, "name": workload["metadata"]["name"],
    }  # fmt: skip
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (1, 8)
    (trigger,) = scaled["triggers"]
    assert trigger["metadata"] == {
        "serverAddress": KEDA.prometheus,
        "query": f'sum(vllm:num_requests_waiting{{namespace="serving",service="{service}"}})',
        "threshold": "5",
    }
    assert found["Service"]["metadata"]["name"] == service
    # Said at every apply, it would undo what KEDA did.
    assert "replicas" not in workload["spec"]


def test_an_hpa_takes_the_average_of_the_engines_own_gauge():
    found = documents(SCALED, "k8s")
    scaled = found["HorizontalPodAutoscaler"]["spec"]
    assert (scaled["minReplicas"], scaled["maxReplicas"]) == (2, 8)
    (metric,) = scaled["metrics"]
    assert metric == {
        "type": "Pods",
        "pods": {
            "metric": {"name": "sglang:num_queue_reqs"},
            "target": {"type": "AverageValue", "averageValue": "5"},
        },
    }
    assert "replicas" not in found["Deployment"]["spec"]


@pytest.mark.parametrize(("threshold", "window_s"), [(3, 300), (100, 1000), (10_000, 3600)])
def test_a_server_is_kept_for_as_long_as_it_takes_to_load_one(threshold, window_s):
    slow = replace(SCALED, startup=replace(SCALED.startup, period_s=10, failure_threshold=threshold))
    behavior = documents(slow, "k8s")["HorizontalPodAutoscaler"]["spec"]["behavior"]
    assert behavior == {"scaleDown": {"stabilizationWindowSeconds": window_s}}


def test_kserve_makes_the_scaled_object_of_its_own_fields():
    found = documents(OPERATED, "kserve")
    service = found["InferenceService"]
    assert "ScaledObject" not in found
    assert service["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "keda"
    predictor = service["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (1, 8)
    (metric,) = predictor["autoScaling"]["metrics"]
    assert metric["external"]["target"] == {"type": "Value", "value": "5"}
    assert f'service="{OPERATED.name}-predictor"' in metric["external"]["metric"]["query"]


def test_an_llminferenceservice_has_bounds_and_a_trigger_in_place_of_replicas():
    spec = documents(OPERATED, "kserve-llm")["LLMInferenceService"]["spec"]
    assert "replicas" not in spec
    assert (spec["scaling"]["minReplicas"], spec["scaling"]["maxReplicas"]) == (1, 8)
    (trigger,) = spec["scaling"]["keda"]["triggers"]
    assert f'service="{OPERATED.name}-kserve-workload-svc"' in trigger["metadata"]["query"]


@pytest.mark.parametrize("target", ["kserve", "kserve-llm", "ome"])
def test_an_autoscaler_that_cannot_count_requests_is_refused(target):
    assert findings(SCALED, target) == [("AT029", "deploy.autoscale.kind")]


@pytest.mark.parametrize(
    ("target", "labels", "port"),
    [
        ("k8s", {"app.kubernetes.io/instance": OPERATED.name}, {"port": "http"}),
        ("lws", {"app.kubernetes.io/instance": OPERATED.name}, {"port": "http"}),
        ("kserve", {"serving.kserve.io/inferenceservice": OPERATED.name, "component": "predictor"}, {"port": "http"}),
        (
            "kserve-llm",
            {
                "app.kubernetes.io/part-of": "llminferenceservice",
                "app.kubernetes.io/name": OPERATED.name,
                "app.kubernetes.io/component": "llminferenceservice-workload",
            },
            {"targetPort": 8000},
        ),
        ("ome", {"ome.io/inferenceservice": OPERATED.name, "component": "engine"}, {"port": "http"}),
    ],
)
def test_prometheus_finds_the_metrics_through_the_service(target, labels, port):
    spec = documents(replace(OPERATED, autoscaling=None), target)["ServiceMonitor"]["spec"]
    assert spec == {"selector": {"matchLabels": labels}, "endpoints": [{**port, "path": "/metrics"}]}


@pytest.mark.parametrize("target", ["k8s", "lws"])
def test_the_service_has_the_labels_and_the_port_that_the_monitor_names(target):
    found = documents(OPERATED, target)
    service, monitor = found["Service"], found["ServiceMonitor"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] in [port["name"] for port in service["spec"]["ports"]]


def test_tensorrt_llm_shows_prometheus_another_path():
    files = {"/etc/autotune/trtllm.yaml": "return_perf_metrics: true\n"}
    spec = documents(replace(TRTLLM, files=files, monitor=True), "k8s")["ServiceMonitor"]["spec"]
    assert spec["endpoints"] == [{"port": "http", "path": "/prometheus/metrics"}]


TRANSFORMERS = replace(
    PLAIN, engine="transformers", engine_version="5.23.0", argv=("transformers", "serve", "Qwen/Qwen3-8B")
)


@pytest.mark.parametrize("target", KUBERNETES)
@pytest.mark.parametrize(
    ("deployment", "change", "paths"),
    [
        (TRANSFORMERS, {"monitor": True}, ["deploy.monitor"]),
        (TRANSFORMERS, {"autoscaling": KEDA}, ["deploy.autoscale.kind"]),
        (TRTLLM, {"autoscaling": KEDA, "files": {"/etc/x.yaml": "return_perf_metrics: true\n"}}, ["deploy.autoscale.kind"]),
        (TRTLLM, {"monitor": True}, ["deploy.monitor"]),
        (AMD, {"monitor": True}, ["deploy.monitor"]),
        (PLAIN, {"monitor": True, "argv": (*PLAIN.argv, "--disable-log-stats")}, ["deploy.monitor"]),
        (PLAIN, {"autoscaling": KEDA, "argv": (*PLAIN.argv, "--disable-log-stats")}, ["deploy.autoscale.kind"]),
        (PLAIN, {"autoscaling": KEDA, "labels": {"autotune/role": "decode"}}, ["deploy.autoscale.kind"]),
    ],
)  # fmt: skip
def test_what_the_engine_does_not_show_is_refused(target, deployment, change, paths):
    assert findings(replace(deployment, **change), target) == [("AT029", path) for path in paths]


def test_a_router_is_not_scraped_and_its_servers_are():
    part = replace(SCALED, name="behind", autoscaling=None)
    files = emit_point(replace(part, name="front", parts=(part,)), ["k8s"])
    assert "kind: ServiceMonitor" not in files["front/k8s.yaml"]
    assert "kind: ServiceMonitor" in files["front/behind/k8s.yaml"]


def test_every_engine_is_either_in_the_table_or_known_to_show_nothing():
    from autotune.engines.exposition import EXPOSITIONS

    assert set(ENGINES) - set(EXPOSITIONS) == {"transformers"}


def test_a_hostile_server_can_be_operated_too():
    found = documents(replace(HOSTILE, disruption_budget=1, monitor=True, autoscaling=KEDA), "k8s")
    assert {"PodDisruptionBudget", "ScaledObject", "ServiceMonitor"} <= set(found)
