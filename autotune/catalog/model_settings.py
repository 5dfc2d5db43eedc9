"""What a model needs said on an engine: parsers of tool calls and reasoning, code from its repository.

Rows are matched by the last part of the model's id, first match first, one value for each path. Sources:

- vLLM: docs/features/tool_calling.md and reasoning_outputs.md; for families that these leave out, the parser of the family's
  name among vLLM's own (`vllm/tool_parsers`, `vllm/reasoning`, 0.32). `since` is the first version with the parser.
- SGLang: docs, "Tool Parser" and "Reasoning Parser"; names from `function_call_parser.py` and `reasoning_parser.py` of 0.5.2 to 0.5.23.
- `trust_remote_code`: the `auto_map` in the model's config.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

TOOLS, REASONING, REMOTE_CODE = "misc.tool_call_parser", "misc.reasoning_parser", "misc.trust_remote_code"

_VLLM_TOOLS = "vLLM docs, features/tool_calling"
_VLLM_REASONING = "vLLM docs, features/reasoning_outputs"
_VLLM_NAMED = "the parser that vLLM 0.32 names after this family"
_SGLANG_TOOLS = "SGLang docs, advanced_features/tool_parser"
_SGLANG_REASONING = "SGLang docs, advanced_features/separate_reasoning"
_AUTO_MAP = "auto_map in the model's config.json"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value for one config path, for the models whose name (last part of the id, lower case) fits a pattern."""

    engine: str
    path: str
    value: Any
    models: tuple[str, ...]
    source: str
    since: str | None = None
    """First version of the engine that knows the value; None: all that the catalog's engines cover."""

    def fits(self, model: str) -> bool:
        name = model.rpartition("/")[2].casefold()
        return any(fnmatchcase(name, pattern) for pattern in self.models)


def _vllm(path: str, value: str, *models: str, source: str | None = None, since: str | None = None) -> Setting:
    named = source or (_VLLM_TOOLS if path == TOOLS else _VLLM_REASONING)
    return Setting("vllm", path, value, models, named, since)


def _sglang(path: str, value: str, *models: str, since: str | None = None) -> Setting:
    return Setting("sglang", path, value, models, _SGLANG_TOOLS if path == TOOLS else _SGLANG_REASONING, since)


#: Instruct checkpoints of July 2025 and later do not think, and their vision models neither.
_QWEN3_THINKS = (
    "qwen3-*b",
    "qwen3-*b-fp8*",
    "qwen3-*b-awq",
    "qwen3-*b-gptq-int4",
    "qwen3-*b-nvfp4",
    "qwen3-*-thinking-2507",
    "qwen3-next-*-thinking",
)
_QWEN35 = ("qwen3.5-*", "qwen3.6-*")
_QWEN_HERMES = ("qwen2.5-*", "qwq-*", "qwen3-*")
_GLM45, _GLM47 = ("glm-4.5*", "glm-4.6*"), ("glm-4.7*", "glm-5*")
_NEMOTRON3 = ("nvidia-nemotron-3-*", "nvidia-nemotron-3.5-*")
_KIMI_THINKS = ("kimi-k2-thinking*", "kimi-k2.*")
_R1 = ("deepseek-r1*",)
_MISTRAL = (
    "mistral-*-instruct-*",
    "mixtral-8x22b-instruct-*",
    "ministral-*-instruct-*",
    "devstral-*",
    "mistral-small-4-*",
)

