"""Whether documents fit the schemas of the custom resources they are made for, unknown fields being errors.

The schemas are the official definitions' own, one JSON file for each kind, in `shared/data/crds` beside the repository
or below AUTOTUNE_SHARED.
"""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

SHARED = Path(os.environ.get("AUTOTUNE_SHARED") or Path(__file__).parents[2].parent / "shared")
FOLDER = SHARED / "data" / "crds"

needs_crds = pytest.mark.skipif(not FOLDER.is_dir(), reason="the CRD schemas (AUTOTUNE_SHARED/data/crds) are not here")


def assert_fits(document, same_as=None):
    """The document is one that the API server takes. `same_as` names the kind whose schema stands for this kind's."""
    group, _, version = document["apiVersion"].rpartition("/")
    if group in {"", "apps", "batch", "policy", "autoscaling"}:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
        return
    if group in OPERATORS:
        assert_operators_object(document)
        return
    schema = load_schema(f"{group}_{version}_{same_as or document['kind']}.json")
    jsonschema.Draft202012Validator(schema).validate(document)
    spec = schema["properties"]["spec"]
    unknown = list(unknown_fields(document["spec"], spec, "spec"))
    assert not unknown, f"not declared: {unknown}"
    assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
    stand_in = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": document["metadata"]}
    kubernetes_validate.validate(stand_in, kubernetes_validate.latest_version(), strict=True)


#: The operators whose schemas are not here, with the fields that they require (their API references, read once).
OPERATORS = {
    "keda.sh": ("v1alpha1", "ScaledObject", {"scaleTargetRef", "triggers"}),
    "monitoring.coreos.com": ("v1", "ServiceMonitor", {"selector", "endpoints"}),
}


def assert_operators_object(document):
    """What the API server checks of a ScaledObject and a ServiceMonitor, as far as it is used here."""
    group, _, version = document["apiVersion"].partition("/")
    expected, kind, required = OPERATORS[group]
    spec = document["spec"]
    assert (version, document["kind"]) == (expected, kind)
    assert required <= set(spec)
    if kind == "ScaledObject":
        assert set(spec) == required | {"minReplicaCount", "maxReplicaCount", "advanced"}
        assert set(spec["scaleTargetRef"]) == {"apiVersion", "kind", "name"}
        assert 0 <= spec["minReplicaCount"] <= spec["maxReplicaCount"]
        for trigger in spec["triggers"]:
            assert set(trigger) == {"type", "metadata"}
            assert set(trigger["metadata"]) == {"serverAddress", "query", "threshold"}
            assert all(isinstance(value, str) for value in trigger["metadata"].values())
        # KEDA hands it on to the HorizontalPodAutoscaler that it makes.
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        hpa = {"scaleTargetRef": {"kind": "Deployment", "name": "a"}, "maxReplicas": 1, "behavior": behavior}
        stand_in = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": document["metadata"]}
        kubernetes_validate.validate({**stand_in, "spec": hpa}, kubernetes_validate.latest_version(), strict=True)
    else:
        assert set(spec) == required
        assert set(spec["selector"]) == {"matchLabels"}
        for endpoint in spec["endpoints"]:
            assert "path" in endpoint
            assert set(endpoint) - {"path"} in ({"port"}, {"targetPort"})


@functools.cache
def load_schema(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def unknown_fields(data, schema, path):
    """Paths of what the schema does not declare, which the API server would prune in silence."""
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return
    if isinstance(data, list):
        for number, item in enumerate(data):
            yield from unknown_fields(item, schema["items"], f"{path}[{number}]")
    elif isinstance(data, dict):
        declared, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, value in data.items():
            inner = declared.get(key, others if isinstance(others, dict) else None)
            if inner is None:
                yield f"{path}.{key}"
            else:
                yield from unknown_fields(value, inner, f"{path}.{key}")


def evaluate_templates(text):
    """What Go's text/template prints for a text with raw strings as its only actions."""
    parts = re.split(r"\{\{`([^`]*)`\}\}", text)
    assert not any("{{" in literal for literal in parts[::2]), f"{text!r} holds another action"
    return "".join(parts)
