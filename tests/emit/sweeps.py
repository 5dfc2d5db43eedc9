"""Sweeps as lists of servers, and what Kustomize and Helm make of the files that are written for them."""

from __future__ import annotations

from dataclasses import replace

import yaml

from autotune.emit.sweep import merge
from autotune.engines.deployment import Volume

from .cases import AMD, CPU, FULL, HOSTILE_TEXTS, KEDA, LOCAL, OPERATED, PLAIN

_CLEAN = [text for text in HOSTILE_TEXTS if not {"\x7f", "\x85"} & set(text)]


def _point(number, **changes):
    return replace(PLAIN, name=f"vllm-qwen3-8b-{number:010x}", **changes)


#: Points as a sweep gives them: another number of GPUs, another flag, another environment.
FLAGS = [
    _point(number, argv=(*PLAIN.argv[:-1], str(gpus), *more), gpus=gpus, env={**PLAIN.env, **env})
    for number, (gpus, more, env) in enumerate(
        [(2, (), {}), (4, (), {}), (2, ("--enforce-eager",), {}), (8, (), {"VLLM_USE_V1": "1"})]
    )
]

SWEEPS = {
    "flags": FLAGS,
    "engines": [PLAIN, FULL, AMD, CPU, LOCAL],
    "operated": [replace(OPERATED, name=f"operated-{number}", autoscaling=replace(KEDA, max_replicas=number)) for number in (2, 3)],
    "some_operated": [PLAIN, OPERATED, replace(OPERATED, name="operated-hpa", autoscaling=replace(KEDA, kind="hpa"))],
    "namespaces": [_point(number, namespace=name, disruption_budget=1) for number, name in enumerate(["team-a", "team-b"])],
    "one_placed_elsewhere": [
        _point(0), _point(1, node_selector={"pool": "a"}), _point(2, volumes=(Volume("m", "/models", pvc="models"),)),
    ],
    "hostile": [_point(number, argv=("vllm", *texts), env={f"V{n}": t for n, t in enumerate(texts)}) for number, texts in enumerate([_CLEAN, _CLEAN[::-1]])],
    "files": [replace(FULL, name=f"full-{number}", files={path: text + f"# {number}\n" for path, text in FULL.files.items()}) for number in (1, 2)],
    "no_name_in_common": [replace(PLAIN, name="alpha"), replace(PLAIN, name="beta", replicas=0)],
    "a_name_within_another": [replace(PLAIN, name="vllm"), replace(PLAIN, name="vllm-2", replicas=2)],
}  # fmt: skip

#: Those whose files are kept to be read.
SWEEPS_HELD = ("flags", "operated")


class Loader(yaml.SafeLoader):
    """Reads a plain `=` or `<<` in a list, which Kustomize prints, as the text that Go's reader takes it for."""


for tag in ("merge", "value"):
    Loader.add_constructor(f"tag:yaml.org,2002:{tag}", lambda _, node: node.value)


def kustomize_build(files, overlay):
    """What `kustomize build` prints for an overlay, by a reading of the few fields that are used."""
    folder = f"kustomize/overlays/{overlay}"
    kustomization = yaml.safe_load(files[f"{folder}/kustomization.yaml"])
    assert set(kustomization) <= {"apiVersion", "kind", "namespace", "resources", "patches"}
    base, *own = kustomization["resources"]
    assert base == "../../base"
    names = yaml.safe_load(files["kustomize/base/kustomization.yaml"])["resources"]
    resources = [yaml.safe_load(files[f"kustomize/base/{name}"]) for name in names]
    for patch in kustomization.get("patches", []):
        assert set(patch) == {"path", "target", "options"}
        (target,) = [item for item in resources if _matches(item, patch["target"])]
        content = yaml.safe_load(files[f"{folder}/{patch['path']}"])
        assert patch["options"] == {"allowNameChange": True}
        # A patch cannot move an object to another namespace: Kustomize puts the old one back.
        assert "namespace" not in content["metadata"]
        resources[resources.index(target)] = strategic_merge(target, content)
    resources += [yaml.safe_load(files[f"{folder}/{name}"]) for name in own]
    if "namespace" in kustomization:
        for resource in resources:
            resource["metadata"]["namespace"] = kustomization["namespace"]
    return resources


def _matches(resource, target):
    return resource["kind"] == target["kind"] and resource["metadata"]["name"] == target["name"]


def strategic_merge(target, patch):
    """Map into map, containers by their name; a list that both have would need more, and none is written."""
    merged = dict(target)
    for key, value in patch.items():
        assert key != "$patch"
        old = target.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = strategic_merge(old, value)
        elif key == "containers" and old is not None:
            (container,), (change,) = old, value
            assert container["name"] == change["name"]
            merged[key] = [strategic_merge(container, change)]
        else:
            assert old is None or not isinstance(value, list), f"{key} stands in the base and in the patch"
            merged[key] = value
    return merged


def helm_values(files, point=None):
    """The values of a release: the chart's own, and over them those of a file given with -f; maps are merged."""
    values = yaml.safe_load(files["helm/values.yaml"])
    return values if point is None else merge(values, yaml.safe_load(files[f"helm/values-{point}.yaml"]))


_WITH = "{{{{- with .Values.{name} }}}}\n{{{{ toYaml . }}}}\n{{{{- end }}}}\n"
_DEPLOYMENT = """\
{{- $_ := required "choose a server: -f values-SERVER.yaml" .Values.deployment.metadata.name }}
{{- $deployment := deepCopy .Values.deployment }}
{{- $_ = set $deployment.spec.template.spec "containers" (list .Values.container) }}
{{ toYaml $deployment }}
"""


def helm_template(files, values):
    """The documents that Helm prints, by a reading of the two templates that there are, whose text is known exactly."""
    documents = []
    for path, text in files.items():
        if not path.startswith("helm/templates/"):
            continue
        name = path.removeprefix("helm/templates/").removesuffix(".yaml")
        if name == "deployment":
            assert text == _DEPLOYMENT
            assert values["deployment"].get("metadata", {}).get("name"), "choose a server: -f values-SERVER.yaml"
            deployment = merge(
                values["deployment"], {"spec": {"template": {"spec": {"containers": [values["container"]]}}}}
            )
            documents.append(deployment)
        else:
            assert text == _WITH.format(name=name)
            documents += [values[name]] if values.get(name) else []
    return documents


def by_kind(documents):
    return {document["kind"]: document for document in documents}
