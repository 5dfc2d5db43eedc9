import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.report.github import block, code, fold, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tp=2", "`tp=2`"),
        ("", ""),
        (" \n ", ""),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a|b", "`a\\|b`"),
        ("two\nlines", "`two lines`"),
        ("\x1b[31mred", "`red`"),
    ],
)
def test_code_spans(text, shown):
    assert code(text) == shown


def test_long_texts_are_cut():
    assert len(code("x" * 5000)) < 170
    assert len(code("x" * 5000, 500)) > 400


@given(st.text())
def test_nothing_leaves_a_span(text):
    shown = code(text)
    if shown:
        fence = re.match("`+", shown)[0]
        inner = shown[len(fence) : -len(fence)]
        assert shown.endswith(fence)
        assert all(len(run) != len(fence) for run in re.findall("`+", inner))
        assert "\n" not in shown
        assert not re.search(r"(?<!\\)\|", shown)


@given(st.text())
def test_nothing_leaves_a_block(text):
    lines = block(text).split("\n")
    assert re.fullmatch("`{3,}", lines[0])
    assert lines[-1] == lines[0]
    assert all(len(run) < len(lines[0]) for line in lines[1:-1] for run in re.findall("`+", line))


def test_tables_and_folds():
    assert table(["a", "b"], [["1", "2"]], [False, True]) == "| a | b |\n| --- | --: |\n| 1 | 2 |"
    assert fold("What", "body") == "<details>\n<summary>What</summary>\n\nbody\n\n</details>"
