"""Where each engine shows its metrics to Prometheus, and which of them counts the requests that wait.

Names as of the engines' own sources: vLLM https://docs.vllm.ai/en/stable/usage/metrics, SGLang
https://docs.sglang.ai/references/production_metrics, TensorRT-LLM tensorrt_llm/metrics/collector.py and
tensorrt_llm/serve/openai_server.py (https://github.com/NVIDIA/TensorRT-LLM/pull/5785). Kubernetes' Gateway API for
inference reads the same gauges: https://github.com/kubernetes-sigs/gateway-api-inference-extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment
    from autotune.schema import Config


class Exposition(NamedTuple):
    """One engine's metrics in Prometheus' text format."""

    path: str
    queue: str | None
    """Gauge of the requests that wait to be scheduled."""
    switch: str | None = None
    """What has to stand in the command, or in a config file, for anything to be shown."""
    off: str | None = None
    """What in the command turns it off."""


EXPOSITIONS: dict[str, Exposition] = {
    "vllm": Exposition("/metrics", "vllm:num_requests_waiting", off="--disable-log-stats"),
    "sglang": Exposition("/metrics", "sglang:num_queue_reqs", switch="--enable-metrics"),
    # `/metrics` itself is JSON. The gauge trtllm_num_requests_waiting came after 1.3.0rc7, the newest version in the table
    # (https://github.com/NVIDIA/TensorRT-LLM/pull/12545); before it there are histograms of latencies only.
    "trtllm": Exposition("/prometheus/metrics", None, switch="return_perf_metrics"),
    # `transformers serve` shows none.
}


def wants_metrics(config: Config) -> bool:
    """Whether the manifests ask for what only the engine's metrics can say."""
    return config.deploy.monitor or config.deploy.autoscale.kind is not None


def shows_metrics(deployment: Deployment) -> bool:
    """Whether the command has the engine show its metrics."""
    shown = EXPOSITIONS.get(deployment.engine)
    if shown is None or shown.off in deployment.argv:
        return False
    if shown.switch is None or shown.switch in deployment.argv:
        return True
    return any(f"{shown.switch}: true" in text.splitlines() for text in deployment.files.values())
