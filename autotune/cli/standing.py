"""Results as they stand now, for the verbs that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.store import data_dir

if TYPE_CHECKING:
    from autotune.store import Result


def standing(results: list[Result]) -> list[Result]:
    """The results; what was being measured by a run that has died since is interrupted."""
    if all(item.status != "running" for item in results):
        return results
    from autotune.run.interrupted import as_they_stand  # with what running needs

    return as_they_stand(results, data_dir() / "runs")
