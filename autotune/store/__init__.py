"""What was asked and what came out of it, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.lazy import lazy_names

if TYPE_CHECKING:
    from autotune.store.export import result_rows, to_csv, to_json, to_json_lines
    from autotune.store.places import data_dir, store_place
    from autotune.store.raw import RawFile
    from autotune.store.record import RunInputs, RunRecord, RunSummary
    from autotune.store.result import Failure, Predicted, Result, Status
    from autotune.store.store import Store
    from autotune.store.task import Task

_HOMES = {
    "Failure": "autotune.store.result",
    "Predicted": "autotune.store.result",
    "RawFile": "autotune.store.raw",
    "Result": "autotune.store.result",
    "RunInputs": "autotune.store.record",
    "RunRecord": "autotune.store.record",
    "RunSummary": "autotune.store.record",
    "Status": "autotune.store.result",
    "Store": "autotune.store.store",
    "Task": "autotune.store.task",
    "data_dir": "autotune.store.places",
    "result_rows": "autotune.store.export",
    "store_place": "autotune.store.places",
    "to_csv": "autotune.store.export",
    "to_json": "autotune.store.export",
    "to_json_lines": "autotune.store.export",
}

__all__ = [
    "Failure",
    "Predicted",
    "RawFile",
    "Result",
    "RunInputs",
    "RunRecord",
    "RunSummary",
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

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
