"""OME's BenchmarkJob as load client: applied, waited for, its results read back from the claim that it leaves them in.

What the controller makes of it stands in `autotune.emit.ome_benchmark`. That it is Completed says nothing: genai-bench ends
well when every request was refused, and not well after useful runs, so its result files are judged by their counts.
"""

from __future__ import annotations

import time
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from autotune.bench.command import log_tail
from autotune.bench.errors import BenchError
from autotune.bench.genai_bench_result import read_results
from autotune.bench.quick import approach_until_cancelled
from autotune.check.clients import client_problems
from autotune.check.in_cluster import in_cluster_problems
from autotune.diagnostics import InputError
from autotune.emit.ome_benchmark import benchmark_document
from autotune.engines.deployment import PlannedLoad
from autotune.run.cluster.api import ClusterError, Selection
from autotune.run.cluster.errands import copy_log, pause, run_errand
from autotune.run.cluster.job_pod import JobPod
from autotune.run.cluster.load_job import WORK, Errand
from autotune.run.cluster.mirror import Mirror
from autotune.run.cluster.refusals import api_failure
from autotune.run.cluster.sight import Patience
from autotune.run.executor import ExperimentFailed
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from autotune.bench.client import BenchJob
    from autotune.diagnostics import Diagnostic
    from autotune.metrics import Load, Measurement
    from autotune.run.cluster.ground import Ground
    from autotune.schema import Benchmark

#: Time for OME to make a Job of it: it looks at a server that is not ready once a minute (controller.go), in s.
_PENDING_S = 300.0
_READ_S = 300.0
_SCHEME = "pvc://"
_OLD_OME = (
    "OME older than August 2026 asks for the model vllm-model: add it to model.aliases "
    "(https://github.com/ome-projects/ome/issues/781)"
)


class BenchmarkJobClient:
    """One BenchmarkJob for each round of loads. `ground` is asked once there is a server."""

    def __init__(self, ground: Callable[[], Ground]) -> None:
        self._ground = ground

    def preflight(self, benchmark: Benchmark) -> list[Diagnostic]:
        """What OME's client cannot do; what of it the API server refuses is known when it is applied."""
        return [*in_cluster_problems("ome", "genai_bench", benchmark), *client_problems("genai_bench", benchmark)]

    def measure(self, job: BenchJob) -> list[Measurement]:
        """Every load in turn. Raises BenchError, and ExperimentFailed for what keeps the job from running."""
        if problems := self.preflight(job.benchmark):
            raise InputError(*problems)
        measured: list[Measurement] = []
        for number, loads in enumerate(_rounds(job.loads)):
            try:
                measured += _run(self._ground(), job, loads, job.folder / f"run{number}", number)
            except BenchError as error:
                raise type(error)(error.message, error.log_tail, [*measured, *error.measurements]) from error
        return measured


def _run(ground: Ground, job: BenchJob, loads: Sequence[Load], folder: Path, number: int) -> list[Measurement]:
    folder.mkdir(parents=True, exist_ok=True)
    if job.benchmark.warmup:
        approach_until_cancelled(job, loads[-1], number, ())
    name = ground.new_name()
    log = folder / "genai-bench.log"
    document = benchmark_document(ground.deployment, _planned(job.benchmark, loads), name)
    own = ground.belongings.metadata
    document["metadata"] |= own | {"labels": document["metadata"]["labels"] | own["labels"]}
    ground.sight.expect(name)
    pod: JobPod | None = None
    try:
        refs = ground.belongings.add(ground.cluster, [document])
        pod = JobPod(ground, name, f"benchmark={name}", "genai-bench")
        said = _await(ground, job, name, pod, log)
        _read_back(ground, job, pod, name, folder / "results")
    except ClusterError as error:
        raise ExperimentFailed(api_failure(error)) from error
    finally:
        if pod is not None:
            pod.close()
            ground.belongings.remove(ground.cluster, refs)
    return _judged(folder / "results", job, loads, said, log)


