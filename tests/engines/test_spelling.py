import pytest

from autotune.engines.spelling import spell_flag, spell_value, spell_values


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (0.9, "0.9"), (4.0, "4"), (1e-05, "1e-05"), (0.1 + 0.2, "0.3"), ("a b", "a b"), (True, "true"), ({"b": 1, "a": [None]}, '{"a":[null],"b":1}')],
)  # fmt: skip
def test_one_value(value, text):
    assert spell_value(value) == text


@pytest.mark.parametrize(("value", "texts"), [(True, []), ((1, 2), ["1", "2"]), (["a"], ["a"]), ("x", ["x"])])
def test_what_a_flag_is_given(value, texts):
    assert spell_values(value) == texts


def test_a_value_with_a_dash_in_front_is_tied_to_its_flag():
    assert spell_flag("--a", ["-1"]) == ["--a=-1"]
    assert spell_flag("--a", ["--trust-remote-code"]) == ["--a=--trust-remote-code"]
    assert spell_flag("--a", ["1"]) == ["--a", "1"]
    assert spell_flag("--a", []) == ["--a"]
