from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.emit.go_templates import escape_templates
from tests.examples import examples

from .cases import HOSTILE_TEXTS
from .crds import evaluate_templates


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, "{{{", "{{{{", "{{- x -}}", "{{/* x */}}", "}}{{", "{{`"])
def test_a_text_comes_back_from_the_template_it_stands_in(text):
    # The controllers put the object into JSON, run the template, and read the JSON again.
    assert json.loads(evaluate_templates(json.dumps(escape_templates({"a": [text]})))) == {"a": [text]}


@settings(derandomize=True, max_examples=examples(60), deadline=None)
@given(st.text('{}`-/*. "\\a'))
def test_any_text_comes_back(text):
    assert json.loads(evaluate_templates(json.dumps(escape_templates([text])))) == [text]


def test_what_is_no_text_stays():
    assert escape_templates({"a": [1, True, {"{{": "b"}]}) == {"a": [1, True, {"{{": "b"}]}
