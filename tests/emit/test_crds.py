from __future__ import annotations

import jsonschema
import pytest

from .crds import assert_fits, evaluate_templates, needs_crds, unknown_fields

SCHEMA = {
    "properties": {
        "known": {"type": "string"},
        "list": {"items": {"properties": {"name": {}}}},
        "map": {"additionalProperties": {"type": "string"}},
        "open": {"x-kubernetes-preserve-unknown-fields": True},
    }
}


def test_what_is_not_declared_is_found_wherever_it_stands():
    data = {"known": "a", "other": 1, "list": [{"name": "a"}, {"nom": "b"}], "map": {"any": "a"}, "open": {"any": [1]}}
    assert list(unknown_fields(data, SCHEMA, "spec")) == ["spec.other", "spec.list[1].nom"]


@needs_crds
@pytest.mark.parametrize("spec", [{"containers": [{}]}, {}, {"containers": "a"}])
def test_a_document_that_does_not_fit_fails(spec):
    document = {"apiVersion": "serving.kserve.io/v1alpha1", "kind": "ClusterServingRuntime", "metadata": {"name": "a"}}
    with pytest.raises(jsonschema.ValidationError):
        assert_fits({**document, "spec": spec})


@needs_crds
def test_an_unknown_field_fails():
    spec = {"containers": [{"name": "a", "imagePullPolicie": "Always"}]}
    document = {"apiVersion": "serving.kserve.io/v1alpha1", "kind": "ClusterServingRuntime", "metadata": {"name": "a"}}
    with pytest.raises(AssertionError, match="imagePullPolicie"):
        assert_fits({**document, "spec": spec})


def test_templates_print_raw_strings_and_nothing_else():
    assert evaluate_templates("a {{`{{`}} b }}") == "a {{ b }}"
    with pytest.raises(AssertionError):
        evaluate_templates("{{ .Name }}")
