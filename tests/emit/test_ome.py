from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

import autotune
from autotune.diagnostics import InputError
from autotune.emit import emit_point
from autotune.emit.go_templates import escape_templates
from autotune.emit.labels import pod_annotations
from autotune.emit.ome import OmeEmitter
from autotune.emit.pod import pod_template
from autotune.engines.deployment import PlannedLoad, Volume, merge_loads

from .cases import FULL, HOSTILE, LOCAL, PLAIN, REFUSED
from .crds import assert_fits, evaluate_templates, needs_crds
from .test_k8s import expand


@pytest.fixture
def deployment(case, deployment):
    """A case that is refused, without the autoscaler that it is refused for."""
    return replace(deployment, autoscaling=None) if case in REFUSED["ome"] else deployment


def load(deployment):
    text = OmeEmitter().emit(deployment)["ome.yaml"]
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def engine(deployment):
    return load(deployment)["ClusterServingRuntime"]["spec"]["engineConfig"]


@needs_crds
def test_every_document_fits_the_official_schema(deployment):
    for document in load(deployment).values():
        assert_fits(document)


def test_documents_come_in_the_order_in_which_they_are_needed():
    assert list(load(FULL)) == ["ConfigMap", "ClusterServingRuntime", "InferenceService"]


def test_the_engine_is_the_pod_of_every_kubernetes_target(deployment):
    expected = pod_template(deployment)["spec"]
    (wanted,) = expected.pop("containers")
    seen = engine(deployment)
    assert seen.pop("runner") == escape_templates({**wanted, "name": "ome-container"})
    assert seen.pop("deploymentStrategy") == {"type": "Recreate"}
    assert seen.pop("annotations") == pod_annotations(deployment)
    assert seen == expected


def test_hostile_values_arrive_exactly():
    runner = engine(HOSTILE)["runner"]
    argv = [expand(evaluate_templates(item), {}) for item in [*runner["command"], *runner["args"]]]
    assert argv == list(HOSTILE.argv)
    assert {item["name"]: expand(evaluate_templates(item["value"]), {}) for item in runner["env"]} == HOSTILE.env


def test_the_service_names_its_runtime_which_belongs_to_no_namespace():
    documents = load(FULL)
    assert documents["InferenceService"]["spec"] == {
        "runtime": {"name": FULL.name, "kind": "ClusterServingRuntime"},
        "engine": {"minReplicas": 3, "maxReplicas": 3},
    }
    assert documents["InferenceService"]["metadata"]["namespace"] == "serving"
    assert documents["ClusterServingRuntime"]["metadata"]["name"] == FULL.name
    assert "namespace" not in documents["ClusterServingRuntime"]["metadata"]
    # OME chooses runtimes by the model formats they name.
    assert "supportedModelFormats" not in documents["ClusterServingRuntime"]["spec"]


@pytest.mark.parametrize("change", [{"name": "a" * 57}, {"replicas": 0}, {"nodes": 2}, {"labels": {"team": "a b"}}])
def test_what_ome_cannot_hold_is_refused(change):
    with pytest.raises(InputError) as error:
        OmeEmitter().emit(replace(PLAIN, **change))
    assert [item.code for item in error.value.diagnostics] == ["AT029"]


LOAD = PlannedLoad(
    task="text-to-text",
    scenarios=("D( 100, 50 )", "N(480,240)/(300,150)", "U(1,8)/(1,8)", "D(100,50)"),
    concurrencies=(1, 8, 8),
    max_time_s=90.0,
    max_requests=64,
    request_params={"temperature": 0.5, "ignore_eos": True, "user": "it's {{ x }}"},
    results_uri="pvc://results/runs/{a b}",
)
MEASURED = replace(PLAIN, loads=(LOAD,))
ON_NODES = replace(
    LOCAL, volumes=(Volume("model", "/models", host_path="/data/llm", sub_path="v2", read_only=True),), replicas=1
)


