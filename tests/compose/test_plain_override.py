"""What is read without Hydra's parser is what Hydra's parser reads."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.compose.overrides import _plain
from autotune.compose.plain_override import read_plain
from tests.examples import examples

PARSER = OverridesParser.create()
KEYS = st.sampled_from(
    ["a", "parallel.tp", "+profile", "++misc.env.A", "model", "x_1.y.z", "hydra.run.dir", "~a", "a@b"]
)
ELEMENTS = st.one_of(
    st.sampled_from([
        "1", "-3", "+4", "0", "007", "1_000", "0.5", "-0.25", "1.", ".5", "1e3", "1.5e-3", "inf", "NaN", "true", "False", "NULL",
        "nullable", "fp8", "Qwen/Qwen3-8B", "/abs/path", "a:b", "h100_sxm", "8x7b", "0.10.1", "1a", "-a", "a-b.c", "a@b", "it's",
        "'quo,ted'", '"x y"', "'a\\'b'", "'${a}'", "${a.b}", "range(1,4)", "glob(*)", "{a:1}", "[]", "[1,2]", "[a,[b]]", "[[]]", "",
        "a b", " a", "a+b", "a%", "a*", "a?", "a|b", "a$b", "ä", "\\,", "choice(a,b)", "[1,", "1]", "'", "a=b", "a#b", "x,", "None",
    ]),
    st.text(st.sampled_from(list("aZ_019-+.,/:@'\"[]{}()$ \\=~nulltrueinf")), max_size=8),
)  # fmt: skip


def by_hydra(text):
    try:
        override = PARSER.parse_override(text)
    except HydraException:
        return "an error"
    if override.is_delete() or override.package is not None or not override.key_or_group:
        return "something else"
    if not override.is_sweep_override():
        return override.key_or_group, (_plain(override.value()),)
    sweep = override._value
    return override.key_or_group, tuple(_plain(item) for item in getattr(sweep, "list", ()) or ("a function",))


def kinds(value):
    """A value with its type, lists all the way down: 1, 1.0 and True are three things."""
    return [kinds(item) for item in value] if isinstance(value, list) else (type(value), value)


@settings(max_examples=examples(600), deadline=None)
@given(KEYS, st.lists(ELEMENTS, min_size=1, max_size=4), st.booleans())
def test_what_is_read_here_is_what_hydra_reads(key, elements, in_list):
    inner = ",".join(elements)
    text = f"{key}=[{inner}]" if in_list else f"{key}={inner}"
    plain = read_plain(text)
    if plain is not None:
        name, values = by_hydra(text)
        assert plain.key == name
        assert [kinds(value) for value in plain.values] == [kinds(value) for value in values]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("parallel.tp=1,2,4", (1, 2, 4)),
        ("model.id=Qwen/Qwen3-8B", ("Qwen/Qwen3-8B",)),
        ("+profile=[a,b]", (["a", "b"],)),
        ("a=[1,8],[2,4]", ([1, 8], [2, 4])),
        ("a=0.9,true,null,'x y'", (0.9, True, None, "x y")),
        ("a=[]", ([],)),
    ],
)
def test_the_common_ones_are_read_here(text, values):
    assert read_plain(text).values == values


@pytest.mark.parametrize(
    "text",
    ["a=range(1,4)", "a={b:1}", "a=${b}", "~a", "a@b=c", "a=", "a=b c", "hydra.run.dir=x", "a/b=c", "a=1,", "a=[1", "a=[[1]]", "a=1e3"],
)  # fmt: skip
def test_the_others_are_left_to_hydra(text):
    assert read_plain(text) is None
