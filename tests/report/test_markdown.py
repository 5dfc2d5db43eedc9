from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from autotune.report import Reported
from autotune.report.markdown import MAX_CHARACTERS, render_markdown
from autotune.store import Failure, RunInputs
from tests.report.results import failed, measurement, result, run
from tests.report.test_html import RESULTS, thousand

MACHINE = {"autotune": "0.1.0", "python": "3.11.7", "gpus": ["NVIDIA H100"] * 2, "gpu_driver": "570.1",
           "git": {"commit": "0123abcd", "dirty": True}}  # fmt: skip
FOLDS = ("1 point did not run", "What each setting did", "Where it ran, and how to run it again")
HOSTILE = "@everyone </details>\n\n# <b>x</b> | ``` `y` #1 http://evil.example"


def render(results, **more):
    fields = {"environment": MACHINE, "inputs": RunInputs(("parallel.tp=1,2,4",), multirun=True)}
    return render_markdown([Reported(run(results, **(fields | more)), tuple(results))])


def parsed(text):
    return MarkdownIt("commonmark").enable("table").parse(text)


def outside_of_code(text):
    """What a renderer takes for text and for HTML."""
    children = [child for token in parsed(text) for child in token.children or ()]
    return "\n".join(
        token.content for token in [*parsed(text), *children] if token.type in ("text", "html_block", "html_inline")
    )


def test_golden(golden):
    slo = {"slo": {"tpot": {"mean": {"threshold": 10.0}}}}
    golden("report.md", render([replace(item, config=item.config | slo) for item in RESULTS]))


def test_what_was_not_measured_is_said_loudly():
    assert "NOT MEASURED" not in render(RESULTS)
    text = render([result(kind="emulated", measurements=[measurement(kind="emulated")])])
    assert "> **EMULATED, NOT MEASURED.**" in text
    assert "Some points here were PREDICTED" in render([RESULTS[0], result("z", kind="predicted")])


def test_hostile_text_stays_in_code():
    failure = Failure("start_crash", HOSTILE, HOSTILE, HOSTILE)
    results = [
        result("a", (f"model.id={HOSTILE}",), [measurement()], model=HOSTILE),
        result("b", ("model.id=x",), [measurement()], model=HOSTILE),
        result("c", (HOSTILE,), status="failed", failure=failure),
    ]
    text = outside_of_code(render(results, environment={"host": HOSTILE}, inputs=RunInputs((HOSTILE,))))
    for bad in ("@everyone", "<b>", "evil.example", "#1"):
        assert bad not in text
    html = {token.content.strip() for token in parsed(render(results)) if token.type == "html_block"}
    assert html <= {"</details>", *(f"<details>\n<summary>{title}</summary>" for title in FOLDS)}
    assert sum(token.type == "table_open" for token in parsed(render(results))) == 4


@pytest.mark.slow
def test_a_thousand_points_fit_into_a_comment():
    text = render(thousand())
    assert len(text) < MAX_CHARACTERS
    assert "980 done, 20 failed" in text
    assert "and " in text


def test_what_does_not_fit_is_left_out_and_that_is_said():
    many = [
        replace(failed(f"p{n}"), failure=Failure("start_crash", "x" * n, "y" * 400, "z" * 5000)) for n in range(1, 30)
    ]
    reports = [Reported(run(many), tuple(many))] * 5
    text = render_markdown(reports)
    assert len(text) < MAX_CHARACTERS
    assert "The rest is left out" in text


def test_secrets_are_not_in_it():
    token = "hf_" + "q" * 32
    results = [failed(overrides=(f"misc.env.A={token}",)), failed("b", ("misc.env.API_KEY=key-1",))]
    text = render(results, inputs=RunInputs(("misc.env.API_KEY=key-1",)), environment={"host": token})
    assert token not in text
    assert "key-1" not in text


def test_a_run_without_measurements():
    assert "No load is on the frontier" in render([])
    assert "1 point did not run" in render([failed()])
