"""Budgets: what is committed holds, what exceeds them is said, and the README shows what was measured."""

import importlib.util
import json
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
loader = SourceFileLoader("benchmarks_check", str(BENCHMARKS / "check"))
check = importlib.util.module_from_spec(importlib.util.spec_from_loader("benchmarks_check", loader))
loader.exec_module(check)


@pytest.fixture
def place(tmp_path):
    def put(budgets, **figures):
        (tmp_path / "budgets.json").write_text(json.dumps(budgets))
        (tmp_path / "figures").mkdir()
        for name, ratios in figures.items():
            (tmp_path / "figures" / f"{name}.json").write_text(json.dumps({"name": name, "ratios": ratios}))
        return ["--budgets", str(tmp_path / "budgets.json"), "--figures", str(tmp_path / "figures")]

    return put


def test_a_quarter_over_the_budget_holds(place, capsys):
    assert check.main(place({"one": {"a / b": 2.0}}, one={"a / b": 2.5})) == 0
    assert capsys.readouterr().out == "all 1 budgets hold\n"


@pytest.mark.parametrize(("measured", "shown"), [({"a / b": 2.51}, "2.51"), ({}, "missing"), ({"a / b": float("nan")}, "nan")])  # fmt: skip
def test_more_than_that_is_told_and_fails(place, capsys, measured, shown):
    assert check.main(place({"one": {"a / b": 2.0, "fine": 1.0}}, one={"fine": 0.5, **measured})) == 1
    out = capsys.readouterr().out
    assert "1 of 2 budgets do not hold" in out
    assert "a / b" in out
    assert shown in out
    assert "fine" not in out


def test_what_is_committed_is_within_its_budgets(capsys):
    assert check.main([]) == 0, capsys.readouterr().out


def test_the_readme_shows_what_is_committed():
    text = (BENCHMARKS.parent / "README.md").read_text()
    budgets = json.loads((BENCHMARKS / "budgets.json").read_text())
    assert check.with_table(text, budgets, check.read_figures(BENCHMARKS / "figures")) == text


def test_a_text_without_its_marks_is_refused():
    with pytest.raises(SystemExit, match="lacks the lines"):
        check.with_table("no marks", {}, {})
