from __future__ import annotations

from dataclasses import replace

import pytest

from autotune.diagnostics import InputError
from autotune.emit import EMITTERS
from autotune.engines.deployment import SecretRef, Volume

from .cases import FULL, PLAIN


def findings(deployment, target):
    with pytest.raises(InputError) as error:
        EMITTERS[target].emit(deployment)
    assert {item.code for item in error.value.diagnostics} == {"AT029"}
    return error.value.diagnostics


@pytest.mark.parametrize("target", EMITTERS)
@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"argv": ("vllm", "a\0b")}, None, "argument 1 of the command holds a NUL"),
        ({"argv": ("vllm", "\ud800")}, None, "surrogate"),
        ({"argv": ()}, None, "no command"),
        ({"argv": ("", "serve")}, None, "no command"),
        ({"env": {"A": "\0"}}, "misc.env.A", "NUL"),
        ({"env": {"A B": ""}}, "misc.env", "'A B'"),
        ({"env": {"A\n": ""}}, "misc.env", "cannot name"),
        ({"env": {"HF_TOKEN": "x"}, "secrets": FULL.secrets}, "misc.env.HF_TOKEN", "both a secret and a plain"),
        ({"secrets": FULL.secrets * 2}, None, "two secrets"),
        ({"secrets": (SecretRef("A;id", "s", "k"),)}, "misc.env", "'A;id'"),
        ({"files": {"/etc/x": "\0"}}, None, "NUL"),
        ({"files": {"etc/x": ""}}, None, "'etc/x'"),
        ({"files": {"/etc/../x": ""}}, None, "'/etc/../x'"),
        ({"files": {"/etc/$(id)": ""}}, None, "'/etc/$(id)'"),
        ({"annotations": {"a": "\0"}}, "deploy.annotations.a", "NUL"),
        ({"labels": {"app.kubernetes.io/instance": "x"}}, "deploy.labels.app.kubernetes.io/instance", "not 'x'"),
        ({"image": "--privileged"}, "system.image", "--privileged"),
        ({"image": "a b"}, "system.image", "a b"),
        ({"name": "../up"}, None, "../up"),
        ({"volumes": (Volume("v", "/v", host_path="data"),)}, "deploy.host_path", "not an absolute path"),
        ({"volumes": (Volume("v", "v", pvc="p"),)}, "deploy.mount_path", "not an absolute path"),
        ({"volumes": (Volume("v", "/v", pvc="p", sub_path="a/../.."),)}, "deploy.pvc_subpath", "leaves its volume"),
        ({"volumes": (Volume("v", "/v"),)}, None, "exactly one"),
        ({"volumes": (Volume("v", "/v", pvc="p"), Volume("w", "/v", pvc="q"))}, "deploy.mount_path", "two volumes"),
    ],
)
def test_no_target_takes_it(target, change, path, words):
    found = findings(replace(PLAIN, **change), target)
    assert [item for item in found if item.path == path and words in item.message], found


@pytest.mark.parametrize("target", [target for target in EMITTERS if target not in ("lws", "dynamo")])
def test_several_nodes_are_refused_with_a_remedy(target):
    (found,) = findings(replace(PLAIN, nodes=2), target)
    assert found.path == "system.nodes"
    assert "2 nodes" in found.message
    assert "emit to lws" in found.help


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"labels": {"team": "a b"}}, "deploy.labels.team", "'a b'"),
        ({"labels": {"team": "x" * 64}}, "deploy.labels.team", "label value"),
        ({"labels": {"team": "x\n"}}, "deploy.labels.team", "label value"),
        ({"labels": {"-team": "x"}}, "deploy.labels.-team", "valid key"),
        ({"labels": {"A.b/team/x": "x"}}, "deploy.labels.A.b/team/x", "valid key"),
        ({"node_selector": {"gpu": "a/b"}}, "deploy.node_selector.gpu", "'a/b'"),
        ({"annotations": {"my note": "x"}}, "deploy.annotations.my note", "valid key"),
        ({"namespace": "A"}, "deploy.namespace", "'A'"),
        ({"name": "1st"}, None, "digit"),
        ({"gpu_resource": ""}, "system.gpu", "resource"),
        ({"secrets": (SecretRef("HF_TOKEN", None, "HF_TOKEN"),)}, "deploy.hf_token_secret", "none is named"),
        ({"secrets": (SecretRef("HF_TOKEN", "A_B", "HF_TOKEN"),)}, "deploy.hf_token_secret", "'A_B'"),
        ({"secrets": (SecretRef("HF_TOKEN", "a", "a/b"),)}, None, "'a/b'"),
        ({"volumes": (Volume("v", "/v", pvc="A_B"),)}, "deploy.pvc", "'A_B'"),
        ({"volumes": (Volume("v", "/v:w", pvc="p"),)}, "deploy.mount_path", "colon"),
        ({"volumes": (Volume("v", "/v", host_path="/a/../b"),)}, "deploy.host_path", ".."),
        ({"volumes": (Volume("shm", "/v", pvc="p"),)}, None, "two volumes are named 'shm'"),
        ({"volumes": (Volume("V_1", "/v", pvc="p"),)}, None, "DNS label"),
        ({"volumes": (Volume("v", "/dev/shm", medium="Memory"),)}, "deploy.mount_path", "two things"),
        ({"files": {"/etc/x": "x" * (2**20 + 1)}}, None, "1 MiB"),
    ],
)
def test_kubernetes_takes_it_not(change, path, words):
    found = findings(replace(PLAIN, **change), "k8s")
    assert [item for item in found if item.path == path and words in item.message], found


@pytest.mark.parametrize("target", ["shell", "docker", "compose"])
def test_labels_that_only_kubernetes_refuses_are_left_as_they_are(target):
    assert EMITTERS[target].emit(replace(PLAIN, labels={"team": "a b"}))
