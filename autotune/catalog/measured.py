"""Which models have been measured on which GPU, and what they gave.

Source of all rows: `systems/silicon_sample.csv` of aiconfigurator-core 0.12.0 (Apache-2.0), measurements that NVIDIA and
others published. Of each model, GPU and engine the best row is kept: of a released version, on 8 GPUs at most, with one
concurrency a row, TTFT under 5 s, at 1024 input and output tokens where there are such rows, else at the nearest load with 500
output tokens or more. The file calls Llama-3.1-70B-Instruct `Llama-3.1-70B` and GLM-5 `zhipuai/GLM-5`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts, Status

SOURCE = "aiconfigurator-core 0.12.0, systems/silicon_sample.csv"


@dataclass(frozen=True, slots=True)
class Measured:
    """One measured load. Times in ms; `gpus` is what the server took in all."""

    model: str
    gpu: str
    engine: str
    version: str
    precision: str
    """As the file names it: fp8, fp4, int4, or 16 bit."""
    gpus: int
    isl: int
    osl: int
    concurrency: int
    ttft_ms: float
    tpot_ms: float

    @property
    def output_tokens_per_s_per_gpu(self) -> float:
        """By Little's law from the measured times: concurrency x osl / (TTFT + (osl - 1) x TPOT), over the GPUs."""
        seconds = (self.ttft_ms + self.tpot_ms * (self.osl - 1)) / 1000
        return self.concurrency * self.osl / seconds / self.gpus


MEASURED: tuple[Measured, ...] = (
    Measured("Qwen/Qwen3-32B", "h100_sxm", "sglang", "0.5.1.post1", "16 bit", 2, 1024, 512, 128, 3672.8, 33.0),
    Measured("Qwen/Qwen3-32B", "h100_sxm", "trtllm", "1.0.0rc3", "fp8", 1, 1024, 512, 128, 750.7, 43.74),
    Measured("Qwen/Qwen3-32B", "h100_sxm", "vllm", "0.12.0", "16 bit", 2, 1024, 1024, 128, 652.3, 37.84),
    Measured("meta-llama/Llama-3.1-8B-Instruct", "h100_sxm", "trtllm", "1.0.0rc3", "16 bit", 1, 1024, 512, 128, 364.3, 19.26),
    Measured("meta-llama/Llama-3.1-8B-Instruct", "h200_sxm", "sglang", "0.5.6.post2", "fp8", 1, 1000, 1000, 352, 938.6, 36.55),
    Measured("openai/gpt-oss-120b", "b200_sxm", "trtllm", "1.2.0rc2.post2", "fp4", 1, 1024, 1024, 256, 203.1, 17.64),
    Measured("openai/gpt-oss-120b", "b200_sxm", "vllm", "0.15.1", "fp4", 1, 1024, 1024, 128, 180.7, 13.45),
    Measured("openai/gpt-oss-120b", "h100_sxm", "vllm", "0.18.0", "fp4", 2, 1024, 1024, 64, 169.0, 14.83),
    Measured("openai/gpt-oss-120b", "h200_sxm", "vllm", "0.18.0", "fp4", 2, 1024, 1024, 64, 177.9, 14.42),
    Measured("MiniMaxAI/MiniMax-M2.5", "b200_sxm", "vllm", "0.19.0", "fp4", 2, 1024, 1024, 512, 807.2, 38.24),
    Measured("MiniMaxAI/MiniMax-M2.5", "b300_sxm", "vllm", "0.19.0", "fp4", 4, 1024, 1024, 2048, 3733.5, 65.95),
    Measured("MiniMaxAI/MiniMax-M2.5", "h100_sxm", "vllm", "0.18.0", "fp8", 4, 1024, 1024, 64, 191.2, 25.66),
    Measured("MiniMaxAI/MiniMax-M2.5", "h200_sxm", "vllm", "0.18.0", "fp8", 8, 1024, 1024, 128, 239.8, 23.21),
    Measured("deepseek-ai/DeepSeek-V3", "b200_sxm", "sglang", "0.5.9", "fp8", 8, 1024, 1024, 64, 799.0, 22.53),
    Measured("deepseek-ai/DeepSeek-V3", "b200_sxm", "trtllm", "1.2.0rc6.post2", "fp8", 8, 1024, 1024, 128, 737.9, 26.99),
    Measured("deepseek-ai/DeepSeek-V3", "b300_sxm", "sglang", "0.5.10.post1", "fp8", 8, 1024, 1024, 64, 1851.7, 29.59),
    Measured("deepseek-ai/DeepSeek-V3", "h200_sxm", "sglang", "0.5.9", "fp8", 8, 1024, 1024, 64, 418.7, 32.99),
    Measured("deepseek-ai/DeepSeek-R1", "b200_sxm", "sglang", "0.5.9", "fp4", 4, 1024, 1024, 128, 759.9, 25.29),
    Measured("deepseek-ai/DeepSeek-R1", "b200_sxm", "trtllm", "1.2.0rc6.post3", "fp4", 4, 1024, 1024, 256, 1228.6, 23.23),
    Measured("deepseek-ai/DeepSeek-R1", "h200_sxm", "sglang", "0.5.9", "fp8", 8, 1024, 1024, 64, 418.7, 32.99),
    Measured("deepseek-ai/DeepSeek-R1", "h200_sxm", "trtllm", "1.1.0rc2.post2", "fp8", 8, 1024, 1024, 256, 2997.5, 37.23),
    Measured("moonshotai/Kimi-K2.5", "b200_sxm", "vllm", "0.17.0", "fp4", 4, 1024, 1024, 64, 232.1, 22.87),
    Measured("moonshotai/Kimi-K2.5", "b300_sxm", "vllm", "0.19.0", "fp4", 4, 1024, 1024, 64, 195.2, 22.08),
    Measured("moonshotai/Kimi-K2.5", "h200_sxm", "vllm", "0.16.0", "int4", 8, 1024, 1024, 64, 368.4, 31.06),
    Measured("Qwen/Qwen3.5-397B-A17B", "b200_sxm", "sglang", "0.5.9", "fp8", 4, 1024, 1024, 256, 2485.3, 47.87),
    Measured("Qwen/Qwen3.5-397B-A17B", "b300_sxm", "sglang", "0.5.10.post1", "fp8", 4, 1024, 1024, 256, 663.3, 35.18),
    Measured("Qwen/Qwen3.5-397B-A17B", "h200_sxm", "sglang", "0.5.9", "fp8", 8, 1024, 1024, 64, 434.8, 30.56),
    Measured("Qwen/Qwen3-235B-A22B-FP8", "h100_sxm", "trtllm", "1.0.0rc3", "fp8", 4, 128, 512, 128, 304.3, 32.52),
    Measured("Qwen/Qwen3-235B-A22B-FP8", "h200_sxm", "sglang", "0.5.6.post2", "fp8", 4, 1000, 1000, 9, 362.2, 15.9),
    Measured("Qwen/Qwen3-235B-A22B-FP8", "h200_sxm", "vllm", "0.12.0", "fp8", 4, 1000, 1000, 48, 175.9, 36.25),
    Measured("nvidia/Llama-3.1-8B-Instruct-FP8", "h200_sxm", "vllm", "0.12.0", "fp8", 1, 4000, 1000, 128, 115.0, 21.99),
)  # fmt: skip

