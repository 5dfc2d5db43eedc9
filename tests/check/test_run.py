from autotune.check import CHECKS, run_checks
from autotune.diagnostics import CODES, Source, Writer
from tests.catalog.facts_for import config_for, facts_for


def test_a_sound_point_has_no_findings():
    config = config_for(
        parallel={"tp": 4}, system={"num_gpus": 4}, quantization={"gemm_mode": "fp8", "kvcache_mode": "fp8_e4m3"},
        runtime={"isl": 4000, "osl": 500}, misc={"context_length": 32768}, memory={"mem_fraction_static": 0.85}, scheduling={"max_running_requests": 8},
        deploy={"hf_token_secret": "hub"},
    )  # fmt: skip
    for engine in ("vllm", "sglang", "trtllm"):
        assert run_checks(config, facts_for("Llama-3.1-70B-Instruct", engine=engine), {}) == []


def test_all_findings_come_at_once_each_with_its_writer():
    config = config_for(
        parallel={"tp": 3, "pp": 100}, misc={"context_length": 10**6}, quantization={"gemm_mode": "w4a16"}
    )
    layer = Writer(Source.PROFILE, file="profiles/mine.yaml", line=7, profile="mine", layer="big")
    typed = Writer(Source.USER, override="misc.context_length=1000000")
    found = run_checks(config, facts_for("Llama-3.1-8B-Instruct"), {"parallel.tp": layer, "misc.context_length": typed})
    by_code = {item.code: item for item in found}
    assert {"AT012", "AT014", "AT015", "AT018", "AT019"} <= set(by_code)
    assert by_code["AT012"].writer == layer
    assert by_code["AT019"].writer == typed
    assert by_code["AT014"].writer is None


def test_a_number_of_gpus_that_nobody_reserved_is_not_idle():
    config, facts = config_for(parallel={"tp": 2}, system={"num_gpus": 8}), facts_for("Qwen3-8B")
    derived = {"system.num_gpus": Writer(Source.BASE)}
    typed = {"system.num_gpus": Writer(Source.USER, override="system.num_gpus=8")}
    assert run_checks(config, facts, derived) == []
    assert [item.code for item in run_checks(config, facts, typed)] == ["AT103"]


def test_checks_do_not_fail_on_odd_but_valid_configs():
    odd = config_for(
        parallel=dict.fromkeys(("tp", "pp", "dp", "ep", "moe_tp", "moe_ep", "cp", "dcp"), 7),
        memory={"max_total_tokens": 1},
    )
    for model in ("Qwen3-0.6B", "DeepSeek-V3", "gpt-oss-20b", "gemma-3-4b-it"):
        for engine in ("vllm", "sglang", "trtllm", "transformers"):
            for gpu in ("l4", "cpu", "mi300x"):
                assert all(item.code in CODES for item in run_checks(odd, facts_for(model, gpu, engine), {}))


def test_the_table_holds_every_check_once():
    assert len(set(CHECKS)) == len(CHECKS)
