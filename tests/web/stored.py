"""Stores with runs, for tests of the pages."""

import itertools
from dataclasses import replace

from autotune.schema import Config
from autotune.score import score_measurements
from autotune.store import Predicted, Store
from tests.report.results import HOSTILE, failed, measurement, result, run

OBJECTIVES = ("maximize_throughput_per_gpu", "minimize_tpot", "minimize_ttft")


def config(tp, *, mode="bf16", model="Qwen/Qwen3-8B", slo=None, objectives=OBJECTIVES):
    data = {
        "model": {"id": model},
        "parallel": {"tp": tp},
        "system": {"gpu": "h100_sxm"},
        "optimization": {"objectives": list(objectives)},
        "slo": {"ttft": {"p95": {"threshold": 300.0}}} if slo is None else slo,
    }
    return Config.model_validate(data).as_dict()


def point(tp, name="bf16", gain=1.0, *, kind="measured", loads=(1, 8, 64), run_id="run-1", **more):
    """A measured point as a run leaves it: three loads, scored, with predictions."""
    measured = [
        measurement(c, tokens=gain * 60 * tp * c**0.7, tpot=(4 + c / 4) / gain / tp**0.5, ttft=10.0 * c / tp, gpus=tp, kind=kind)
        for c in loads
    ]  # fmt: skip
    told = tuple(
        Predicted(replace(item, kind="predicted", tpot_ms={"mean": 1.1 * item.tpot_ms["mean"]}), "roofline", "1")
        for item in measured
    )
    wanted = config(tp, **more)
    best, score = score_measurements(measured, Config.model_validate(wanted))
    return result(
        f"{tp}{name}",
        (f"parallel.tp={tp}", f"quantization={name}"),
        measured,
        gpus=tp,
        kind=kind,
        config=wanted,
        predictions=told,
        best=best,
        score=score,
        run_id=run_id,
    )


def sweep(run_id="run-1", kind="measured"):
    points = [
        point(tp, name, gain, kind=kind, run_id=run_id)
        for tp, (name, gain) in itertools.product((2, 4, 8), (("bf16", 1.0), ("fp8", 1.4)))
    ]
    broken = failed("1bf16", ("parallel.tp=1", "quantization=bf16"), config=config(1), run_id=run_id, kind=kind)
    return [broken, *points]


def hostile(run_id="run-1"):
    return [
        replace(item, overrides=(f"parallel.tp={item.overrides[0]}", f"misc.note={HOSTILE}"), point_id=f"p{place}", config=item.config | {"model": {"id": HOSTILE}})
        for place, item in enumerate(sweep(run_id))
    ]  # fmt: skip


def thousand(run_id="run-1"):
    found = []
    for number in range(1000):
        item = point(2 ** (number % 4), gain=1 + number / 997, loads=(8,), run_id=run_id)
        found.append(
            replace(item, point_id=f"p{number:04}", overrides=(item.overrides[0], f"scheduling.max_num_seqs={number}"))
        )
    return found


def store_with(path, *runs, finished="2026-01-02T04:04:05Z"):
    """A store in that file with these runs, each a list of results of one run."""
    with Store(path) as store:
        for results in runs:
            record = run(results, run_id=results[0].run_id, finished_at=finished)
            store.create_run(record)
            for item in results:
                store.save(item)
    return str(path)
