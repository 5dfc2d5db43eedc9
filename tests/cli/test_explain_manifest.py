"""`autotune explain --from-manifest`: who set what, read back from what was emitted."""

import io
import json
import re
from pathlib import Path

import pytest
import yaml

from autotune.emit import EMITTERS

WORDS = ["+profile=fp8_quantized", "parallel.tp=2"]


@pytest.fixture
def emitted(autotune):
    """Emit the same point to these targets, below `out`."""

    def emit(targets, *words):
        assert autotune("emit", *(words or WORDS), "-t", targets, "-o", "out").code == 0
        return "out"

    return emit


@pytest.mark.parametrize("target", [target for target in EMITTERS if target != "dynamo"])
def test_every_target_says_which_profile_set_what(autotune, emitted, target):
    point = autotune("compile", *WORDS, "--format", "json").json[0]
    done = autotune("explain", "--from-manifest", emitted(target), "--format", "json")
    assert (done.code, done.err) == (0, "")
    (entry,) = done.json
    assert entry["made_by_autotune"]
    assert (entry["point"], entry["profiles"], entry["edits"]) == (point["id"], ["fp8_quantized"], [])
    assert entry["layers"] == ["fp8_quantized/weights", "fp8_quantized/kv"]
    assert entry["argv"] == point["deployment"]["argv"]
    assert entry["set_by"]["parallel.tp"] == {"value": 2, "writer": "override parallel.tp=2"}
    assert entry["set_by"]["quantization.gemm_mode"]["writer"] == "profiles/fp8_quantized.yaml, layer `weights`"


def test_a_graph_of_dynamo_which_starts_the_engine_by_its_own_command(autotune, tmp_path):
    assert autotune("emit", *WORDS, "system.backend_version=0.31.0", "-t", "dynamo", "-o", "graph").code == 0
    done = autotune("explain", "--from-manifest", "graph", "--format", "json")
    assert (done.code, done.err) == (0, "")
    (entry,) = done.json
    assert (entry["made_by_autotune"], entry["profiles"], entry["edits"]) == (True, ["fp8_quantized"], [])
    assert entry["argv"][:3] == ["python3", "-m", "dynamo.vllm"]
    assert entry["set_by"]["parallel.tp"] == {"value": 2, "writer": "override parallel.tp=2"}


def test_the_text_for_people(autotune, emitted):
    out = autotune("explain", "--from-manifest", emitted("k8s")).out
    assert re.search(r"^  in +out/.*k8s.yaml, Deployment vllm-qwen3-8b-", out, re.MULTILINE)
    assert re.search(r"^  profiles +fp8_quantized$", out, re.MULTILINE)
    assert re.search(r"^    parallel.tp = 2 +override parallel.tp=2$", out, re.MULTILINE)
    assert re.search(r"^  as emitted +yes", out, re.MULTILINE)


def test_one_server_in_several_targets_is_explained_once(autotune, emitted):
    (entry,) = autotune("explain", "--from-manifest", emitted("k8s,docker,kustomize"), "--format", "json").json
    assert len(entry["where"]) == 3


def test_one_path(autotune, emitted):
    folder = emitted("k8s")
    out = autotune("explain", "--from-manifest", folder, "quantization").out
    assert "quantization.gemm_mode = fp8" in out
    assert "parallel.tp = 2" not in out
    assert (
        "memory.prefix_caching was left" in autotune("explain", "--from-manifest", folder, "memory.prefix_caching").out
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("- fp8_e4m3\n", "- fp8_e5m2\n", "--kv-cache-dtype changed"),
        ("        - --quantization\n        - fp8\n", "", "--quantization removed"),
        ("        - --quantization\n", "        - --enforce-eager\n        - --quantization\n", "--enforce-eager added"),
        ("image: vllm/vllm-openai:v0.33.0\n", "image: mine:1\n", "vllm/vllm-openai:v0.33.0 -> mine:1 changed"),
        ("value: 'one'", "value: 'two'", "A changed"),
        ("autotune/emitted: '{", "autotune/emitted: '", "was damaged"),
    ],
)  # fmt: skip
def test_an_edit_is_found_and_named(autotune, emitted, old, new, said):
    folder = emitted("k8s", *WORDS, "misc.env.A=one")
    (file,) = Path(folder).rglob("k8s.yaml")
    text = file.read_text().replace("value: one", "value: 'one'")
    assert old in text
    file.write_text(text.replace(old, new))
    done = autotune("explain", "--from-manifest", folder)
    assert (done.code, done.codes) == (0, ["AT119"])
    assert said in done.err
    assert not re.search(r"as emitted +yes", done.out)


def test_what_changes_nothing_of_the_server_is_no_edit(autotune, emitted):
    folder = emitted("k8s")
    (file,) = Path(folder).rglob("k8s.yaml")
    file.write_text("# mine\n" + file.read_text().replace("replicas: 1\n", "replicas: 7\n"))
    assert autotune("explain", "--from-manifest", folder).codes == []


def test_a_manifest_of_somebody_else(autotune, monkeypatch):
    pod = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"args": ["vllm", "serve", "m"]}]}}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(pod)))
    done = autotune("explain", "--from-manifest", "-")
    assert done.code == 0
    assert "not made by autotune" in done.out
    assert "vllm serve m" in done.out


def test_annotations_that_were_taken_away_leave_the_label(autotune, emitted):
    folder = emitted("k8s")
    (file,) = Path(folder).rglob("k8s.yaml")
    documents = list(yaml.safe_load_all(file.read_text()))
    for document in documents:
        document["metadata"].pop("annotations", None)
        document["spec"].get("template", {}).get("metadata", {}).pop("annotations", None)
    file.write_text(yaml.safe_dump_all(documents))
    (entry,) = autotune("explain", "--from-manifest", folder, "--format", "json").json
    assert (entry["made_by_autotune"], entry["annotated"], entry["edits"], entry["set_by"]) == (True, False, None, {})
    assert len(entry["point"]) == 10


def test_secrets_are_not_shown(autotune, emitted):
    folder = emitted("k8s,shell", "misc.extra_args.--api-key=opensesame", "misc.env.HF_TOKEN=sesameopen")
    for form in ("text", "json"):
        done = autotune("explain", "--from-manifest", folder, "--format", form)
        assert done.code == 0
        assert "(hidden)" in done.out
        assert "opensesame" not in done.out + done.err
        assert "sesameopen" not in done.out + done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing.yaml"], "AT001", "there is no such file"),
        (["empty.yaml"], "AT044", "holds no server"),
        (["."], "AT044", "holds no server"),
        (["pod.yaml", "parallel.tpp"], "AT002", "did you mean parallel.tp"),
        (["pod.yaml", "parallel.tp=2"], "AT004", "does not go with --from-manifest"),
    ],
)
def test_wrong_input(autotune, words, code, said):
    Path("empty.yaml").write_text("kind: Service\n")
    Path("pod.yaml").write_text("kind: Service\n")
    done = autotune("explain", "--from-manifest", *words)
    assert (done.code, done.codes, done.out) == (2, [code], "")
    assert said in done.err
