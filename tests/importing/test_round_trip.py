"""Any config, lowered, is found again and imported: the imported task lowers to the very same server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.engines import ENGINES
from autotune.engines.known import known_versions
from tests.engines.random_configs import EVERYDAY, THOROUGH, configs
from tests.engines.samples import DENSE, MOE, config
from tests.importing.round_trip import facts_for, imported_again, refused, taken_apart

GPUS = st.sampled_from(["h100_sxm", "a100_sxm", "b200_sxm", "mi300x"])
PLACES = st.sampled_from([(engine, version) for engine in ENGINES for version in known_versions(engine)])
#: Names that no server can be started with, and texts that a task refuses, are not what is tested here.
NOT_NAMES = ("model.id", "model.path", "model.aliases")


def judge(drawn, engine, version, gpu):
    facts = facts_for(engine, drawn.model.id, gpu, version)
    lowered = ENGINES[engine].lower(drawn, facts)
    if "${" in repr(lowered.deployment) or any(
        item.path in NOT_NAMES and item.code == "AT003" for item in lowered.diagnostics
    ):
        return
    imported, again = imported_again(lowered.deployment, facts, **{"model.id": drawn.model.id})
    command, flags, env, files = taken_apart(lowered.deployment)
    if imported.keeps_file:
        # Of a file with an entry that no path means, the path is kept, and the import says so.
        assert any("no config path" in part.note for part in refused(imported))
        files = {}
    assert taken_apart(again) == (command, flags, env, files)


@EVERYDAY
@given(configs(), PLACES, GPUS)
def test_any_config_comes_back(drawn, place, gpu):
    judge(drawn, *place, gpu)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_thousand_come_back(engine):
    places = st.sampled_from(known_versions(engine))

    @THOROUGH
    @given(configs(), places, GPUS)
    def come_back(drawn, version, gpu):
        judge(drawn, engine, version, gpu)

    come_back()


def test_what_paths_say_comes_back_as_paths():
    """Not one flag of a plain config is left over: the engines' tables are read backwards, all of them."""
    plain = {
        "parallel": {"tp": 4, "pp": 2, "dp": 2},
        "quantization": {"kvcache_mode": "fp8_e4m3", "gemm_mode": "fp8"},
        "memory": {"mem_fraction_static": 0.85, "page_size": 32, "cpu_offload_gb": 8.0, "prefix_caching": False},
        "scheduling": {"max_running_requests": 64, "max_batched_tokens": 8192, "policy": "fcfs"},
        "attention": {"backend": "flashinfer"},
        "misc": {
            "dtype": "bfloat16", "context_length": 32768, "trust_remote_code": True, "cuda_graph_sizes": [1, 2, 4],
            "speculative": {"method": "eagle3", "num_tokens": 3, "model": "draft/er"},
            "reasoning_parser": "qwen3", "seed": 7,
        },
    }  # fmt: skip
    for engine in ("vllm", "sglang"):
        version = known_versions(engine)[-1]
        facts = facts_for(engine, DENSE, "h100_sxm", version)
        deployment = ENGINES[engine].lower(config(**plain), facts).deployment
        imported, again = imported_again(deployment, facts)
        assert imported.kept == {}
        found = {".".join(item.path): item.value for item in imported.settings}
        assert found["memory.mem_fraction_static"] == 0.85
        assert found["misc.speculative"] == plain["misc"]["speculative"]
        assert found["memory.cpu_offload_gb"] == pytest.approx(8.0, rel=0.08)
        assert taken_apart(again) == taken_apart(deployment)


def test_experts_are_spread_over_the_ranks():
    facts = facts_for("vllm", MOE, "h100_sxm", known_versions("vllm")[-1])
    deployment = ENGINES["vllm"].lower(config(MOE, parallel={"tp": 4, "dp": 2, "ep": 8}), facts).deployment
    imported, _ = imported_again(deployment, facts)
    assert {item.path: item.value for item in imported.settings}[("parallel", "ep")] == 8


def test_attention_groups_of_sglang_are_not_replicas():
    facts = facts_for("sglang", "deepseek-ai/DeepSeek-V3", "h200_sxm", "0.5.12")
    given_config = config(
        "deepseek-ai/DeepSeek-V3",
        parallel={"tp": 8, "dp": 4, "dp_attention": True},
        scheduling={"max_running_requests": 16},
    )
    deployment = ENGINES["sglang"].lower(given_config, facts).deployment
    assert deployment.argv[deployment.argv.index("--max-running-requests") + 1] == "64"
    imported, _ = imported_again(deployment, facts)
    found = {".".join(item.path): item.value for item in imported.settings}
    assert (found["parallel.dp"], found["parallel.dp_attention"], found["scheduling.max_running_requests"]) == (
        4,
        True,
        16,
    )
