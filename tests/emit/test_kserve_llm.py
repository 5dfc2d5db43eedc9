from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from autotune.diagnostics import InputError
from autotune.emit.kserve_llm import KServeLlmEmitter
from autotune.emit.labels import pod_annotations
from autotune.engines.deployment import Volume

from .cases import AMD, CPU, FULL, HOSTILE, LOCAL, OPERATED, PLAIN, SCALED
from .crds import assert_fits, evaluate_templates, needs_crds
from .test_k8s import expand

#: Those that are refused, without what they are refused for.
ALL = {
    "plain": PLAIN,
    "full": replace(FULL, port=8000),
    "amd": AMD,
    "cpu": CPU,
    "hostile": replace(HOSTILE, argv=tuple(filter(None, HOSTILE.argv))),
    "local": LOCAL,
    "operated": OPERATED,
    "scaled": replace(SCALED, autoscaling=None),
}


def load(deployment):
    text = KServeLlmEmitter().emit(deployment)["kserve-llm.yaml"]
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def spec(deployment):
    return load(deployment)["LLMInferenceService"]["spec"]


def container(deployment):
    (only,) = spec(deployment)["template"]["containers"]
    return only


@needs_crds
@pytest.mark.parametrize("case", ALL)
def test_every_document_fits_the_official_schema(case):
    for document in load(ALL[case]).values():
        assert_fits(document)


@pytest.mark.parametrize("case", ALL)
def test_command_environment_and_files_arrive_exactly(case):
    deployment = ALL[case]
    seen = container(deployment)
    assert seen["name"] == "main"
    argv = [expand(evaluate_templates(item), {}) for item in [*seen["command"], *seen["args"]]]
    assert argv == list(deployment.argv)
    env = {
        item["name"]: expand(evaluate_templates(item["value"]), {}) for item in seen.get("env", []) if "value" in item
    }
    assert deployment.env.items() <= env.items()
    assert set(env) - set(deployment.env) <= {"HF_HUB_CACHE"}
    held = load(deployment).get("ConfigMap", {}).get("data", {})
    assert sorted(held.values()) == sorted(deployment.files.values())


def test_the_model_is_named_and_fetched_by_the_engine_alone():
    assert spec(PLAIN)["model"] == {"uri": "hf://Qwen/Qwen3-8B", "name": "Qwen/Qwen3-8B"}
    assert spec(LOCAL)["model"] == {"uri": "pvc://weights/v2/team/qwen3-8b", "name": "chat"}
    on_host = replace(LOCAL, volumes=(Volume("model", "/models", host_path="/data"),))
    assert spec(on_host)["model"]["uri"] == "file:///models/team/qwen3-8b"
    assert spec(ALL["hostile"])["model"]["uri"] == "hf://o%27brien/%24%28id%29%0A%23%20x"
    assert spec(PLAIN)["storageInitializer"] == {"enabled": False}


def test_nothing_of_kserves_preset_changes_the_server():
    seen = container(LOCAL)
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert seen[probe]["httpGet"] == {"path": "/health", "port": "http", "scheme": "HTTP"}
    assert {"name": "HF_HUB_CACHE", "value": "/models/hf/hub"} in seen["env"]
    assert seen["securityContext"]["runAsNonRoot"] is False
    chosen = replace(LOCAL, env={"HF_HOME": "/models", "HF_HUB_CACHE": "/cache"})
    assert [item["value"] for item in container(chosen)["env"]] == ["/models", "/cache"]


def test_labels_by_which_kserve_finds_its_pods_are_left_to_it():
    assert spec(LOCAL)["labels"] == {"autotune/gpu": "h100_sxm"}
    assert spec(LOCAL)["annotations"] == pod_annotations(LOCAL)
    assert load(LOCAL)["LLMInferenceService"]["metadata"]["labels"]["app.kubernetes.io/name"] == "vllm"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"port": 8001}, "deploy.port"),
        ({"argv": ("vllm", "")}, "misc.extra_args"),
        ({"annotations": {"a/b": "{{ x }}"}}, "deploy.annotations.a/b"),
        ({"nodes": 2}, "system.nodes"),
        ({"volumes": (Volume("home", "/x", medium=""),)}, None),
    ],
)
def test_what_an_llminferenceservice_cannot_hold_is_refused(change, path):
    with pytest.raises(InputError) as error:
        KServeLlmEmitter().emit(replace(PLAIN, **change))
    assert [(item.code, item.path) for item in error.value.diagnostics] == [("AT029", path)]
