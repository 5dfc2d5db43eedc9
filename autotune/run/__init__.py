"""Running points: servers, loads, results, and nothing left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.lazy import lazy_names

if TYPE_CHECKING:
    from autotune.run.choose import Choice, Probes, choose_executor, probe_machine
    from autotune.run.events import Event, Reporter
    from autotune.run.executor import EXECUTORS, Executor, make_executor
    from autotune.run.progress import make_reporter
    from autotune.run.runner import RunSummary, run_points
    from autotune.run.state import OpenRun, open_run
    from autotune.run.stop import Stop

_HOMES = {
    "Choice": "autotune.run.choose",
    "EXECUTORS": "autotune.run.executor",
    "Event": "autotune.run.events",
    "Executor": "autotune.run.executor",
    "OpenRun": "autotune.run.state",
    "Probes": "autotune.run.choose",
    "Reporter": "autotune.run.events",
    "RunSummary": "autotune.run.runner",
    "Stop": "autotune.run.stop",
    "choose_executor": "autotune.run.choose",
    "make_executor": "autotune.run.executor",
    "make_reporter": "autotune.run.progress",
    "open_run": "autotune.run.state",
    "probe_machine": "autotune.run.choose",
    "run_points": "autotune.run.runner",
}

__all__ = [
    "EXECUTORS",
    "Choice",
    "Event",
    "Executor",
    "OpenRun",
    "Probes",
    "Reporter",
    "RunSummary",
    "Stop",
    "choose_executor",
    "make_executor",
    "make_reporter",
    "open_run",
    "probe_machine",
    "run_points",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
