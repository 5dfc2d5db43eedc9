"""What is composed without Hydra is what Hydra composes."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autotune.compose.base import Composer
from autotune.compose.plain_config import compose_plain
from autotune.compose.settings import Choose
from autotune.diagnostics import InputError, Source, Writer
from autotune.layers import parse_yaml
from autotune.resources import folder
from tests.examples import examples

CONF = folder("conf")
USER = Writer(Source.USER, override="said")
SHIPPED = {place.name: sorted(file.stem for file in place.glob("*.yaml")) for place in CONF.iterdir() if place.is_dir()}


def choose(group, option):
    return Choose(group, option, USER, f"{group}={option}")


def ask_hydra(composer, *chosen):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("autotune.compose.base.compose_plain", lambda *_: None)
        return composer.compose(chosen)


@pytest.fixture(scope="module")
def by_hydra():
    """One composer that is asked for Hydra's answers alone, and keeps what it read."""
    return Composer((CONF,))


@pytest.mark.parametrize("number", range(max(map(len, SHIPPED.values()))))
def test_every_shipped_option_is_composed_as_hydra_does(by_hydra, number):
    chosen = [choose(group, options[number % len(options)]) for group, options in SHIPPED.items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(Composer, "_ask_hydra")
        plain = Composer((CONF,)).compose(tuple(chosen))
    slow = ask_hydra(by_hydra, *chosen)
    assert plain == slow
    assert list(plain.data) == list(slow.data)
    assert all(list(plain.data[name]) == list(slow.data[name]) for name in plain.data)


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from([0.5, "text", "a b", "1e3", "12:30:00", "${x}", "???", "yes"]),
    st.lists(st.integers(0, 3), max_size=2),
)  # fmt: skip
NAMES = st.sampled_from(["a", "b", "c", "on", "_x"])
TREES = st.dictionaries(NAMES, st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=2), max_leaves=4), max_size=3)  # fmt: skip
HEADS = st.sampled_from([None, ["_self_"], ["base", "_self_"], ["_self_", "base"], ["base"], ["nowhere", "_self_"], [{"/h": "one"}, "_self_"]])  # fmt: skip

HEADERS = st.sampled_from(["", "# @package _global_\n", "# a comment\n"])


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees=st.tuples(TREES, TREES, TREES, TREES), head=HEADS, header=HEADERS)
def test_random_groups_are_composed_as_hydra_does(tmp_path_factory, trees, head, header):
    base, one, other, primary = trees
    place = tmp_path_factory.mktemp("conf")
    for group, files in {"g": {"base": base, "one": one}, "h": {"one": other}}.items():
        (place / group).mkdir()
        for name, data in files.items():
            said = data if head is None or (group, name) != ("g", "one") else {"defaults": head, **data}
            (place / group / f"{name}.yaml").write_text(header + yaml.safe_dump(said))
    defaults = {"defaults": [{"g": "base"}, {"h": "one"}, "_self_"]}
    (place / "config.yaml").write_text(yaml.safe_dump(defaults if header else {**defaults, **primary}))
    try:
        slow = ask_hydra(Composer((place,)), choose("g", "one"))
    except InputError:
        with pytest.raises(InputError):
            Composer((place,)).compose((choose("g", "one"),))
    else:
        assert Composer((place,)).compose((choose("g", "one"),)) == slow


def source(text):
    return text, parse_yaml(text, "a file")


FILES = {
    "config": "defaults:\n  - g: one\n  - _self_\n",
    "g/one": "defaults: [base, _self_]\na: 1\nm: {x: 1}\n",
    "g/base": "a: 0\nm: {y: 2}\nb: null\n",
}


def test_options_build_on_each_other():
    files = {name: source(text) for name, text in FILES.items()}
    assert compose_plain("config", {}, files.get) == (
        {"g": {"a": 1, "m": {"y": 2, "x": 1}, "b": None}},
        ["g/base", "g/one"],
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g/one", "# @package _global_\na: 1\n"),
        ("g/one", "a: ${b}\n"),
        ("g/one", "a: ???\n"),
        ("g/one", "a: 1e3\n"),
        ("g/one", "1: a\n"),
        ("g/one", "defaults: [one, _self_]\n"),
        ("g/one", "defaults: [/h: two, _self_]\n"),
        ("g/one", "defaults: [base]\n"),
        ("g/one", "defaults: [absent, _self_]\n"),
        ("g/one", "m: [1]\ndefaults: [base, _self_]\n"),
        ("config", "defaults:\n  - g: one\n"),
        ("config", "defaults:\n  - optional g: one\n  - _self_\n"),
        ("config", "defaults:\n  - g: one\n  - _self_\na: 1\n"),
        ("config", "defaults:\n  - g: [one, base]\n  - _self_\n"),
    ],
)
def test_what_is_not_plain_is_left_to_hydra(name, text):
    files = {key: source(value) for key, value in (FILES | {name: text}).items()}
    assert compose_plain("config", {}, files.get) is None


def test_a_choice_of_a_group_that_the_primary_config_lacks_is_left_to_hydra():
    files = {name: source(text) for name, text in FILES.items()}
    assert compose_plain("config", {"h": "one"}, files.get) is None