def _await(ground: Ground, job: BenchJob, name: str, pod: JobPod, log: Path) -> str:
    """How the job ended, in words."""
    selection = Selection("ome.io/v1beta1", "BenchmarkJob", ground.deployment.namespace, fields=f"metadata.name={name}")
    jobs, patience, began, copied = (
        Mirror(ground.cluster, selection, ground.sight.changed),
        Patience(),
        time.monotonic(),
        False,
    )
    try:
        while True:
            ended = pod.look()
            if pod.started and not copied:
                copied = True
                copy_log(ground, pod, log)
            try:
                status: dict[str, Any] = next((item.get("status", {}) for item in jobs.objects()), {})
            except ClusterError as error:
                if (failure := ground.sight.away(error, patience)) is not None:
                    raise ExperimentFailed(failure) from error
                status = {}
            if status.get("state") in ("Completed", "Failed") and pod.image:
                why = status.get("failureMessage") or ended or ""
                return (
                    f"the BenchmarkJob is {status['state']}{f': {why}' if why and status['state'] == 'Failed' else ''}"
                )
            if not pod.image and time.monotonic() > began + _PENDING_S:
                raise ExperimentFailed(_pending(status))
            pause(ground, job.cancelled)
    finally:
        jobs.close()


def _pending(status: dict[str, Any]) -> Failure:
    return Failure(
        "infrastructure",
        f"OME did not start the BenchmarkJob within {_PENDING_S:.0f} s; it is {status.get('state', 'without a status')}"
        f"{f': {details}' if (details := status.get('details')) else ''}",
        "it waits for the InferenceService to be ready, its address and its model included: look at `kubectl describe "
        "inferenceservice`, and at the log of ome-controller-manager",
    )


def _read_back(ground: Ground, job: BenchJob, pod: JobPod, name: str, folder: Path) -> None:
    """The results, from the claim: by a pod on the same node, where the claim and the image are already."""
    uri = str(job.benchmark.results_uri)
    claim, _, inside = uri.removeprefix(_SCHEME).partition("/")
    errand = Errand(
        name=ground.new_name(),
        namespace=ground.deployment.namespace,
        image=pod.image,
        marker=f"autotune-{token_hex(8)}",
        folder=f"{WORK}/{name}",
        limit_s=_READ_S + ground.settings.schedule_timeout_s,
        claim=(claim, inside.strip("/")),
        tolerations=({"operator": "Exists"},),
        node=pod.node or None,
    )
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.parent / "read-back.log"
    run_errand(ground, errand, folder=folder, log=log, timeout_s=_READ_S, cancelled=job.cancelled)


def _judged(folder: Path, job: BenchJob, loads: Sequence[Load], said: str, log: Path) -> list[Measurement]:
    results, problems = read_results(folder, job.gpus, job.clock_limits_ms)
    missing = [load for load in loads if load not in results]
    if not missing:
        return [results[load] for load in loads]
    reason = "; ".join(problems) or "it left no result"
    if any("status 404" in problem for problem in problems):
        reason += f" ({_OLD_OME})"
    labels = ", ".join(load.label for load in missing)
    earlier = [results[load] for load in loads if load in results]
    raise BenchError(f"not measured: {labels}: {said}: {reason}", log_tail(log), earlier)


def _planned(benchmark: Benchmark, loads: Sequence[Load]) -> PlannedLoad:
    return PlannedLoad(
        task=benchmark.task,
        scenarios=tuple(dict.fromkeys(load.scenario for load in loads)),
        concurrencies=tuple(dict.fromkeys(load.concurrency or 1 for load in loads)),
        max_time_s=benchmark.max_time_s,
        max_requests=benchmark.max_requests,
        request_params=benchmark.request_params,
        results_uri=benchmark.results_uri,
        image=benchmark.image,
    )


def _rounds(loads: Sequence[Load]) -> list[list[Load]]:
    """The loads of each repeat: results are told by their load, so that one job measures each load once."""
    rounds: list[list[Load]] = []
    for index, load in enumerate(loads):
        number = list(loads[:index]).count(load)
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(load)
    return rounds
