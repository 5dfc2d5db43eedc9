from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml

from autotune.diagnostics import InputError
from autotune.emit.helm import HelmEmitter
from autotune.emit.k8s import KubernetesEmitter
from autotune.emit.sweep import merge

from .cases import HOSTILE, PLAIN, PRINTABLE
from .sweeps import by_kind, helm_template, helm_values
from .test_kustomize import HELD


@pytest.fixture(params=HELD)
def deployment(request):
    return HELD[request.param]


def render(files, values=None):
    return by_kind(helm_template(files, values or helm_values(files)))


def test_the_chart_prints_what_kubernetes_gets(deployment):
    expected = yaml.safe_load_all(KubernetesEmitter().emit(deployment)["k8s.yaml"])
    assert render(HelmEmitter().emit(deployment)) == by_kind(expected)


def test_the_chart_of_one_server_takes_the_values_of_another():
    charts = {name: HelmEmitter().emit(case) for name, case in HELD.items()}
    templates = [{n: t for n, t in files.items() if "/templates/" in n} for files in charts.values()]
    assert all(found == templates[0] for found in templates)
    assert render(charts["plain"], yaml.safe_load(charts["full"]["helm/values.yaml"])) == render(charts["full"])


def test_one_field_of_the_container_is_set_without_the_others():
    files = HelmEmitter().emit(PLAIN)
    values = merge(helm_values(files), {"container": {"image": "mirror/vllm:1"}})
    (container,) = render(files, values)["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "mirror/vllm:1"
    assert container["args"] == list(PLAIN.argv[1:])


def test_the_chart_says_what_it_is(deployment):
    chart = yaml.safe_load(HelmEmitter().emit(deployment)["helm/Chart.yaml"])
    assert chart["apiVersion"] == "v2"
    assert chart["name"] == deployment.name
    assert chart["appVersion"] == deployment.engine_version
    assert re.fullmatch(r"\d+\.\d+\.\d+", chart["version"])


def test_what_kubernetes_refuses_is_refused():
    with pytest.raises(InputError) as error:
        HelmEmitter().emit(replace(PLAIN, labels={"team": "a b"}))
    assert [item.path for item in error.value.diagnostics] == ["deploy.labels.team"]


def test_what_helm_does_not_keep_is_refused():
    with pytest.raises(InputError) as error:
        HelmEmitter().emit(HOSTILE)
    assert {item.code for item in error.value.diagnostics} == {"AT029"}
    assert "{{ env }} {% if x %}" in HelmEmitter().emit(PRINTABLE)["helm/values.yaml"]


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
def test_helm_itself_prints_the_same(deployment, tmp_path):
    files = HelmEmitter().emit(deployment)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
    words = ["helm", "template", "release", str(tmp_path / "helm")]
    out = subprocess.run(words, check=True, capture_output=True, encoding="utf-8").stdout
    seen = {document["kind"]: document for document in yaml.safe_load_all(out) if document}
    assert seen == render(files)
