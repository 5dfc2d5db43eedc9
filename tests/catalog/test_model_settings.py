import pytest

from autotune.catalog import kwargs_for, list_models
from autotune.catalog.model_settings import REASONING, SETTINGS, TOOLS
from autotune.engines import ENGINES
from autotune.engines.known import known_flags
from autotune.schema import Config, is_known

FLAGS = {TOOLS: "--tool-call-parser", REASONING: "--reasoning-parser"}


@pytest.mark.parametrize(
    ("model", "engine", "expected"),
    [
        ("Qwen/Qwen3-32B", "vllm", {TOOLS: "hermes", REASONING: "qwen3"}),
        ("Qwen/Qwen3-32B", "sglang", {TOOLS: "qwen25", REASONING: "qwen3"}),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", "vllm", {TOOLS: "hermes"}),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "vllm", {TOOLS: "qwen3_xml"}),
        ("meta-llama/Llama-3.1-8B-Instruct", "vllm", {TOOLS: "llama3_json"}),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "vllm", {TOOLS: "llama4_pythonic"}),
        ("openai/gpt-oss-20b", "vllm", {TOOLS: "openai", REASONING: "openai_gptoss"}),
        ("openai/gpt-oss-20b", "sglang", {TOOLS: "gpt-oss", REASONING: "gpt-oss"}),
        ("deepseek-ai/DeepSeek-R1", "vllm", {REASONING: "deepseek_r1"}),
        ("deepseek-ai/DeepSeek-V3.1", "vllm", {TOOLS: "deepseek_v31", REASONING: "deepseek_v3"}),
        ("moonshotai/Kimi-K2-Instruct", "vllm", {TOOLS: "kimi_k2", "misc.trust_remote_code": True}),
        ("zai-org/GLM-4.5-Air-FP8", "vllm", {TOOLS: "glm45", REASONING: "glm45"}),
        ("mistralai/Mistral-7B-Instruct-v0.3", "vllm", {TOOLS: "mistral"}),
        ("ai21labs/AI21-Jamba-1.5-Mini", "vllm", {TOOLS: "jamba"}),
        ("google/gemma-2-9b-it", "vllm", {}),
        ("somebody/unheard-of", "vllm", {}),
    ],
)
def test_kwargs_for(model, engine, expected):
    assert kwargs_for(model, engine) == expected


def test_a_version_without_the_parser_gets_none():
    assert kwargs_for("zai-org/GLM-4.7", "vllm", "0.14.1") == {TOOLS: "glm47"}
    assert kwargs_for("zai-org/GLM-4.7", "vllm", "0.12.0") == {}


@pytest.mark.parametrize("version", ENGINES["vllm"].versions())
def test_every_parser_is_among_those_of_every_version_of_vllm_from_its_first_on(version):
    known = known_flags("vllm", version)
    for model in list_models():
        for path, value in kwargs_for(model.id, "vllm", version).items():
            if path in FLAGS:
                flag = known.flags[FLAGS[path]]
                assert value in flag.takes, (model.id, path)


def test_every_setting_is_one_of_the_config_speaks_of_a_model_and_has_a_source():
    for setting in SETTINGS:
        assert is_known(setting.path)
        assert setting.source
        assert setting.engine in ENGINES
        assert any(setting.fits(model.id) for model in list_models()), setting


def test_the_values_are_valid():
    for model in list_models():
        misc = {path.removeprefix("misc."): value for path, value in kwargs_for(model.id, "vllm").items()}
        Config.model_validate({"model": {"id": model.id}, "misc": misc})
