from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.emit.k8s import KubernetesEmitter
from autotune.emit.pod import escape_references, pod_template
from autotune.engines.deployment import Probe, Volume
from tests.examples import examples

from .cases import AMD, ANY_TEXT, CPU, FULL, HOSTILE, PLAIN
from .crds import assert_fits


def emit(deployment):
    return KubernetesEmitter().emit(deployment)["k8s.yaml"]


def load(deployment):
    """The documents by kind."""
    return {document["kind"]: document for document in yaml.safe_load_all(emit(deployment))}


def pod(deployment):
    return load(deployment)["Deployment"]["spec"]["template"]["spec"]


def container(deployment):
    (only,) = pod(deployment)["containers"]
    return only


def expand(text, variables):
    """The kubelet's expansion: `$$` is `$`, `$(NAME)` the variable where there is one, anything else stays."""
    out = []
    rest = text
    while rest:
        if rest.startswith("$$"):
            out.append("$")
            rest = rest[2:]
        elif rest.startswith("$(") and ")" in rest:
            name, _, rest = rest[2:].partition(")")
            out.append(variables.get(name, f"$({name})"))
        else:
            out.append(rest[0])
            rest = rest[1:]
    return "".join(out)


def test_every_document_fits_the_official_schema(deployment):
    for document in yaml.safe_load_all(emit(deployment)):
        assert_fits(document)


def test_documents_come_in_the_order_in_which_they_are_needed():
    assert list(load(FULL)) == ["ConfigMap", "Deployment", "Service"]
    assert list(load(PLAIN)) == ["Deployment", "Service"]


def test_the_command_replaces_the_images_own():
    assert container(PLAIN)["command"] == ["vllm"]
    assert container(PLAIN)["args"] == list(PLAIN.argv[1:])


@settings(derandomize=True, max_examples=examples(40), deadline=None)
@given(
    st.lists(ANY_TEXT, max_size=10),
    st.dictionaries(st.from_regex(r"V_[A-Za-z0-9_]*", fullmatch=True), ANY_TEXT),
    ANY_TEXT,
)
def test_any_value_arrives_exactly(arguments, env, text):
    documents = load(replace(PLAIN, argv=("vllm", *arguments), env=env, files={"/etc/x.yaml": text}))
    (seen,) = documents["Deployment"]["spec"]["template"]["spec"]["containers"]
    variables = {"x": "expanded", **env}
    assert [expand(item, variables) for item in seen.get("args", [])] == arguments
    assert {item["name"]: expand(item["value"], variables) for item in seen.get("env", [])} == env
    assert documents["ConfigMap"]["data"] == {"x.yaml": text}


def test_references_are_escaped():
    assert escape_references("$(HOME) $x $$") == "$$(HOME) $$x $$$$"
    assert expand("$(x)", {"x": "expanded"}) == "expanded"
    assert expand(escape_references("$(x)"), {"x": "expanded"}) == "$(x)"


@pytest.mark.parametrize(("deployment", "resource"), [(PLAIN, "nvidia.com/gpu"), (AMD, "amd.com/gpu")])
def test_gpus_are_requested_and_limited_alike(deployment, resource):
    assert container(deployment)["resources"] == {"requests": {resource: "2"}, "limits": {resource: "2"}}
    assert pod(deployment)["tolerations"] == [{"key": resource, "operator": "Exists", "effect": "NoSchedule"}]


def test_without_gpus_none_are_asked_for():
    assert "resources" not in container(CPU)
    assert "tolerations" not in pod(CPU)


def test_shared_memory_is_a_limited_tmpfs():
    assert {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}} in pod(PLAIN)["volumes"]
    assert {"name": "shm", "mountPath": "/dev/shm"} in container(PLAIN)["volumeMounts"]
    assert "volumes" not in pod(CPU)


