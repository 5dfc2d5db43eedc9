"""The engines' names for tool-call and reasoning parsers -> Dynamo's, for the same format of output.

https://docs.nvidia.com/dynamo/knowledge-base/modular-components/frontend/tool-calling/tool-call-parsing; the names are
those that lib/parsers of https://github.com/ai-dynamo/dynamo registers (tool_calling/parsers.rs, reasoning/mod.rs).
"""

from __future__ import annotations

from typing import Final

#: Names that are the same in vLLM and in Dynamo.
_VLLM_TOOLS = (
    "deepseek_v3", "gemma4", "glm47", "hermes", "jamba", "kimi_k2", "llama3_json", "minimax_m2", "mistral", "pythonic",
    "qwen3_coder",
)  # fmt: skip
_VLLM_REASONING = ("deepseek_r1", "gemma4", "glm45", "granite", "mistral", "nemotron_v3", "qwen3", "step3")

TOOLS: Final[dict[str, dict[str, str]]] = {
    "vllm": {name: name for name in _VLLM_TOOLS}
    | {
        "deepseek_v31": "deepseek_v3_1",
        "deepseek_v32": "deepseek_v3_2",
        "openai": "harmony",
        "phi4_mini_json": "phi4",
    },
    "sglang": {
        "deepseekv3": "deepseek_v3",
        "deepseekv31": "deepseek_v3_1",
        "deepseekv32": "deepseek_v3_2",
        "glm47": "glm47",
        "gpt-oss": "harmony",
        "kimi_k2": "kimi_k2",
        "llama3": "llama3_json",
        "minimax-m2": "minimax_m2",
        "mistral": "mistral",
        "pythonic": "pythonic",
        # Both are <tool_call>{json}</tool_call>.
        "qwen": "hermes",
        "qwen25": "hermes",
        "qwen3_coder": "qwen3_coder",
    },
    "trtllm": {"kimi_k2": "kimi_k2", "qwen3": "hermes", "qwen3_coder": "qwen3_coder"},
}

REASONING: Final[dict[str, dict[str, str]]] = {
    "vllm": {name: name for name in _VLLM_REASONING}
    | {"minimax_m2_append_think": "minimax_append_think", "openai_gptoss": "gpt_oss"},
    "sglang": {
        "deepseek-r1": "deepseek_r1",
        "glm45": "glm45",
        "gpt-oss": "gpt_oss",
        "kimi": "kimi",
        "minimax-append-think": "minimax_append_think",
        "qwen3": "qwen3",
        "step3": "step3",
    },
    "trtllm": {"deepseek-r1": "deepseek_r1", "qwen3": "qwen3"},
}