SETTINGS: tuple[Setting, ...] = (
    _vllm(TOOLS, "qwen3_xml", "qwen3-coder-*", since="0.11.2"),
    _vllm(TOOLS, "qwen3_coder", *_QWEN35, source=_VLLM_NAMED),
    _vllm(TOOLS, "hermes", *_QWEN_HERMES),
    _vllm(TOOLS, "llama4_pythonic", "llama-4-*"),
    _vllm(TOOLS, "llama3_json", "llama-3.*-instruct*", "meta-llama-3.1-*-instruct*", "llama-3.1-nemotron-*"),
    _vllm(TOOLS, "mistral", *_MISTRAL),
    _vllm(TOOLS, "granite4", "granite-4.0-*", since="0.18.1"),
    _vllm(TOOLS, "granite", "granite-3.*-instruct"),
    _vllm(TOOLS, "jamba", "ai21-jamba-1.5-*"),
    _vllm(TOOLS, "deepseek_v32", "deepseek-v3.2*", source=_VLLM_NAMED, since="0.13.0"),
    _vllm(TOOLS, "deepseek_v31", "deepseek-v3.1*"),
    _vllm(TOOLS, "deepseek_v3", "deepseek-v3-0324", "deepseek-r1-0528"),
    _vllm(TOOLS, "openai", "gpt-oss-*"),
    _vllm(TOOLS, "kimi_k2", "kimi-k2*"),
    _vllm(TOOLS, "glm45", *_GLM45),
    _vllm(TOOLS, "glm47", *_GLM47, since="0.14.1"),
    _vllm(TOOLS, "minimax_m2", "minimax-m2*", source=_VLLM_NAMED, since="0.11.2"),
    _vllm(TOOLS, "olmo3", "olmo-3-*", since="0.11.2"),
    _vllm(TOOLS, "phi4_mini_json", "phi-4-mini-instruct", source=_VLLM_NAMED),
    _vllm(TOOLS, "gemma4", "gemma-4-*", source=_VLLM_NAMED, since="0.19.1"),
    _vllm(TOOLS, "seed_oss", "seed-oss-*", source=_VLLM_NAMED),
    _vllm(REASONING, "qwen3", *_QWEN3_THINKS, *_QWEN35),
    _vllm(REASONING, "deepseek_r1", *_R1, "qwq-*"),
    _vllm(REASONING, "deepseek_v3", "deepseek-v3.1*", "deepseek-v3.2*", since="0.11.2"),
    _vllm(REASONING, "glm45", *_GLM45),
    _vllm(REASONING, "glm47", *_GLM47, source=_VLLM_NAMED, since="0.24.0"),
    _vllm(REASONING, "kimi_k2", *_KIMI_THINKS, source=_VLLM_NAMED, since="0.11.2"),
    _vllm(REASONING, "minimax_m2_append_think", "minimax-m2*", since="0.11.2"),
    _vllm(REASONING, "openai_gptoss", "gpt-oss-*", source=_VLLM_NAMED),
    _vllm(REASONING, "nemotron_v3", *_NEMOTRON3, source=_VLLM_NAMED, since="0.17.1"),
    _vllm(REASONING, "olmo3", "olmo-3-*-think", source=_VLLM_NAMED, since="0.11.2"),
    _vllm(REASONING, "gemma4", "gemma-4-*", source=_VLLM_NAMED, since="0.19.1"),
    _vllm(REASONING, "seed_oss", "seed-oss-*", source=_VLLM_NAMED, since="0.11.2"),
    _sglang(TOOLS, "qwen3_coder", "qwen3-coder-*", *_QWEN35),
    _sglang(TOOLS, "qwen25", *_QWEN_HERMES),
    _sglang(TOOLS, "pythonic", "llama-4-*"),
    _sglang(TOOLS, "llama3", "llama-3.*-instruct*", "meta-llama-3.1-*-instruct*", "llama-3.1-nemotron-*"),
    _sglang(TOOLS, "mistral", *_MISTRAL),
    _sglang(TOOLS, "deepseekv32", "deepseek-v3.2*", since="0.5.6"),
    _sglang(TOOLS, "deepseekv31", "deepseek-v3.1*"),
    _sglang(TOOLS, "deepseekv3", "deepseek-v3-0324", "deepseek-r1-0528"),
    _sglang(TOOLS, "gpt-oss", "gpt-oss-*"),
    _sglang(TOOLS, "kimi_k2", "kimi-k2*"),
    _sglang(TOOLS, "glm45", *_GLM45),
    _sglang(TOOLS, "glm47", *_GLM47, since="0.5.7"),
    _sglang(TOOLS, "minimax-m2", "minimax-m2*", since="0.5.5"),
    _sglang(TOOLS, "mimo", "mimo-v2-*", since="0.5.7"),
    _sglang(TOOLS, "gemma4", "gemma-4-*", since="0.5.12"),
    _sglang(REASONING, "qwen3", *_QWEN3_THINKS, *_QWEN35),
    _sglang(REASONING, "deepseek-r1", *_R1),
    _sglang(REASONING, "deepseek-v3", "deepseek-v3.1*", "deepseek-v3.2*"),
    _sglang(REASONING, "gpt-oss", "gpt-oss-*"),
    _sglang(REASONING, "kimi_k2", *_KIMI_THINKS, since="0.5.5"),
    _sglang(REASONING, "glm45", *_GLM45, *_GLM47),
    _sglang(REASONING, "minimax-append-think", "minimax-m2*", since="0.5.5"),
    _sglang(REASONING, "nemotron_3", *_NEMOTRON3, since="0.5.10"),
    _sglang(REASONING, "gemma4", "gemma-4-*", since="0.5.12"),
    *(Setting(engine, REMOTE_CODE, True, ("kimi-k2*",), _AUTO_MAP) for engine in ("vllm", "sglang", "trtllm", "transformers")),
)  # fmt: skip


def settings_for(model: str, engine: str, version: str | None = None) -> list[Setting]:
    """The rows that count for a model on an engine: one a path, none that `version` is too old for."""
    found: dict[str, Setting] = {}
    for setting in SETTINGS:
        if setting.engine == engine and setting.path not in found and setting.fits(model):
            found[setting.path] = setting
    return [item for item in found.values() if version is None or _is_known(item.since, version)]


def kwargs_for(model: str, engine: str, version: str | None = None) -> dict[str, Any]:
    """Config paths and values that a model needs on an engine, for example `{"misc.tool_call_parser": "hermes"}`.

    `model` is a Hub id or its last part; a model that no row speaks of needs nothing. Nothing sets these by itself: tool
    calls and split reasoning are a matter of taste, so they are put on the command line or into a profile.
    """
    return {setting.path: setting.value for setting in settings_for(model, engine, version)}


def _is_known(since: str | None, version: str) -> bool:
    return since is None or _numbers(version) >= _numbers(since)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
