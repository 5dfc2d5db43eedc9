from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autotune import emit
from autotune.diagnostics import InputError
from autotune.emit import EMITTERS, SWEEP_EMITTERS, emit_point, emit_sweep, find_emitters, stream_sweep

from .cases import CASES, FULL, HOSTILE, OPERATED, PLAIN, REFUSED
from .sweeps import SWEEPS, SWEEPS_HELD

GOLDEN = Path(__file__).parent / "golden"


def held(case):
    """The targets that hold this case."""
    return [target for target in EMITTERS if case not in REFUSED.get(target, ())]


def test_emitters_come_in_the_order_asked_for_and_once():
    assert list(find_emitters(["k8s", "shell", "k8s"])) == ["k8s", "shell"]


def test_every_unknown_target_is_named_with_the_nearest_known():
    with pytest.raises(InputError) as error:
        find_emitters(["k8", "shell", "docker-compose"])
    assert [item.code for item in error.value.diagnostics] == ["AT029", "AT029"]
    assert "'k8'" in error.value.diagnostics[0].message
    assert "k8s" in error.value.diagnostics[0].help
    assert "compose" in error.value.diagnostics[1].help


def test_each_target_has_one_file_of_its_name_or_a_folder_of_it():
    files = emit_point(PLAIN, held("plain"))
    names = [path.removeprefix(f"{PLAIN.name}/") for path in files]
    assert all(path.startswith(f"{PLAIN.name}/") for path in files)
    stems = list(dict.fromkeys(name.partition("/")[0].partition(".")[0] for name in names))
    # What belongs to a target and is applied by itself has the target's name and a dash before its own.
    assert [stem for stem in stems if stem != "ome-model"] == held("plain")
    assert [name for name in names if "/" in name] == [
        "helm/Chart.yaml",
        "helm/values.yaml",
        "helm/templates/deployment.yaml",
        "helm/templates/configmap.yaml",
        "helm/templates/service.yaml",
        "helm/templates/poddisruptionbudget.yaml",
        "helm/templates/horizontalpodautoscaler.yaml",
        "helm/templates/scaledobject.yaml",
        "helm/templates/servicemonitor.yaml",
        "kustomize/base/kustomization.yaml",
        "kustomize/base/deployment.yaml",
        "kustomize/base/service.yaml",
    ]


def test_no_target_overwrites_the_file_of_another():
    names = [name for target in held("plain") for name in EMITTERS[target].emit(PLAIN)]
    assert len(set(names)) == len(names)


def test_what_several_targets_refuse_is_reported_at_once_and_only_once():
    bad = replace(PLAIN, nodes=2, labels={"team": "a b"}, env={"UID": "0"})
    with pytest.raises(InputError) as error:
        emit_point(bad, held("plain"))
    paths = [item.path for item in error.value.diagnostics]
    assert sorted(paths) == ["deploy.labels.team", "misc.env.UID", "system.nodes"]


SEVERAL = [replace(PLAIN, name=f"server-{number}") for number in range(5)]


def test_a_stream_gives_the_files_of_a_sweep_a_server_at_a_time(monkeypatch):
    whole = emit_sweep(SEVERAL, ["k8s", "helm", "shell"])
    monkeypatch.setattr(emit, "_MOST_KEPT", 2)
    given = list(stream_sweep(SEVERAL, ["k8s", "helm", "shell"]))
    assert [list(files) for files in given[:-1]] == [
        [f"{server.name}/k8s.yaml", f"{server.name}/shell.sh"] for server in SEVERAL
    ]
    assert [item for files in given for item in files.items()] == list(whole.items())


def test_a_stream_gives_nothing_when_its_last_server_is_refused(monkeypatch):
    monkeypatch.setattr(emit, "_MOST_KEPT", 2)
    stream = stream_sweep(
        [*SEVERAL, replace(PLAIN, labels={"team": "a b"}), replace(PLAIN, env={"UID": "0"})], ["k8s", "shell"]
    )
    with pytest.raises(InputError) as error:
        next(stream)
    assert [item.path for item in error.value.diagnostics] == ["deploy.labels.team", "misc.env.UID"]


def test_text_is_what_the_golden_files_hold(case, golden):
    for path, text in emit_point(CASES[case], held(case)).items():
        golden(f"{case}/{path.partition('/')[2]}", text)


def test_every_golden_file_is_still_emitted():
    emitted = {
        GOLDEN / case / name for case in CASES for target in held(case) for name in EMITTERS[target].emit(CASES[case])
    }
    emitted |= {
        GOLDEN / f"sweep-{name}" / path for name in SWEEPS_HELD for path in emit_sweep(SWEEPS[name], SWEEP_EMITTERS)
    }
    assert {path for path in GOLDEN.rglob("*") if path.is_file()} == emitted


def test_the_same_deployment_gives_the_same_bytes_whatever_the_order_of_its_maps(case, deployment):
    turned = replace(
        deployment,
        **{
            name: dict(reversed(getattr(deployment, name).items()))
            for name in ("env", "files", "labels", "annotations", "node_selector")
        },
    )
    assert emit_point(turned, held(case)) == emit_point(deployment, held(case))


@pytest.mark.parametrize(
    ("target", "case"), [(target, case) for target, cases in REFUSED.items() for case in sorted(cases)]
)
def test_what_a_target_cannot_hold_is_refused_and_not_changed(target, case):
    with pytest.raises(InputError) as error:
        emit_point(CASES[case], [target])
    assert {item.code for item in error.value.diagnostics} == {"AT029"}


@pytest.mark.parametrize("case", [case for case in CASES if case != "hostile"])
def test_no_none_in_any_output(case):
    for text in emit_point(CASES[case], held(case)).values():
        assert "None" not in text
        assert "null" not in text


def test_a_heading_stays_a_comment():
    for path, text in emit_point(HOSTILE, held("hostile")).items():
        lines = text.split("\n")
        note = next(line for line in lines if line.startswith("# note: "))
        assert "second `id`" in note, path
        assert "kind" not in note


def test_replicas_that_a_target_does_not_start_are_mentioned():
    files = emit_point(FULL, held("full"))
    for name in ("shell.sh", "docker.sh", "compose.yaml"):
        assert "# replicas: 3 were asked for; this file starts one." in files[f"{FULL.name}/{name}"]
    assert "this file starts one" not in files[f"{FULL.name}/k8s.yaml"]


@pytest.mark.parametrize("target", ["shell", "docker", "compose"])
def test_what_only_a_cluster_can_do_is_mentioned_where_there_is_none(target):
    (text,) = emit_point(OPERATED, [target]).values()
    for what in ("autoscaling", "a disruption budget", "a ServiceMonitor"):
        assert f"# {what} was asked for; that takes a cluster." in text
