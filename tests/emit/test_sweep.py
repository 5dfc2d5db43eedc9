"""Several servers over what they share: that each comes out of Kustomize and Helm as `k8s.yaml` has it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.emit import SWEEP_EMITTERS, emit_point, emit_sweep
from autotune.emit.k8s import KubernetesEmitter
from autotune.emit.sweep import common_name, merge, split
from tests.examples import examples

from .cases import HOSTILE, PLAIN
from .sweeps import FLAGS, SWEEPS, SWEEPS_HELD, Loader, by_kind, helm_template, helm_values, kustomize_build

BOTH = ("kustomize", "helm")

LEAVES = st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=2)
MAPS = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(LEAVES, lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3), max_leaves=6),
    max_size=3,
)


def expected(deployment):
    return by_kind(yaml.safe_load_all(KubernetesEmitter().emit(deployment)["k8s.yaml"]))


@pytest.fixture(params=SWEEPS)
def sweep(request):
    return SWEEPS[request.param]


@settings(derandomize=True, max_examples=examples(300), deadline=None)
@given(st.lists(MAPS, min_size=1, max_size=4))
def test_merging_what_is_left_into_what_is_shared_gives_every_point_back(points):
    shared, own = split(points)
    assert [merge(shared, rest) for rest in own] == points


@settings(derandomize=True, max_examples=examples(100), deadline=None)
@given(st.lists(MAPS, min_size=2, max_size=4))
def test_nothing_that_all_points_have_is_said_twice(points):
    shared, own = split(points)
    for key, value in points[0].items():
        if all(point.get(key) == value for point in points):
            assert shared[key] == value
            assert all(key not in rest for rest in own)


def test_the_name_is_made_of_the_words_that_all_names_begin_with():
    assert common_name(FLAGS) == "vllm-qwen3-8b"
    assert common_name(SWEEPS["no_name_in_common"]) == "servers"


def test_every_overlay_builds_what_kubernetes_gets(sweep):
    files = emit_sweep(sweep, ["kustomize"])
    for deployment in sweep:
        assert by_kind(kustomize_build(files, deployment.name)) == expected(deployment)


def test_every_file_of_values_gives_what_kubernetes_gets(sweep):
    files = emit_sweep(sweep, ["helm"])
    for deployment in sweep:
        documents = helm_template(files, helm_values(files, deployment.name))
        assert by_kind(documents) == expected(deployment)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_itself_builds_the_same(sweep, tmp_path):
    for name, text in emit_sweep(sweep, ["kustomize"]).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
    for deployment in sweep:
        words = ["kubectl", "kustomize", str(tmp_path / "kustomize" / "overlays" / deployment.name)]
        out = subprocess.run(words, check=True, capture_output=True, encoding="utf-8").stdout
        assert by_kind(yaml.load_all(out, Loader)) == expected(deployment)


def test_a_point_is_chosen_or_nothing_is_installed():
    files = emit_sweep(FLAGS, ["helm"])
    with pytest.raises(AssertionError, match="choose a server"):
        helm_template(files, helm_values(files))


def test_the_base_holds_what_is_the_same_and_an_overlay_what_is_not():
    files = emit_sweep(FLAGS, ["kustomize"])
    base = yaml.safe_load(files["kustomize/base/deployment.yaml"])
    (container,) = base["spec"]["template"]["spec"]["containers"]
    assert base["metadata"]["name"] == "vllm-qwen3-8b"
    assert container["image"] == PLAIN.image
    assert container["startupProbe"]["failureThreshold"] == 180
    assert not {"args", "resources", "env"} & set(container)
    overlay = yaml.safe_load(files[f"kustomize/overlays/{FLAGS[1].name}/deployment.yaml"])
    (changed,) = overlay["spec"]["template"]["spec"]["containers"]
    assert set(changed) == {"name", "args", "env", "resources"}


def test_a_resource_that_not_all_servers_have_stands_in_their_overlays():
    files = emit_sweep(SWEEPS["some_operated"], ["kustomize"])
    assert "kustomize/base/poddisruptionbudget.yaml" not in files
    overlay = yaml.safe_load(files["kustomize/overlays/operated-hpa/kustomization.yaml"])
    assert "horizontalpodautoscaler.yaml" in overlay["resources"]


def test_servers_in_several_namespaces_say_theirs_in_the_kustomization():
    files = emit_sweep(SWEEPS["namespaces"], ["kustomize"])
    for deployment in SWEEPS["namespaces"]:
        overlay = yaml.safe_load(files[f"kustomize/overlays/{deployment.name}/kustomization.yaml"])
        assert overlay["namespace"] == deployment.namespace


def test_the_other_targets_have_a_folder_for_each_server_as_before():
    files = emit_sweep(FLAGS, ["k8s", "kustomize", "shell"])
    for deployment in FLAGS:
        single = emit_point(deployment, ["k8s", "shell"])
        assert single.items() <= files.items()
        assert f"{deployment.name}/kustomize/base/kustomization.yaml" not in files


@pytest.mark.parametrize("target", SWEEP_EMITTERS)
def test_a_server_that_is_alone_is_emitted_as_a_point(target):
    assert emit_sweep([PLAIN], [target]) == emit_point(PLAIN, [target])


@pytest.mark.parametrize("target", SWEEP_EMITTERS)
def test_a_router_keeps_its_servers_beside_it(target):
    routed = replace(PLAIN, name="front", parts=(replace(PLAIN, name="behind"),))
    files = emit_sweep([*FLAGS, routed], [target])
    assert emit_point(routed, [target]).items() <= files.items()
    assert emit_sweep(FLAGS, [target]).items() <= files.items()


def test_what_targets_cannot_hold_is_reported_for_all_servers_at_once():
    bad = [
        replace(PLAIN, name="a", labels={"team": "a b"}),
        replace(PLAIN, name="b", nodes=2),
        replace(HOSTILE, name="c"),
    ]
    with pytest.raises(InputError) as error:
        emit_sweep(bad, ["k8s", *BOTH])
    paths = [item.path for item in error.value.diagnostics]
    assert {"deploy.labels.team", "system.nodes"} <= set(paths)
    assert len(error.value.diagnostics) == len(set(error.value.diagnostics))


def test_the_same_sweep_gives_the_same_bytes(sweep):
    turned = [
        replace(deployment, **{name: dict(reversed(getattr(deployment, name).items())) for name in ("env", "labels", "annotations", "node_selector")})
        for deployment in sweep
    ]  # fmt: skip
    assert emit_sweep(turned, BOTH) == emit_sweep(sweep, BOTH)


@pytest.mark.parametrize("name", SWEEPS_HELD)
def test_text_is_what_the_golden_files_hold(name, golden):
    for path, text in emit_sweep(SWEEPS[name], BOTH).items():
        golden(f"sweep-{name}/{path}", text)
