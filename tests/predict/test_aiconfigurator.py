"""The adapter of aiconfigurator: what is asked, what comes back, what is refused; and the package itself, where it is."""

import importlib.util
from types import SimpleNamespace

import pytest

from autotune.diagnostics import InputError
from autotune.metrics import Load
from autotune.predict import PREDICTORS, Aiconfigurator
from autotune.predict.aiconfigurator import VERSION, arguments
from tests.predict.points import config_for, facts_for

LOAD = Load("D(1024,256)", 32)


def predict(config, facts, load=LOAD, ttft=100.0, tpot=10.0):
    asked = []

    def estimate(model, system, **more):
        asked.append((model, system, more))
        return SimpleNamespace(ttft=ttft, tpot=tpot)

    return Aiconfigurator(estimate).predict(config, facts, load), asked


def test_units_and_rates_are_ours():
    found, ((model, system, asked),) = predict(config_for(parallel={"tp": 2}), facts_for(engine="vllm"))
    measured = found.measurement
    assert (measured.kind, found.predictor) == ("predicted", "aiconfigurator")
    assert "TPOT is off by 13 to 36 %" in found.expected_error
    assert (measured.ttft_ms, measured.tpot_ms) == ({"mean": 100.0}, {"mean": 10.0})
    assert measured.e2e_latency_ms["mean"] == pytest.approx(100 + 255 * 10)
    assert measured.output_tokens_per_s == pytest.approx(32 * 256 * 1000 / 2650)
    assert measured.output_tokens_per_s_per_gpu == pytest.approx(measured.output_tokens_per_s / 2)
    assert (model, system) == ("meta-llama/Llama-3.1-8B-Instruct", "h100_sxm")
    assert {name: asked[name] for name in ("backend_name", "isl", "osl", "batch_size", "tp_size", "attention_dp_size")} == {
        "backend_name": "vllm", "isl": 1024, "osl": 256, "batch_size": 32, "tp_size": 2, "attention_dp_size": 1,
    }  # fmt: skip


def test_a_batch_is_that_of_one_replica_and_formats_have_their_names():
    config = config_for(
        parallel={"tp": 1, "dp": 4, "ep": 4}, quantization={"gemm_mode": "fp8_block", "kvcache_mode": "fp8_e4m3"}
    )
    asked = arguments(config, facts_for("Qwen/Qwen3-30B-A3B", engine="vllm"), LOAD)
    assert (asked["batch_size"], asked["attention_dp_size"], asked["tp_size"]) == (8, 4, 1)
    assert (asked["moe_ep_size"], asked["moe_tp_size"]) == (4, 1)
    assert (asked["gemm_quant_mode"], asked["moe_quant_mode"], asked["kvcache_quant_mode"]) == (
        "fp8_block",
        "fp8_block",
        "fp8",
    )
    assert arguments(config_for(), facts_for(), LOAD)["gemm_quant_mode"] is None, "the checkpoint's own"


@pytest.mark.parametrize(
    ("config", "facts", "load", "words"),
    [
        ({}, {"engine": "transformers"}, LOAD, "engine transformers"),
        ({"quantization": {"gemm_mode": "w8a8"}}, {}, LOAD, "quantization.gemm_mode=w8a8"),
        ({}, {}, Load("D(1024,256)", None, 4.0), "no request rate"),
        ({"system": {"serving_mode": "disagg"}}, {}, LOAD, "aggregated"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(config, facts, load, words):
    with pytest.raises(InputError, match="AT064") as error:
        predict(config_for(**config), facts_for(**facts), load)
    assert words in str(error.value)


def test_its_own_refusals_are_one_line_and_name_the_other_predictor():
    def estimate(*_, **__):
        raise ValueError("no data\n for this")

    with pytest.raises(InputError, match="no data for this") as error:
        Aiconfigurator(estimate).predict(config_for(), facts_for(), LOAD)
    assert "roofline" in error.value.diagnostics[0].help
    with pytest.raises(InputError, match="AT064"):
        Aiconfigurator(estimate).timing(config_for(), facts_for())


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "aiconfigurator.cli.api", None)
    with pytest.raises(InputError, match=r"AT030.*0\.12\.0") as error:
        PREDICTORS["aiconfigurator"].predict(config_for(), facts_for(), LOAD)
    assert "llm-autotune[predict]" in error.value.diagnostics[0].help


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(
    importlib.util.find_spec("aiconfigurator") is None, reason=f"aiconfigurator {VERSION} is not installed"
)
def test_the_package_itself_answers_anew_for_each_config():
    facts = facts_for("Qwen/Qwen3-32B", "h100_sxm", "trtllm")
    narrow, wide, fp8 = (
        PREDICTORS["aiconfigurator"].predict(config_for(**groups), facts, LOAD).measurement
        for groups in (
            {"parallel": {"tp": 2}},
            {"parallel": {"tp": 4}},
            {"parallel": {"tp": 2}, "quantization": {"gemm_mode": "fp8"}},
        )
    )
    assert 5 < wide.tpot_ms["mean"] < narrow.tpot_ms["mean"] < 60
    assert fp8.tpot_ms["mean"] < narrow.tpot_ms["mean"], "a stale backend would answer as before"
    roofline = PREDICTORS["roofline"].predict(config_for(parallel={"tp": 2}), facts, LOAD).measurement
    assert 0.5 < roofline.tpot_ms["mean"] / narrow.tpot_ms["mean"] < 2
    with pytest.raises(InputError, match="AT064"):
        PREDICTORS["aiconfigurator"].predict(config_for(), facts_for("Qwen/Qwen3-32B", "rtx_4090", "trtllm"), LOAD)
