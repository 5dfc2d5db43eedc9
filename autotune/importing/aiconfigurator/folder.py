"""The layout of the folder that `aiconfigurator cli default|exp --save-dir` writes.

As of 0.12.0 (cli/report_and_save.py):

    MODEL_SYSTEM_BACKEND_isl.._osl.._ttft.._tpot.._N/
      agg/ (disagg/, or the name of an experiment)
        best_config_topn.csv       the chosen configs with what was predicted of each, the best first
        exp_config.yaml            the search (one file a backend where the backend was `auto`)
        top1/ top2/ ...            the files for each row: generator_config.yaml, run_0.sh, TensorRT-LLM's *_config.yaml

and `pareto.csv`, plots and Kubernetes manifests, which say nothing further.
"""

from __future__ import annotations

import csv
import io
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOSEN = "best_config_topn.csv"


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of the chosen configs: `row` by column, `generated` the generator's config, `files` texts by name."""

    rank: int
    row: Mapping[str, str]
    generated: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def disaggregated(self) -> bool:
        """Whether prefill and decode have workers of their own: their columns are then marked (p) and (d)."""
        return "(p)tp" in self.row

    def text(self, column: str) -> str:
        """A column that both roles have, such as `backend`; the decode worker's stands for both."""
        return self.row.get(column) or self.row.get(f"(d){column}") or ""

    @property
    def engine(self) -> str:
        return self.text("backend")


@dataclass(frozen=True, slots=True)
class Experiment:
    """One folder of chosen configs: its name, where it stands, the search that they came from by engine."""

    name: str
    where: str
    searches: Mapping[str, Mapping[str, Any]]
    choices: tuple[Choice, ...]

    def search(self, engine: str) -> Mapping[str, Any]:
        """The search on one engine."""
        return self.searches.get(engine) or self.searches.get("") or {}


def read_experiments(files: Mapping[str, str]) -> list[Experiment]:
    """Every experiment in texts by path (`/` between folders), in the order of their paths; [] where there is none.

    Raises ValueError naming a file that is not what its name says.
    """
    found = []
    for path in sorted(files):
        if posixpath.basename(path) != CHOSEN:
            continue
        folder = posixpath.dirname(path)
        inside = {name: text for name, text in files.items() if posixpath.dirname(name).startswith(folder)}
        rows = list(csv.DictReader(io.StringIO(files[path])))
        choices = tuple(
            _choice(rank, row, inside, posixpath.join(folder, f"top{rank}")) for rank, row in enumerate(rows, 1)
        )
        name = posixpath.basename(folder) or "chosen"
        found.append(Experiment(name, folder or ".", _searches(inside, folder), choices))
    return found


def _searches(files: Mapping[str, str], folder: str) -> dict[str, Mapping[str, Any]]:
    """The search of each engine; under "" where the folder is of one engine alone."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, text in files.items():
        place, base = posixpath.split(name)
        if place == folder and base.endswith("exp_config.yaml"):
            found[base.removesuffix("exp_config.yaml").rstrip("_")] = _map(text, name)
    return found


def _choice(rank: int, row: Mapping[str, str | None], files: Mapping[str, str], folder: str) -> Choice:
    own = {posixpath.basename(name): text for name, text in files.items() if posixpath.dirname(name) == folder}
    text = own.get("generator_config.yaml")
    generated = {} if text is None else _map(text, posixpath.join(folder, "generator_config.yaml"))
    return Choice(rank, {str(name): value or "" for name, value in row.items()}, generated, own)


def _map(text: str, name: str) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{name} is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(data, dict):
        raise ValueError(f"{name} holds no map")  # noqa: TRY004 - the text is wrong, not its type
    return data
