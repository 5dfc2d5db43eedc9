"""Stored results compiled anew: what a predictor needs to know of the server that was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autotune.compiler.compile import compile_point
from autotune.compose.points import PointInput
from autotune.compose.settings import Assign
from autotune.diagnostics import Diagnostic, InputError, Severity, diagnostic
from autotune.layers import copy_tree, get_path, set_path
from autotune.store.imported import IMPORTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.compose.settings import Dimension, Setting
    from autotune.engines.deployment import Deployment
    from autotune.engines.engine import Facts
    from autotune.metrics import Measurement
    from autotune.schema import Config
    from autotune.store import Result, RunRecord
    from autotune.workspace.load import Workspace


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A result with the config and the facts of its server. `gpus` is how many it used, None where nobody knows."""

    run: RunRecord
    result: Result
    config: Config
    facts: Facts
    gpus: int | None
    deployment: Deployment | None = None
    """What the config lowers to today."""

    def config_for(self, measured: Measurement) -> Config:
        """The config with as many requests as the benchmark had, where nobody but its result says."""
        count = measured.completed // max(1, measured.repeats)
        if self.run.executor != IMPORTED or count < 1:
            return self.config
        return self.config.model_copy(
            update={"benchmark": self.config.benchmark.model_copy(update={"max_requests": count})}
        )


def rebuild(
    run: RunRecord, results: Iterable[Result], workspace: Workspace, said: Sequence[Dimension]
) -> list[StoredPoint]:
    """The results of a run as points; `said` completes what their configs leave open (imported runs leave much).

    Raises InputError: AT061 where the GPU or the parallel sizes are not known, and what the compiler finds wrong with the facts.
    """
    completed = [_assigned(setting) for dimension in said for setting in dimension.alternatives[0]]
    found: list[StoredPoint] = []
    wrong: list[Diagnostic] = []
    for result in results:
        # Where it ran is no part of what is predicted; what is not stored takes the schema's defaults.
        data = copy_tree({group: value for group, value in result.config.items() if group != "executor"})
        for setting in completed:
            set_path(data, setting.path, setting.value)
        if get_path(data, ("system", "gpu")) in (None, "auto"):
            wrong.append(_no_gpu(run))
            continue
        point = compile_point(PointInput((), (), (), data, {}, {}), (), workspace.world)
        if point.config is None or point.facts is None:
            wrong += [replace(item, point=None) for item in point.diagnostics if item.severity is Severity.ERROR]
            continue
        used = int(result.deployment.get("gpus") or 0)
        needed = 0 if point.deployment is None else point.deployment.gpus_in_all
        if used and needed and used != needed and point.facts.gpu.vendor != "cpu":
            wrong.append(_other_size(run, used, needed))
            continue
        found.append(StoredPoint(run, result, point.config, point.facts, used or needed or None, point.deployment))
    if wrong:
        raise InputError(*dict.fromkeys(wrong))
    return found


def _assigned(setting: Setting) -> Assign:
    if isinstance(setting, Assign):
        return setting
    raise InputError(
        diagnostic("AT004", f"`{setting.text}` cannot stand beside a run", writer=setting.writer,
                   help="give single values (path=value) that complete what is stored")
    )  # fmt: skip


def _no_gpu(run: RunRecord) -> Diagnostic:
    return diagnostic(
        "AT061",
        f"run {run.run_id} does not say on which GPU it was measured",
        path="system.gpu",
        help=f"say it: autotune verify {run.run_id} system.gpu=h100_sxm",
    )


def _other_size(run: RunRecord, used: int, needed: int) -> Diagnostic:
    return diagnostic(
        "AT061",
        f"a server of run {run.run_id} used {used} GPUs, and its config takes {needed}",
        path="parallel.tp",
        help=f"say how it was spread: autotune verify {run.run_id} parallel.tp={used}",
    )
