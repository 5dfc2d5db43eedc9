import pytest

from autotune.diagnostics import InputError
from autotune.layers import parse_profile, parse_yaml, select_layers

KNOWN = {"gpu": ["supports_fp8", "memory_gb"], "model": ["is_moe"], "parallel": ["tp"]}


def parse(text, name="mine"):
    return parse_profile(name, parse_yaml(text, f"profiles/{name}.yaml"), KNOWN)


def mistakes(text):
    with pytest.raises(InputError) as caught:
        parse(text)
    return [(item.code, item.writer.line, item.message) for item in caught.value.diagnostics]


def test_a_good_profile_keeps_the_order_and_the_lines():
    profile = parse(
        "description: d\nlayers:\n  b:\n    set: {parallel.tp: 2}\n  a:\n    when: gpu.supports_fp8\n    set:\n      memory.page_size: 16\n"
    )
    assert list(profile.layers) == ["b", "a"]
    (path, value, writer) = profile.layers["a"].writes[0]
    assert (path, value, str(writer)) == (("memory", "page_size"), 16, "profiles/mine.yaml:8, layer `a`")


def test_every_mistake_is_reported_at_once_with_its_line():
    found = mistakes(
        "descripton: d\n"
        "layers:\n"
        "  one:\n"
        "    when: gpu.suports_fp8\n"
        "    set: {parallel.tpp: 2}\n"
        "  two:\n"
        "    when: gpu.supports_fp8 &&& x\n"
        "    sets: {parallel.tp: 2}\n"
        "  three:\n"
        "    set: {system.gpu: h100_sxm, parallel.tp: '${parallel.pp}'}\n"
    )
    assert [(code, line) for code, line, _ in found] == [
        ("AT007", 1), ("AT002", 5), ("AT008", 4), ("AT007", 8), ("AT007", 6), ("AT008", 7), ("AT007", 10), ("AT007", 10),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n", "must be a map"),
        ("layers: [a]\n", "keyed by layer name"),
        ("layers: {a: 3}\n", "must be a map with `set`"),
        ("description: nothing\n", "sets nothing"),
        ("layers: {a: {set: {}}}\n", "needs a `set`"),
        ("extends: {a: b}\nlayers: {a: {set: {parallel.tp: 1}}}\n", "list of profile names"),
        ("layers: {a: {when: 3, set: {parallel.tp: 1}}}\n", "must be a CEL expression"),
        ("layers: {a: {when: 'cpu.x', set: {parallel.tp: 1}}}\n", "not known"),
    ],
)
def test_structure(text, words):
    assert any(words in message for _, _, message in mistakes(text))


def profiles(**texts):
    return {name: parse(text, name) for name, text in texts.items()}


def ids(names, known):
    return [layer.id for layer in select_layers(names, known)]


def test_what_a_profile_extends_comes_first_and_once():
    known = profiles(
        base="layers: {x: {set: {parallel.tp: 1}}}",
        left="extends: base\nlayers: {l: {set: {parallel.tp: 2}}}",
        right="extends: [base]\nlayers: {r: {set: {parallel.tp: 3}}}",
    )
    assert ids(["left", "right"], known) == ["base/x", "left/l", "right/r"]


def test_a_layer_of_the_same_name_replaces_the_extended_one():
    known = profiles(
        base="layers: {x: {set: {parallel.tp: 1}}, y: {set: {parallel.pp: 1}}}",
        child="extends: base\nlayers: {x: {set: {parallel.tp: 2}}}",
    )
    assert ids(["child"], known) == ["base/y", "child/x"]


def codes(names, known):
    with pytest.raises(InputError) as caught:
        select_layers(names, known)
    return [item.code for item in caught.value.diagnostics]


def test_unknown_circular_and_conflicting_profiles_are_all_reported():
    known = profiles(
        a="extends: b\nlayers: {x: {set: {parallel.tp: 1}}}",
        b="extends: a\nlayers: {x: {set: {parallel.tp: 1}}}",
        c="conflicts: [d]\nlayers: {x: {set: {parallel.tp: 1}}}",
        d="conflicts: [c]\nlayers: {x: {set: {parallel.tp: 1}}}",
    )
    assert codes(["nope"], known) == ["AT006"]
    assert codes(["a"], known) == ["AT007"]
    assert codes(["c", "d"], known) == ["AT009"]
    assert codes(["nope", "c", "d"], known) == ["AT006", "AT009"]
