"""Results for tests of the report."""

from autotune.metrics import Load, Measurement
from autotune.schema import Config
from autotune.store import Failure, Result, RunInputs, RunRecord

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"


def measurement(concurrency=8, *, ttft=100.0, tpot=10.0, tokens=1000.0, gpus=2, kind="measured", **more):
    fields = {
        "ttft_ms": {"mean": ttft, "p95": 2 * ttft},
        "tpot_ms": {"mean": tpot},
        "e2e_latency_ms": {"mean": ttft + 99 * tpot},
        "output_tokens_per_s": tokens,
        "output_tokens_per_s_per_gpu": tokens / gpus,
        "output_tokens_per_s_per_user": 1000 / tpot,
        "completed": 100,
    }
    return Measurement(Load("D(100,100)", concurrency), kind=kind, **(fields | more))


def result(
    point_id="p1",
    overrides=("parallel.tp=2",),
    measurements=(),
    *,
    kind="measured",
    gpus=2,
    status="done",
    model="org/model",
    **more,
):
    config = Config.model_validate({"model": {"id": model}, "parallel": {"tp": gpus}}).as_dict()
    deployment = {
        "engine": "vllm",
        "engine_version": "0.33.0",
        "image": "vllm/vllm-openai:v0.33.0",
        "gpus": gpus,
        "argv": ["vllm", "serve", model, "--tensor-parallel-size", str(gpus)],
        "env": {},
        "files": {},
    }
    fields = {
        "run_id": "run-1",
        "config": config,
        "deployment": deployment,
        "best": 0 if measurements else None,
        "score": 0.5 if measurements else None,
    }
    return Result(
        point_id=point_id,
        status=status,
        kind=kind,
        overrides=tuple(overrides),
        measurements=tuple(measurements),
        **(fields | more),
    )


def failed(point_id="p9", overrides=("parallel.tp=1",), **more):
    failure = Failure(
        "out_of_memory",
        "CUDA out of memory. Tried to allocate 2 GiB",
        "raise parallel.tp",
        "line one\nCUDA out of memory",
    )
    return result(point_id, overrides, status="failed", failure=failure, **more)


def run(results=(), **more):
    fields = {
        "run_id": "run-1",
        "fingerprint": "f",
        "executor": "docker",
        "points": tuple(item.point_id for item in results),
        "inputs": RunInputs(),
        "created_at": "2026-01-02T03:04:05Z",
    }
    return RunRecord(**(fields | more))
