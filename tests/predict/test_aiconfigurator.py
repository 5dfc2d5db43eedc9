import json
from dataclasses import replace
from importlib import metadata

import pytest

from autotune.catalog import get_model
from autotune.cli import main
from autotune.metrics import Load
from autotune.predict import PREDICTORS, Aiconfigurator, UnpredictableError
from autotune.predict import aiconfigurator as adapter
from autotune.predict.aiconfigurator_request import translate
from autotune.predict.efficiency import Efficiency
from tests.predict.points import config_for, facts_for

KNOWN = {"Qwen/Qwen3-32B", "deepseek-ai/DeepSeek-R1", "meta-llama/Meta-Llama-3.1-8B", "openai/gpt-oss-120b"}


def request(model="Qwen/Qwen3-32B", gpu="h100_sxm", engine="vllm", *, load=None, **groups):
    config = config_for(**{"benchmark": {"max_requests": 1000}, **groups})
    return translate(
        config, facts_for(model, gpu, engine), load or Load("D(1024,512)", 32), lambda: KNOWN, Efficiency()
    )


def refusal(*args, **settings):
    with pytest.raises(UnpredictableError) as caught:
        request(*args, **settings)
    (found,) = caught.value.diagnostics
    assert found.code == "AT064"
    return found


def test_a_server_and_its_load_in_aiconfigurators_words():
    found = request(parallel={"tp": 4}, scheduling={"max_batched_tokens": 512}, runtime={"prefix": 100})
    assert (found.model, found.system, found.backend) == ("Qwen/Qwen3-32B", "h100_sxm", "vllm")
    assert (found.tp, found.pp, found.attention_dp, found.in_service) == (4, 1, 1, 32)
    assert (found.isl, found.osl, found.prefix, found.batch_size, found.ctx_tokens) == (1024, 512, 100, 32, 512)
    assert (found.gemm, found.moe, found.kvcache) == (None, None, None)
    assert request().ctx_tokens == 1024
    assert request(load=Load("U(819,1024)/(410,512)", 32)).isl == 922


def test_the_batch_is_of_one_rank_and_stage_and_no_more_than_may_run():
    assert request(parallel={"tp": 2, "pp": 2}).batch_size == 16
    limited = request(scheduling={"max_running_requests": 8})
    assert (limited.batch_size, limited.in_service, limited.concurrency) == (8, 8, 32)
    assert request(memory={"max_total_tokens": 1280 * 5}).batch_size == 5
    assert request(benchmark={"max_requests": 10}).batch_size == 10
    replicas = request(parallel={"dp": 4})
    assert (replicas.attention_dp, replicas.batch_size, replicas.in_service) == (1, 8, 32)


@pytest.mark.parametrize(
    ("engine", "parallel", "sizes"),
    [
        ("vllm", {"tp": 8}, (8, 1, 8, 1, 32)),
        ("vllm", {"tp": 8, "ep": 8}, (8, 1, 1, 8, 32)),
        ("vllm", {"tp": 1, "dp": 8, "ep": 8}, (1, 8, 1, 8, 4)),
        ("sglang", {"tp": 8, "ep": 4}, (8, 1, 2, 4, 32)),
        ("sglang", {"tp": 8, "dp": 8, "ep": 8, "dp_attention": True}, (1, 8, 1, 8, 4)),
        ("sglang", {"tp": 8, "dp": 2}, (8, 1, 8, 1, 16)),
        ("trtllm", {"tp": 8, "ep": 2, "dp_attention": True}, (1, 8, 4, 2, 4)),
    ],
)
def test_experts_and_attention_are_spread_as_the_engine_does(engine, parallel, sizes):
    found = request("deepseek-ai/DeepSeek-R1", "h200_sxm", engine, parallel=parallel)
    assert (found.tp, found.attention_dp, found.moe_tp, found.moe_ep, found.batch_size) == sizes
    assert found.tp * found.attention_dp == found.moe_tp * found.moe_ep


