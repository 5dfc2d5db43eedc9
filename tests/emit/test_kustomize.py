from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml

from autotune.diagnostics import InputError
from autotune.emit import emit_point
from autotune.emit.k8s import KubernetesEmitter
from autotune.emit.kustomize import KustomizeEmitter

from .cases import AMD, CPU, FULL, HOSTILE, LOCAL, OPERATED, PLAIN, PRINTABLE, SCALED
from .sweeps import Loader

HELD = {
    "plain": PLAIN,
    "full": FULL,
    "amd": AMD,
    "cpu": CPU,
    "printable": PRINTABLE,
    "local": LOCAL,
    "operated": OPERATED,
    "scaled": SCALED,
}


@pytest.fixture(params=HELD)
def deployment(request):
    return HELD[request.param]


def load(deployment):
    return {name: yaml.safe_load(text) for name, text in KustomizeEmitter().emit(deployment).items()}


def test_the_base_lists_every_other_file_and_nothing_else(deployment):
    files = load(deployment)
    base = files.pop("kustomize/base/kustomization.yaml")
    assert base["kind"] == "Kustomization"
    assert base["apiVersion"] == "kustomize.config.k8s.io/v1beta1"
    assert [f"kustomize/base/{name}" for name in base["resources"]] == list(files)
    assert set(base) == {"apiVersion", "kind", "resources"}


def test_building_the_base_gives_what_kubernetes_gets(deployment):
    files = load(deployment)
    base = files["kustomize/base/kustomization.yaml"]
    built = [files[f"kustomize/base/{name}"] for name in base["resources"]]
    assert built == list(yaml.safe_load_all(KubernetesEmitter().emit(deployment)["k8s.yaml"]))


def test_files_of_the_server_are_a_resource_only_where_there_are_any():
    assert "kustomize/base/configmap.yaml" in load(FULL)
    assert "kustomize/base/configmap.yaml" not in load(PLAIN)


def test_servers_behind_a_router_are_bases_of_their_own():
    behind = replace(PLAIN, name="behind")
    files = emit_point(replace(PLAIN, name="front", parts=(behind,)), ["kustomize"])
    assert "front/kustomize/base/service.yaml" in files
    service = yaml.safe_load(files["front/behind/kustomize/base/service.yaml"])
    assert service["metadata"]["name"] == "behind"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_itself_builds_the_same(deployment, tmp_path):
    for name, text in KustomizeEmitter().emit(deployment).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
    words = ["kubectl", "kustomize", str(tmp_path / "kustomize" / "base")]
    out = subprocess.run(words, check=True, capture_output=True, encoding="utf-8").stdout
    built = {document["kind"]: document for document in yaml.load_all(out, Loader)}
    assert built == {
        document["kind"]: document for name, document in load(deployment).items() if "kustomization" not in name
    }


def test_what_kustomize_does_not_keep_is_refused_by_its_place():
    with pytest.raises(InputError) as error:
        KustomizeEmitter().emit(replace(PLAIN, env={"A": "a\x85"}))
    (found,) = error.value.diagnostics
    assert "env[0].value holds U+0085" in found.message
    assert "emit to k8s" in found.help
    with pytest.raises(InputError):
        KustomizeEmitter().emit(HOSTILE)


def test_what_kubernetes_refuses_is_refused():
    with pytest.raises(InputError) as error:
        KustomizeEmitter().emit(replace(PLAIN, labels={"team": "a b"}))
    assert [item.path for item in error.value.diagnostics] == ["deploy.labels.team"]
