"""What was asked and what came out of it, kept."""

from autotune.store.export import result_rows, to_csv, to_json, to_json_lines
from autotune.store.places import data_dir, store_path
from autotune.store.record import RunInputs, RunRecord
from autotune.store.result import Failure, Result, Status
from autotune.store.store import Store

__all__ = [
    "Failure",
    "Result",
    "RunInputs",
    "RunRecord",
    "Status",
    "Store",
    "data_dir",
    "result_rows",
    "store_path",
    "to_csv",
    "to_json",
    "to_json_lines",
]
