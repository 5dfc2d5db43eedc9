"""Running points: servers, loads, results, and nothing left behind."""

from autotune.run.choose import Choice, Probes, choose_executor, probe_machine
from autotune.run.events import Event, Reporter
from autotune.run.executor import EXECUTORS, Executor, make_executor
from autotune.run.progress import make_reporter
from autotune.run.runner import RunSummary, run_points
from autotune.run.state import OpenRun, open_run
from autotune.run.stop import Stop

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
