import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.layers import parse_yaml
from tests.examples import examples


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1\n", 2, "flow sequence"),
        ("a: 1\nb: 2\na: 3\n", 3, "given twice"),
        ("a: b: c\n", 1, "mapping values"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "constructor"),
        ("? [a]\n: 1\n", 1, "plain text"),
        ("a: \x01\n", None, "control characters"),
        ("a: *nope\n", 1, "undefined alias"),
    ],
)
def test_broken_yaml_names_the_line(text, line, words):
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f.yaml")
    (item,) = caught.value.diagnostics
    assert (item.code, item.writer.file, item.writer.line) == ("AT001", "f.yaml", line)
    assert words in item.message


def test_lines_of_keys_and_the_nearest_key_around():
    source = parse_yaml("a:\n  b: 1\n  c:\n    - d: 2\n", "f.yaml")
    assert source.data == {"a": {"b": 1, "c": [{"d": 2}]}}
    assert (source.line("a", "b"), source.line("a", "c", "0", "d"), source.line("a", "x"), source.line("z")) == (
        2,
        4,
        1,
        None,
    )


def test_merge_keys_and_dates():
    assert parse_yaml("x: &x {b: 1}\ny: {<<: *x, b: 2}\nz: 2026-11-23\n", "f").data == {
        "x": {"b": 1},
        "y": {"b": 2},
        "z": "2026-11-23",
    }


@settings(max_examples=examples(300), deadline=None, derandomize=True)
@given(st.text(alphabet=st.sampled_from("ab:{}[]-!&*?|>'\"%@`#, \n\t\\0"), max_size=30))
def test_any_text_is_data_or_a_diagnostic(text):
    codes = ["AT001"]
    try:
        parse_yaml(text, "f.yaml")
    except InputError as error:
        codes = [item.code for item in error.diagnostics]
    assert codes == ["AT001"]