#: Measured too, but only with prefill and decode apart, on development versions or on more than 8 GPUs.
_SEEN: dict[str, tuple[str, ...]] = {
    "moonshotai/Kimi-K2.5": ("gb200",),
    "deepseek-ai/DeepSeek-V3": (
        "gb200",
        "gb300",
        "h100_sxm",
    ),
    "nvidia/DeepSeek-V3.1-NVFP4": (
        "b200_sxm",
        "gb200",
    ),
    "deepseek-ai/DeepSeek-R1": (
        "b300_sxm",
        "gb200",
        "gb300",
        "h100_sxm",
    ),
    "Qwen/Qwen3-32B": ("gb200",),
    "openai/gpt-oss-120b": ("gb200",),
    "zai-org/GLM-5": (
        "b200_sxm",
        "b300_sxm",
        "gb200",
        "h200_sxm",
    ),
    "meta-llama/Llama-3.1-70B-Instruct": (
        "b200_sxm",
        "h100_sxm",
        "h200_sxm",
    ),
}


def measurements(model: str | None = None, gpu: str | None = None) -> list[Measured]:
    """The rows of one model, one GPU, both, or all; the names are the catalog's own."""
    return [row for row in MEASURED if model in (None, row.model) and gpu in (None, row.gpu)]


def status(model: ModelFacts, gpu: str) -> Status:
    """What the entry says of that GPU, else `production` where the model was measured on it, else `to_test`."""
    return statuses(model).get(gpu, "to_test")


def statuses(model: ModelFacts) -> dict[str, Status]:
    """The GPUs of which something is known, by catalog name. On any other the model is still `to_test`."""
    seen = (*(row.gpu for row in measurements(model.id)), *_SEEN.get(model.id, ()))
    found: dict[str, Status] = dict.fromkeys(seen, "production")
    return found | model.status