def test_a_model_that_it_does_not_know_is_asked_for_by_its_shape_and_formats():
    fp8 = request("Qwen/Qwen3-32B-FP8")
    assert (fp8.model, fp8.gemm, fp8.kvcache) == ("Qwen/Qwen3-32B", "fp8_block", "bfloat16")
    fp4 = request("nvidia/DeepSeek-R1-0528-NVFP4-v2", "b200_sxm", parallel={"tp": 8})
    assert (fp4.model, fp4.gemm, fp4.moe) == ("deepseek-ai/DeepSeek-R1", "nvfp4", "nvfp4")
    llama = request("meta-llama/Llama-3.1-8B-Instruct")
    assert (llama.model, llama.gemm) == ("meta-llama/Meta-Llama-3.1-8B", "bfloat16")


def test_formats_that_were_asked_for_are_said():
    dense = request(quantization={"gemm_mode": "fp8", "kvcache_mode": "fp8_e4m3"})
    assert (dense.gemm, dense.kvcache) == ("fp8", "fp8")
    sparse = request("openai/gpt-oss-120b", quantization={"kvcache_mode": "fp8"})
    assert (sparse.gemm, sparse.moe, sparse.kvcache) == (None, None, "fp8")
    assert request("openai/gpt-oss-120b", "b200_sxm").moe == "w4a8_mxfp4_mxfp8"


def test_speculated_tokens_are_said_with_how_many_are_kept():
    found = request("deepseek-ai/DeepSeek-R1", parallel={"tp": 8}, runtime={"nextn": 2})
    assert (found.nextn, found.tokens_per_iteration) == (2, pytest.approx(1 + 0.7 + 0.49))
    assert request().tokens_per_iteration == 1.0


def test_what_it_cannot_say_is_an_error_with_its_place():
    assert "no tables of transformers" in refusal(engine="transformers").message
    assert refusal(load=Load("D(10,10)", None, 2.0)).path == "benchmark.request_rate"
    assert "shape of google/gemma-3-4b-it" in refusal("google/gemma-3-4b-it").message
    assert refusal(quantization={"gemm_mode": "mxfp8"}).path == "quantization.gemm_mode"
    assert refusal(quantization={"kvcache_mode": "nvfp4"}).path == "quantization.kvcache_mode"
    assert refusal(parallel={"cp": 2}).path == "parallel.cp"
    assert refusal(system={"serving_mode": "disagg"}).path == "system.serving_mode"


@pytest.mark.parametrize(("version", "says"), [(None, "is not installed"), ("0.11.0", "is 0.11.0, and this version")])
def test_without_the_package_the_extra_is_named(monkeypatch, capsys, version, says):
    def installed(_):
        if version is None:
            raise metadata.PackageNotFoundError
        return version

    monkeypatch.setattr(adapter.metadata, "version", installed)
    adapter._models.cache_clear()
    assert main(["predict", "--predictor", "aiconfigurator", "system.gpu=h100_sxm"]) == 2
    said = capsys.readouterr()
    assert "error[AT030]" in said.err
    assert says in said.err
    assert "pip install 'llm-autotune[predict]'" in said.err
    assert said.out == ""
    adapter._models.cache_clear()


def missing():
    try:
        return metadata.version("aiconfigurator-core") != adapter.VERSION
    except metadata.PackageNotFoundError:
        return True


real = pytest.mark.skipif(
    missing(),
    reason="aiconfigurator-core 0.12.0 is not installed here: pip install 'llm-autotune[predict]'",
)


