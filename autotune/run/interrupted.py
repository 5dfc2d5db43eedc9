"""Points that were being measured when the process of their run died: stored as running, which they are no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.run.pulse import take_pulse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from autotune.store.result import Result


def has_died(runs: Path, run_id: str) -> bool:
    """Whether nobody works on a run, as far as can be known: its folder is among the `runs` here, and no process holds its
    lock. A run whose folder is elsewhere may well be alive there.
    """
    folder = runs / run_id
    return folder.is_dir() and take_pulse(folder).alive is None


def as_they_stand(results: Iterable[Result], runs: Path) -> list[Result]:
    """The results, those that are stored as running and are of a run that has died as `interrupted`."""
    found, died = list(results), {}
    for result in found:
        if result.status == "running" and result.run_id not in died:
            died[result.run_id] = has_died(runs, result.run_id)
    return [
        replace(item, status="interrupted") if item.status == "running" and died[item.run_id] else item
        for item in found
    ]
