"""Measurements and configs for tests of scoring."""

from autotune.metrics import Load, Measurement
from autotune.schema import Config


def measurement(ttft=100.0, tpot=10.0, e2e=1000.0, tokens=1000.0, gpus=2, **more):
    fields = {"ttft_ms": {"mean": ttft, "p95": 2 * ttft}, "tpot_ms": {"mean": tpot}, "e2e_latency_ms": {"mean": e2e}}
    fields |= {"output_tokens_per_s": tokens, "output_tokens_per_s_per_gpu": tokens / gpus, "completed": 100}
    return Measurement(Load("D(100,100)", 1), **(fields | more))


def config(objectives=None, weights=None, constraints=(), slo=None):
    optimization = {"constraints": list(constraints), "weights": weights or {}}
    if objectives:
        optimization["objectives"] = objectives
    return Config.model_validate({"model": {"id": "m"}, "optimization": optimization, "slo": slo or {}})