def test_probes_are_those_of_the_deployment():
    deployment = replace(
        PLAIN,
        startup=Probe("/start", 11, 2, 400),
        readiness=Probe("/ready", 12, 3, 4),
        liveness=Probe("/live", 13, 4, 5),
    )
    seen = container(deployment)
    assert seen["startupProbe"] == {
        "httpGet": {"path": "/start", "port": "http"}, "periodSeconds": 11, "timeoutSeconds": 2, "failureThreshold": 400,
    }  # fmt: skip
    assert seen["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert seen["livenessProbe"]["periodSeconds"] == 13
    assert seen["ports"] == [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]
    # The roll-out is not called failed while the startup probe still waits.
    assert load(deployment)["Deployment"]["spec"]["progressDeadlineSeconds"] > 11 * 400


def test_volumes_refer_to_what_is_there():
    volumes = {item.pop("name"): item for item in pod(FULL)["volumes"]}
    assert volumes == {
        "model": {"persistentVolumeClaim": {"claimName": "llama-weights"}},
        "cache": {"hostPath": {"path": "/data/hf-cache", "type": "Directory"}},
        "scratch": {"emptyDir": {"sizeLimit": "20Gi"}},
        "pages": {"emptyDir": {"medium": "Memory", "sizeLimit": "1500Mi"}},
        "files": {"configMap": {"name": "llama-trtllm-77aa-files"}},
        "shm": {"emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}},
    }
    mounts = {item.pop("name"): item for item in container(FULL)["volumeMounts"]}
    assert mounts["model"] == {"mountPath": "/models", "subPath": "checkpoints", "readOnly": True}
    assert mounts["cache"] == {"mountPath": "/cache"}


def test_a_scratch_volume_without_a_size():
    assert {"name": "s", "emptyDir": {}} in pod(replace(PLAIN, volumes=(Volume("s", "/s", medium=""),)))["volumes"]


def test_each_file_is_mounted_from_the_config_map():
    documents = load(HOSTILE)
    mounts = {
        item["mountPath"]: documents["ConfigMap"]["data"][item["subPath"]]
        for item in container(HOSTILE)["volumeMounts"]
        if item["name"] == "files"
    }
    assert mounts == HOSTILE.files


def test_a_secret_is_only_referred_to():
    token = next(item for item in container(FULL)["env"] if item["name"] == "HF_TOKEN")
    assert token == {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf-token", "key": "HF_TOKEN"}}}


def test_labels_are_on_everything_and_the_selector_is_a_part_of_them():
    documents = load(FULL)
    workload = documents["Deployment"]
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert labels["team"] == "search"
    assert labels["app.kubernetes.io/version"] == "1.2.0"
    for document in documents.values():
        assert document["metadata"]["labels"] == labels
        assert document["metadata"]["namespace"] == "serving"
    selector = workload["spec"]["selector"]["matchLabels"]
    assert selector == documents["Service"]["spec"]["selector"] == {"app.kubernetes.io/instance": FULL.name}
    assert selector.items() <= labels.items()


def test_the_deployments_labels_do_not_move_the_selector():
    changed = replace(PLAIN, engine_version="0.34.0", labels={"app.kubernetes.io/name": "chat", "team": "x"})
    assert load(changed)["Deployment"]["spec"]["selector"] == load(PLAIN)["Deployment"]["spec"]["selector"]
    assert load(changed)["Deployment"]["metadata"]["labels"]["app.kubernetes.io/name"] == "chat"


def test_a_version_that_no_label_can_hold_is_left_to_the_heading():
    assert "app.kubernetes.io/version" not in load(CPU)["Deployment"]["metadata"]["labels"]
    assert "# engine: vllm 0.32.0+cpu" in emit(CPU)


def test_gpus_are_never_needed_twice_and_privileges_never_raised():
    spec = load(FULL)["Deployment"]["spec"]
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["replicas"] == 3
    assert container(FULL)["securityContext"] == {"allowPrivilegeEscalation": False}
    assert pod(FULL)["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    assert pod(FULL)["nodeSelector"] == FULL.node_selector
    assert pod(FULL)["terminationGracePeriodSeconds"] == 60


def test_no_service_can_put_variables_into_the_engines_environment():
    assert pod(PLAIN)["enableServiceLinks"] is False
    assert pod(PLAIN)["automountServiceAccountToken"] is False


def test_scaled_to_nothing():
    assert load(replace(PLAIN, replicas=0))["Deployment"]["spec"]["replicas"] == 0


def test_a_pod_of_several_nodes_has_one_nodes_gpus():
    (only,) = pod_template(replace(PLAIN, nodes=2, gpus=16))["spec"]["containers"]
    assert only["resources"]["limits"] == {"nvidia.com/gpu": "8"}
