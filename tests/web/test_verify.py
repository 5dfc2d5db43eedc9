"""The page of verification."""

from dataclasses import replace

import pytest

from tests.web.client import serving, words
from tests.web.stored import hostile, store_with, sweep


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    place = tmp_path_factory.mktemp("verify")
    nowhere = [
        replace(item, config=item.config | {"system": item.config["system"] | {"gpu": "auto"}})
        for item in sweep("run-n")
    ]
    store_with(place / "web.db", sweep(), sweep("run-2", "emulated"), nowhere, hostile("run-h"))
    with pytest.MonkeyPatch.context() as patch, serving(place, patch) as found:
        yield found


def test_runs_are_offered_and_emulated_ones_are_refused_with_the_reason(client):
    page = client.get("/verify")
    assert 'value="run-1"' in page.text
    answer = client.get("/verify?run=run-2")
    assert answer.status_code == 422
    assert "run run-2 was emulated" in words(answer.text)


def test_a_verdict_with_errors_rank_correlation_plots_and_pairs(client):
    page = client.get("/verify?run=run-1")
    shown = words(page.text)
    assert "roofline" in shown
    assert "Spearman" in shown
    assert "against 18 loads on 6 points, measured in run-1" in shown
    assert page.text.count("<figure>") == page.text.count("<svg viewBox") >= 3
    assert "All pairs" in shown


def test_a_gpu_completes_a_run_that_does_not_say(client):
    assert "does not say on which GPU" in words(client.get("/verify?run=run-n").text)
    assert client.get("/verify?run=run-n&gpu=H100-SXM").status_code == 200
    wrong = client.get("/verify?run=run-n&gpu=h100_sxn,x=1")
    assert wrong.status_code == 422
    assert "unknown GPU" in words(wrong.text)


@pytest.mark.parametrize(
    "query", ["calibration=/etc/passwd", "calibration=../../x", "predictor=<b>none</b>", "run=nope"]
)
def test_names_of_nothing_are_refused(client, query):
    answer = client.get(f"/verify?run=run-1&{query}")
    assert answer.status_code in (404, 422)
    assert "<b>none" not in answer.text
    assert "root:" not in answer.text


def test_hostile_names_are_text(client):
    answer = client.get("/verify?run=run-h")
    assert "<script>alert" not in answer.text
