from __future__ import annotations

import datetime as dt

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.emit import manifest, scalars
from autotune.emit.manifest import dump_documents
from autotune.emit.shared import SharedList, SharedMap
from tests.examples import examples

from .cases import ANY_TEXT

KEYS = st.text("abcxyz/.-_09", min_size=1, max_size=20)
ASCII = [chr(code) for code in range(0x20, 0x7F)]
ASCII_TEXT = st.text(st.sampled_from(ASCII), max_size=12) | st.text(":# -'\"ay0/.{}", max_size=8)
DATA = st.dictionaries(
    KEYS,
    st.recursive(
        ANY_TEXT | st.integers() | st.booleans(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=4,
)


@settings(derandomize=True, max_examples=examples(60), deadline=None)
@given(st.lists(DATA, min_size=1, max_size=3))
def test_documents_read_back_as_they_were(documents):
    assert list(yaml.safe_load_all(dump_documents(documents, ["heading"]))) == documents


@settings(derandomize=True, max_examples=examples(100), deadline=None)
@given(st.lists(DATA, min_size=1, max_size=3))
def test_documents_are_laid_out_as_pyyaml_does_it(documents):
    judge_layout(documents)


@pytest.mark.slow
@settings(derandomize=True, max_examples=examples(1000), deadline=None)
@given(st.lists(DATA, min_size=1, max_size=3))
def test_a_thousand_documents_are(documents):
    judge_layout(documents)


def judge_layout(documents):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "_add_map", refuse_to_lay_out)
        whole = dump_documents(documents, ["heading"])
    assert dump_documents(documents, ["heading"]) == whole


def refuse_to_lay_out(*_):
    raise manifest._NotSimpleError


@settings(derandomize=True, max_examples=examples(60), deadline=None)
@given(st.lists(DATA, min_size=1, max_size=3))
def test_the_dumper_in_c_and_the_one_in_python_write_the_same_bytes(documents):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "_add_map", refuse_to_lay_out)
        in_use = dump_documents(documents)
        patch.setattr(scalars, "_DUMPER", yaml.SafeDumper)
        assert dump_documents(documents) == in_use


@settings(derandomize=True, max_examples=examples(1000), deadline=None)
@given(ANY_TEXT | ASCII_TEXT)
def test_what_is_spelled_without_pyyaml_is_spelled_alike(text):
    spelled = scalars.value_text(text)
    if spelled is not None:
        assert spelled == scalars.spell_by_pyyaml(text)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scalars, "_DUMPER", yaml.SafeDumper)
            assert spelled == scalars.spell_by_pyyaml(text)


@pytest.mark.parametrize("before", ["", "a", "-"])
def test_every_pair_of_characters_is_spelled_as_pyyaml_does_it(before):
    for text in (f"{before}{first}{second}" for first in ASCII for second in ("", *ASCII)):
        assert scalars.value_text(text) == scalars.spell_by_pyyaml(text)


@settings(derandomize=True, max_examples=examples(100), deadline=None)
@given(st.lists(DATA, min_size=1, max_size=3))
def test_shared_parts_are_laid_out_like_others_at_every_depth(documents):
    for data in ([*documents, *documents], [{"a": data, "b": [{"c": data}]} for data in documents]):
        both = [dump_documents(shared(data)), dump_documents(shared(data) + shared(data))]
        assert both == [dump_documents(data), dump_documents(data) * 2]


def shared(data):
    """The same data, its maps and lists shared and each the same object wherever it is the same."""
    if isinstance(data, dict):
        return SharedMap({key: shared(value) for key, value in data.items()})
    return SharedList([shared(item) for item in data]) if isinstance(data, list) else data


@pytest.mark.parametrize(
    "text",
    ["yes", "No", "ON", "y", "n", "true", "null", "~", "", "1", "-1", "1e3", "1.5", ".5", "0x10", "0o17", "0777", "08", "1_000",
     "12:30:45", "2024-01-01", "2024-01-01T00:00:00Z", ".inf", "-.INF", ".NaN", "=", "<<", "8Gi", "1.2.3"],
)  # fmt: skip
def test_text_that_a_reader_takes_for_something_else_is_quoted(text):
    assert dump_documents([{"a": text}]) == f"---\na: '{text}'\n"


def test_long_text_stays_on_one_line():
    assert dump_documents([{"a": "word " * 400 + "end"}]).count("\n") == 2


def test_several_lines_are_readable():
    assert dump_documents([{"a": "b: 1\n\nc:\n  - $x\n"}]) == "---\na: |\n  b: 1\n\n  c:\n    - $x\n"


def test_what_is_there_twice_is_written_twice():
    both = {"gpu": "2"}
    assert dump_documents([{"a": both, "b": both}]) == "---\na:\n  gpu: '2'\nb:\n  gpu: '2'\n"


@pytest.mark.parametrize("data", [{"a": None}, {"a": [None]}, {None: "a"}])
def test_none_is_a_mistake(data):
    with pytest.raises(TypeError, match="no null"):
        dump_documents([data])


def test_other_objects_are_a_mistake():
    with pytest.raises(TypeError, match="not date"):
        dump_documents([{"a": dt.date(2024, 1, 1)}])