@real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "gpu", "engine", "parallel"),
    [
        ("Qwen/Qwen3-32B", "h100_sxm", "vllm", {"tp": 2}),
        ("Qwen/Qwen3-32B-FP8", "h200_sxm", "trtllm", {"tp": 2}),
        ("deepseek-ai/DeepSeek-R1-0528", "h200_sxm", "sglang", {"tp": 8, "ep": 8}),
        ("meta-llama/Llama-3.1-8B-Instruct", "a100_sxm", "vllm", {"tp": 1}),
    ],
)
def test_the_real_package_and_the_roofline_are_not_far_apart(model, gpu, engine, parallel):
    """Units are right: both are means in ms and tokens/s of one load, within a factor of three of each other."""
    config, facts = config_for(parallel=parallel, benchmark={"max_requests": 1000}), facts_for(model, gpu, engine)
    load = Load("D(1024,512)", 16)
    found, ours = (PREDICTORS[name].predict(config, facts, load).measurement for name in ("aiconfigurator", "roofline"))
    assert found.kind == "predicted"
    for mine, theirs in zip(found.metrics().items(), ours.metrics().items(), strict=True):
        assert mine[0] == theirs[0]
        assert theirs[1] / 3 < mine[1] < theirs[1] * 3, mine[0]
    assert found.requests_per_s * found.e2e_latency_ms["mean"] / 1000 == pytest.approx(16)


@real
@pytest.mark.slow
def test_every_config_gets_its_own_answer_and_the_same_one_again():
    """A backend object of aiconfigurator answers for the last model it saw; sharing one would repeat the first figures."""
    facts, load = facts_for("Qwen/Qwen3-32B", "h100_sxm"), Load("D(1024,512)", 16)
    ask = [config_for(parallel={"tp": size}) for size in (2, 4, 2)]
    two, four, again = (Aiconfigurator().predict(config, facts, load).measurement.tpot_ms["mean"] for config in ask)
    assert two > 1.3 * four
    assert again == two


@real
@pytest.mark.slow
def test_a_prediction_says_by_whom_and_from_which_tables():
    facts = replace(facts_for("Qwen/Qwen3-32B", "h100_sxm"), engine_version="0.12.0")
    found = Aiconfigurator().predict(config_for(parallel={"tp": 2}), facts, Load("D(1024,512)", 16))
    assert found.label == "aiconfigurator 0.12.0, uncalibrated"
    assert found.expected_error.startswith("from tables of vllm 0.24.0; ")


@real
@pytest.mark.slow
def test_requests_that_the_server_does_not_hold_wait_outside():
    facts, load = facts_for("Qwen/Qwen3-32B", "h100_sxm"), Load("D(1024,512)", 64)

    def ask(**scheduling):
        config = config_for(parallel={"tp": 2}, scheduling=scheduling, benchmark={"max_requests": 1000})
        return Aiconfigurator().predict(config, facts, load).measurement

    every, few = ask(), ask(max_running_requests=16)
    assert few.tpot_ms["mean"] < every.tpot_ms["mean"]
    assert few.ttft_ms["mean"] > 5 * every.ttft_ms["mean"]
    assert few.requests_per_s * few.e2e_latency_ms["mean"] / 1000 == pytest.approx(64)


@real
@pytest.mark.slow
def test_gpus_without_tables_are_refused_with_those_that_have_some(capsys):
    words = ("predict", "--predictor", "aiconfigurator", "model.id=Qwen/Qwen3-8B", "--format", "json")
    assert main([*words, "system.gpu=mi300x"]) == 2
    said = capsys.readouterr()
    assert "AT064" in said.err
    assert "h200_sxm" in said.err
    assert main([*words, "system.gpu=h100_sxm,mi300x", "-m"]) == 1
    said = capsys.readouterr()
    rows = json.loads(said.out)
    assert {row["overrides"][-1] for row in rows} == {"system.gpu=h100_sxm"}
    assert {(row["predictor"], row["predictor_version"]) for row in rows} == {("aiconfigurator", "0.12.0")}
    assert rows[0]["relative_errors"]["tpot_ms.mean"] > 0
    assert "AT064" in said.err


def test_models_alike_in_shape_are_those_that_differ_in_nothing_that_is_computed():
    v3, r1, r1_nvfp4 = (get_model(name) for name in ("DeepSeek-V3", "DeepSeek-R1", "nvidia/DeepSeek-R1-0528-NVFP4-v2"))
    assert {request(item.id, parallel={"tp": 8}).model for item in (v3, r1, r1_nvfp4)} == {"deepseek-ai/DeepSeek-R1"}
