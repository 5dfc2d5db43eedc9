"""What aiconfigurator chose, read from the folder that it saved: servers to start, and what it says of them; and the way back."""

from autotune.importing.aiconfigurator.claim import claim_of
from autotune.importing.aiconfigurator.folder import Choice, Experiment, read_experiments
from autotune.importing.aiconfigurator.search import to_searches
from autotune.importing.aiconfigurator.task import Task, to_tasks
from autotune.importing.aiconfigurator.worker import Worker, workers_of

__all__ = [
    "Choice",
    "Experiment",
    "Task",
    "Worker",
    "claim_of",
    "read_experiments",
    "to_searches",
    "to_tasks",
    "workers_of",
]