def beside(deployment, name):
    return list(yaml.safe_load_all(OmeEmitter().emit(deployment)[name]))


@needs_crds
@pytest.mark.parametrize("deployment", [MEASURED, replace(ON_NODES, loads=(LOAD, replace(LOAD, max_requests=1)))])
def test_what_a_benchmark_needs_fits_the_official_schema(deployment):
    for text in OmeEmitter().emit(deployment).values():
        for document in yaml.safe_load_all(text):
            assert_fits(document)


@needs_crds
def test_the_model_fits_the_official_schema(deployment):
    for document in beside(deployment, "ome-model.yaml"):
        assert_fits(document)


@pytest.mark.parametrize(
    ("change", "storage"),
    [
        ({}, {"storageUri": "hf://Qwen/Qwen3-8B", "path": "/mnt/data/models/Qwen/Qwen3-8B"}),
        (
            {"argv": ("vllm", "serve", "Qwen/Qwen3-8B", "--revision", "abc"), "secrets": FULL.secrets},
            {
                "storageUri": "hf://Qwen/Qwen3-8B@abc",
                "path": "/mnt/data/models/Qwen/Qwen3-8B",
                "key": "hf-token",
                "parameters": {"secretKey": "HF_TOKEN"},
            },
        ),
        ({"model": "/models/a", "volumes": LOCAL.volumes}, {"storageUri": "pvc://default:weights/v2/a"}),
        (
            {"model": "/models/a/", "volumes": ON_NODES.volumes, "node_selector": {"gpu": "x"}},
            {"storageUri": "local:///data/llm/v2/a", "path": "/data/llm/v2/a", "nodeSelector": {"gpu": "x"}},
        ),
        (
            {"model": "/models", "volumes": ON_NODES.volumes},
            {"storageUri": "local:///data/llm/v2", "path": "/data/llm/v2"},
        ),
    ],
)
def test_the_model_lies_where_the_server_has_it_from(change, storage):
    (document,) = beside(replace(PLAIN, **change), "ome-model.yaml")
    assert document["spec"]["storage"] == storage
    assert len(document["metadata"]["name"]) <= 32


def test_servers_of_one_model_share_it_and_a_model_in_the_image_has_no_address():
    one, other = (beside(replace(PLAIN, name=name), "ome-model.yaml") for name in ("a", "b"))
    assert one == other
    assert list(OmeEmitter().emit(replace(PLAIN, model="/opt/model"))) == ["ome.yaml"]
    assert list(OmeEmitter().emit(replace(PLAIN, model="/models", volumes=(Volume("m", "/models", pvc="p"),)))) == [
        "ome.yaml"
    ]


@pytest.mark.parametrize("model", ["org/m@v2", "org/../../etc"])
def test_a_name_that_ome_reads_otherwise_is_refused(model):
    with pytest.raises(InputError) as error:
        OmeEmitter().emit(replace(PLAIN, model=model))
    assert [(item.code, item.path) for item in error.value.diagnostics] == [("AT029", "model.id")]


def test_a_load_becomes_a_job_of_its_own_name():
    (job,) = beside(MEASURED, "ome-benchmark.yaml")
    name = job["metadata"]["name"]
    assert name.startswith(f"{PLAIN.name}-")
    assert job["spec"] == {
        "endpoint": {"inferenceService": {"name": PLAIN.name, "namespace": "default"}},
        "task": "text-to-text",
        "trafficScenarios": ["D(100,50)", "N(480,240)/(300,150)", "U(1,8)/(1,8)"],
        "numConcurrency": [1, 8],
        "maxTimePerIteration": 2,
        "maxRequestsPerIteration": 64,
        "additionalRequestParams": {"ignore_eos": "true", "temperature": "0.5", "user": "it's {{ x }}"},
        "outputLocation": {"storageUri": "pvc://results/runs/{a b}"},
        "resultFolderName": name,
    }
    again = beside(replace(PLAIN, loads=(replace(LOAD, max_requests=65),)), "ome-benchmark.yaml")
    assert again[0]["metadata"]["name"] != name


