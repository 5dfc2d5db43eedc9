"""Pairs for tests of the comparison."""

from autotune.metrics import Load, Measurement
from autotune.predict.pair import Subject
from autotune.schema import Config
from autotune.verify.compared import Compared


def side(
    concurrency=8, *, ttft=100.0, tpot=10.0, tokens=1000.0, gpus=2, kind="measured", scenario="D(100,100)", **more
):
    fields = {
        "ttft_ms": {"mean": ttft},
        "tpot_ms": {"mean": tpot},
        "e2e_latency_ms": {"mean": ttft + 99 * tpot},
        "output_tokens_per_s": tokens,
        "output_tokens_per_s_per_gpu": tokens / gpus,
        "completed": 100,
    }
    return Measurement(Load(scenario, concurrency), kind=kind, **(fields | more))


def pair(predicted=None, measured=None, *, point="p1", gpus=2, engine="vllm", settings=None, concurrency=8, **config):
    """Both sides as keyword arguments of `side`."""
    subject = Subject(engine, "h100_sxm", "bf16", "org/m", {"concurrency": concurrency, "isl": 100, "osl": 100})
    return Compared(
        run_id="run-1",
        point_id=point,
        name=point,
        predicted=side(concurrency, kind="predicted", **(predicted or {})),
        measured=side(concurrency, **(measured or {})),
        config=Config.model_validate({"model": {"id": "org/m"}, **config}),
        subject=subject,
        gpus=gpus,
        settings=settings or {},
    )
