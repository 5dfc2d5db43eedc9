from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from autotune.diagnostics import InputError
from autotune.emit.go_templates import escape_templates
from autotune.emit.ome import OmeEmitter
from autotune.emit.pod import pod_template

from .cases import FULL, HOSTILE, PLAIN, REFUSED
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
