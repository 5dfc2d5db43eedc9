"""What was asked and what came out of it, kept."""

from autotune.store.export import result_rows, to_csv, to_json, to_json_lines
from autotune.store.places import data_dir, store_place
from autotune.store.raw import RawFile
from autotune.store.record import RunInputs, RunRecord
from autotune.store.result import Failure, Predicted, Result, Status
from autotune.store.store import Store
from autotune.store.task import Task

__all__ = [
    "Failure",
    "Predicted",
    "RawFile",
    "Result",
    "RunInputs",
    "RunRecord",
    "Status",
    "Store",
    "Task",
    "data_dir",
    "result_rows",
    "store_place",
    "to_csv",
    "to_json",
    "to_json_lines",
]