def test_the_job_finds_the_model_through_the_service_and_the_runtime_may_serve_it():
    documents = load(MEASURED)
    (model,) = beside(MEASURED, "ome-model.yaml")
    assert documents["InferenceService"]["spec"]["model"]["name"] == model["metadata"]["name"]
    (format_,) = documents["ClusterServingRuntime"]["spec"]["supportedModelFormats"]
    same = {key: model["spec"][key] for key in ("modelFormat", "modelFramework")}
    assert format_ == {**same, "autoSelect": False}
    assert model["metadata"]["annotations"] == {"ome.oracle.com/skip-config-parsing": "true"}


def test_without_a_place_for_results_there_is_no_job_and_no_model_is_waited_for():
    quiet = replace(PLAIN, loads=(replace(LOAD, results_uri=None),))
    assert list(OmeEmitter().emit(quiet)) == ["ome.yaml", "ome-model.yaml"]
    assert OmeEmitter().emit(quiet) == OmeEmitter().emit(PLAIN)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"task": "image-text-to-text"}, "benchmark.task"),
        ({"request_rates": (1.0,)}, "benchmark.request_rate"),
        ({"scenarios": ("dataset",)}, "benchmark.traffic_scenarios"),
        ({"scenarios": ("D(1.5,2)",)}, "benchmark.traffic_scenarios"),
        ({"results_uri": "pvc://results"}, "benchmark.results_uri"),
        ({"results_uri": "/var/results"}, "benchmark.results_uri"),
        ({"results_uri": "github://owner/repo"}, "benchmark.results_uri"),
    ],
)
def test_a_load_that_ome_does_not_measure_is_refused(change, path):
    with pytest.raises(InputError) as error:
        OmeEmitter().emit(replace(PLAIN, loads=(replace(LOAD, **change),)))
    assert [(item.code, item.path) for item in error.value.diagnostics] == [("AT029", path)]
    assert all(item.help for item in error.value.diagnostics)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"engine": "trtllm"}, "benchmark.results_uri"),
        ({"served_name": "a$b"}, "model.served_name"),
        ({"model": "/opt/model"}, "benchmark.results_uri"),
        ({"model": "/models/a", "volumes": LOCAL.volumes}, "benchmark.results_uri"),
        ({"model": "/m", "volumes": (Volume("m", "/m", host_path="/m"),)}, "deploy.mount_path"),
        ({"name": "a" * 53}, None),
    ],
)
def test_a_server_that_ome_does_not_measure_is_refused(change, path):
    with pytest.raises(InputError) as error:
        OmeEmitter().emit(replace(MEASURED, **change))
    assert [(item.code, item.path) for item in error.value.diagnostics] == [("AT029", path)]


def test_the_compiler_says_what_is_to_be_measured_and_the_name_does_not_depend_on_it():
    words = ["runtime.isl=100", "runtime.osl=50", "benchmark.num_concurrency=[1,4]"]
    (plain,) = autotune.compile(words)
    (asked,) = autotune.compile([*words, "benchmark.results_uri=pvc://results/runs"])
    assert plain.deployment.name == asked.deployment.name
    assert plain.id == asked.id
    (planned,) = asked.deployment.loads
    assert (planned.scenarios, planned.concurrencies) == (("D(100,50)",), (1, 4))
    assert planned.results_uri == "pvc://results/runs"
    assert f"{asked.deployment.name}/ome-benchmark.yaml" in emit_point(asked.deployment, ["ome"])


def test_points_that_share_a_server_have_a_job_each():
    words = ["runtime.osl=50,60", "benchmark.results_uri=pvc://results/runs"]
    points = autotune.compile(words)
    (server,) = merge_loads(points)
    assert [load.scenarios for load in server.loads] == [("D(1024,50)",), ("D(1024,60)",)]
    assert merge_loads([*points, *points]) == [server]
    assert len(beside(server, "ome-benchmark.yaml")) == 2
