from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.emit.go_templates import escape_templates
from autotune.emit.kserve import KServeEmitter
from autotune.emit.pod import pod_template
from tests.examples import examples

from .cases import AMD, ANY_TEXT, CPU, FULL, HOSTILE, PLAIN, REFUSED
from .crds import assert_fits, evaluate_templates, needs_crds
from .test_k8s import expand


@pytest.fixture
def deployment(case, deployment):
    """A case that is refused, without the autoscaler that it is refused for."""
    return replace(deployment, autoscaling=None) if case in REFUSED["kserve"] else deployment


def load(deployment):
    """The documents by kind."""
    text = KServeEmitter().emit(deployment)["kserve.yaml"]
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def container(deployment):
    (only,) = load(deployment)["ServingRuntime"]["spec"]["containers"]
    return only


def predictor(deployment):
    return load(deployment)["InferenceService"]["spec"]["predictor"]


@needs_crds
def test_every_document_fits_the_official_schema(deployment):
    for kind, document in load(deployment).items():
        # Both runtimes have the same spec; the definition at hand is the cluster's.
        assert_fits(document, same_as={"ServingRuntime": "ClusterServingRuntime"}.get(kind))


def test_documents_come_in_the_order_in_which_they_are_needed():
    assert list(load(FULL)) == ["ConfigMap", "ServingRuntime", "InferenceService"]
    assert list(load(PLAIN)) == ["ServingRuntime", "InferenceService"]


def test_runtime_and_service_together_are_the_pod_of_every_kubernetes_target(deployment):
    documents = load(deployment)
    runtime, service = documents["ServingRuntime"]["spec"], documents["InferenceService"]["spec"]["predictor"]
    expected = pod_template(deployment)["spec"]
    (wanted,) = expected.pop("containers")
    assert {key: value for key, value in (runtime | service).items() if key in expected} == expected
    (seen,) = runtime["containers"]
    wanted.pop("resources", None)
    assert seen == escape_templates({**wanted, "name": "kserve-container"})


def test_the_service_is_started_by_its_own_runtime_and_the_runtime_is_no_one_elses():
    documents = load(PLAIN)
    model = documents["InferenceService"]["spec"]["predictor"]["model"]
    assert model["runtime"] == documents["ServingRuntime"]["metadata"]["name"]
    (supported,) = documents["ServingRuntime"]["spec"]["supportedModelFormats"]
    assert model["modelFormat"]["name"] == supported["name"]
    assert "autoSelect" not in supported
    # The engine loads the model as its command says; KServe fetches nothing.
    assert "storageUri" not in model


@settings(derandomize=True, max_examples=examples(30), deadline=None)
@given(st.lists(ANY_TEXT, max_size=6), st.dictionaries(st.from_regex(r"V_[A-Z]*", fullmatch=True), ANY_TEXT))
def test_any_value_arrives_exactly(arguments, env):
    seen = container(replace(PLAIN, argv=("vllm", *arguments), env=env))
    assert [expand(evaluate_templates(item), env) for item in seen.get("args", [])] == arguments
    assert {item["name"]: expand(evaluate_templates(item["value"]), env) for item in seen.get("env", [])} == env


def test_a_template_in_an_argument_is_not_run():
    assert "{{`{{`}} env }} {% if x %}" in container(HOSTILE)["args"]


@pytest.mark.parametrize(
    ("deployment", "gpus"), [(PLAIN, {"nvidia.com/gpu": "2"}), (AMD, {"amd.com/gpu": "2"}), (CPU, {})]
)
def test_kserves_own_limits_never_take_hold(deployment, gpus):
    resources = predictor(deployment)["model"]["resources"]
    assert resources["limits"] == {"cpu": "1k", "memory": "16Ti", **gpus}
    assert resources["requests"] == {"cpu": "1", "memory": "2Gi", **gpus}


def test_replicas_are_pinned_and_gpus_never_needed_twice():
    seen = predictor(FULL)
    assert (seen["minReplicas"], seen["maxReplicas"]) == (3, 3)
    assert seen["deploymentStrategy"] == {"type": "Recreate"}
    annotations = load(FULL)["InferenceService"]["metadata"]["annotations"]
    assert annotations["serving.kserve.io/deploymentMode"] == "RawDeployment"
    assert FULL.annotations.items() <= annotations.items()


@pytest.mark.parametrize(
    "change", [{"name": "a" * 54}, {"replicas": 0}, {"nodes": 2}, {"namespace": "A"}, {"argv": ("vllm", "a\0")}]
)
def test_what_kserve_cannot_hold_is_refused(change):
    with pytest.raises(InputError) as error:
        KServeEmitter().emit(replace(PLAIN, **change))
    assert [item.code for item in error.value.diagnostics] == ["AT029"]


def test_the_longest_name_that_a_service_can_have():
    assert load(replace(PLAIN, name="a" * 53))["InferenceService"]["metadata"]["name"] == "a" * 53
