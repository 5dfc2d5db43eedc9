from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.emit import EMITTERS, emit_point, frame, script
from autotune.emit.heading import heading
from autotune.emit.k8s import kubernetes_documents
from autotune.emit.labels import label_set
from autotune.emit.manifest import dump_documents
from autotune.emit.pod import pod_template
from autotune.emit.shared import SharedList, SharedMap
from tests.examples import examples

from .cases import ANY_TEXT, CASES, FULL, HOSTILE_TEXTS, OPERATED, PLAIN

HOSTILE_TEXT = st.sampled_from(HOSTILE_TEXTS) | ANY_TEXT
KEYS = st.sampled_from(
    ["team", "autotune/point", "autotune/layers", "autotune/set-by", "autotune/version", "a.b/c", "y"]
)
#: What the servers of a sweep differ in, and some of what makes them of another shape.
OWN = st.fixed_dictionaries(
    {
        "name": st.sampled_from(
            ["a", "y", "no", "null", "plain-1", "first-server", "other-server", "http", "vllm", "default"]
        ),
        "argv": st.lists(HOSTILE_TEXT, max_size=4).map(lambda words: ("vllm", *words)),
    },
    optional={
        "labels": st.dictionaries(KEYS, st.sampled_from(["", "y", "1e3", "0x1", "x", "plain-1", "vllm"]), max_size=3),
        "annotations": st.dictionaries(KEYS, HOSTILE_TEXT, max_size=3),
        "env": st.dictionaries(st.sampled_from(["A", "B"]), HOSTILE_TEXT, max_size=2),
        "gpus": st.sampled_from([0, 1, 2]),
        "namespace": st.sampled_from(["default", "plain-1", "a"]),
        "node_selector": st.dictionaries(KEYS, st.sampled_from(["x", "8"]), max_size=1),
        "served_name": HOSTILE_TEXT,
    },
)


@settings(derandomize=True, max_examples=examples(150), deadline=None)
@given(st.sampled_from([PLAIN, OPERATED, FULL]), st.lists(OWN, min_size=2, max_size=4), st.booleans())
def test_servers_of_a_sweep_have_the_bytes_that_each_has_alone(base, changes, fresh):
    if fresh:
        frame._frames.clear()
    servers = [replace(base, **change) for change in changes]
    # The third time round each shape that may have a frame has one.
    for server in servers * 3:
        assert emit_point(server, ["k8s"]) == {f"{server.name}/k8s.yaml": laid_out_whole(server)}


@settings(derandomize=True, max_examples=examples(60), deadline=None)
@given(st.sampled_from([PLAIN, OPERATED, FULL]), st.lists(OWN, min_size=2, max_size=4))
def test_scripts_of_a_sweep_have_the_bytes_that_each_has_alone(base, changes):
    servers = [replace(base, **change) for change in changes]
    alone = []
    for server in servers:
        script._pieces.cache_clear()
        alone.append(emit_point(server, ["shell"]))
    assert [emit_point(server, ["shell"]) for server in servers] == alone


def laid_out_whole(server):
    return dump_documents(plain(kubernetes_documents(server)), heading(server))


def plain(data):
    """The same data with nothing shared in it."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    return [plain(item) for item in data] if isinstance(data, list) else data


def test_a_frame_is_used_from_the_second_server_of_a_shape_on(monkeypatch):
    frame._frames.clear()
    for name in ("first", "second"):
        emit_point(replace(PLAIN, name=name), ["k8s"])
    monkeypatch.setattr("autotune.emit.k8s._documents", None)
    (key,) = frame._frames
    assert len(frame._frames[key]) > 1


def test_what_depends_on_a_name_in_another_way_has_no_frame():
    def build(server):
        return [{"kind": "x", "metadata": {"name": server.name}, "spec": {"file": f"{server.name}-file"}}]

    for name in ("a", "b", "c"):
        text = frame.dump_server(replace(PLAIN, name=name), build, [])
        assert text == f"---\nkind: x\nmetadata:\n  name: {name}\nspec:\n  file: {name}-file\n"


def test_what_a_server_has_no_right_to_is_refused_beside_others_of_its_shape():
    for _ in range(3):
        emit_point(PLAIN, ["k8s"])
    with pytest.raises(InputError):
        emit_point(replace(PLAIN, labels={"team": "a b"}), ["k8s"])


@pytest.mark.parametrize("target", [target for target in EMITTERS if target != "dynamo"])
def test_emitting_leaves_what_is_shared_as_it_was(target):
    before = pickle.dumps(pod_template(PLAIN))
    for case in CASES.values():
        try:
            emit_point(case, [target])
        except InputError:
            continue
    assert pod_template(PLAIN) == pickle.loads(before)


def test_a_shared_part_cannot_be_changed_and_its_copy_can():
    labels = label_set(PLAIN)
    with pytest.raises(TypeError, match="copy it"):
        labels["team"] = "x"
    with pytest.raises(TypeError, match="copy it"):
        SharedList(["a"]).append("b")
    assert labels | {"team": "x"} == {**labels, "team": "x"}
    assert type(labels | {}) is dict
    for part in (labels, SharedList(["a"])):
        assert copy.deepcopy(part) == pickle.loads(pickle.dumps(part)) == part
    assert isinstance(copy.copy(labels), SharedMap)
