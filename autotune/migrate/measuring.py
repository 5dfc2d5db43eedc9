"""`benchmark`, `optimization` and `slo` of v1: loads, search and latency targets, with their units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from autotune.migrate.values import plain_number, read_choices, read_count, read_number, read_switch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.migrate.draft import Draft
    from autotune.migrate.entry import Path

_TASKS = ("text-to-text", "text-to-embeddings", "image-text-to-text")
_STRATEGIES = {"grid_search": "grid", "grid": "grid", "bayesian": "bayesian", "random": "random"}
_OBJECTIVES = ("minimize_latency", "maximize_throughput", "minimize_ttft", "minimize_tpot")
_SCENARIO = re.compile(r"dataset|[DNU]\([\d.,\s]+\)(/\([\d.,\s]+\))?")
_FIXED = re.compile(r"D\((\d+),\s*(\d+)\)")
_STATISTICS = ("p50", "p90", "p99")
_SECONDS_A_MINUTE, _MS_A_SECOND = 60, 1000


def migrate_benchmark(draft: Draft, benchmark: Mapping[str, Any], model: str) -> None:
    """Account for `benchmark`; `model` is the name that clients know the model by."""
    for key, value in benchmark.items():
        path = ("benchmark", key)
        if value is None or value in ([], {}, ""):
            draft.note(path, value, "empty: v2's default holds")
        elif key == "traffic_scenarios":
            _scenarios(draft, path, value)
        elif key == "additional_params" and isinstance(value, dict):
            for name, given in value.items():
                if not re.fullmatch(r"[A-Za-z_]\w*", name):
                    draft.refuse((*path, name), given, "this cannot be the name of a field of a request")
                    continue
                meant = _typed(given)
                read = "" if meant == given and type(meant) is type(given) else f"read as {meant!r}"
                draft.map((*path, name), given, f"benchmark.request_params.{name}", meant, read)
        else:
            _load(draft, path, value, model)


def _load(draft: Draft, path: Path, value: Any, model: str) -> None:
    key = path[1]
    number, count = read_number(value), read_count(value)
    if key == "task" and value in _TASKS:
        draft.map(path, value, "benchmark.task", value)
    elif key == "model_name" and isinstance(value, str):
        if value == model:
            draft.note(path, value, "the server's name by default", targets=("model.id",))
        else:
            draft.map(path, value, "model.served_name", value, "the name that clients send")
    elif key == "model_tokenizer" and isinstance(value, str):
        if value == model:
            draft.note(path, value, "tokens are counted with the model's own tokenizer", targets=("model.id",))
        else:
            draft.note(path, value, "tokens are counted with the model's own tokenizer; model.tokenizer would give the engine another one too")  # fmt: skip
    elif key == "num_concurrency" and None not in (counts := [read_count(item) for item in read_choices(value)]):
        draft.map(path, value, "benchmark.num_concurrency", counts)
    elif key == "max_time_per_iteration" and number is not None and number > 0:
        seconds = plain_number(number * _SECONDS_A_MINUTE)
        note = f"{value} taken as minutes, as genai-bench does, is {seconds} s; if seconds were meant, write {value}"
        draft.map(path, value, "benchmark.max_time_s", seconds, note, noted=True)
    elif key == "max_requests_per_iteration" and count is not None:
        draft.map(path, value, "benchmark.max_requests", count)
    elif key == "dataset_url" and isinstance(value, str):
        draft.map(path, value, "benchmark.dataset", value)
    elif key == "dataset_deduplicate" and (given := read_switch(value)) is not None:
        draft.note(path, value, "v2 takes the prompts of a data set as they are: remove repeated ones from the file" if given else "v2 takes the prompts of a data set as they are", needs_human=given)  # fmt: skip
    else:
        draft.refuse(path, value, "v2 has no place for this key or value")


def _scenarios(draft: Draft, path: Path, value: Any) -> None:
    scenarios = read_choices(value)
    if not all(isinstance(item, str) and _SCENARIO.fullmatch(item) for item in scenarios):
        draft.refuse(
            path, value, "scenarios are D(in,out), N(..)/(..), U(..)/(..) or dataset; in YAML lists they need quotes"
        )
        return
    columns: list[str] = ["benchmark.traffic_scenarios"]
    row: list[Any] = [scenarios]
    if len(scenarios) == 1 and (found := _FIXED.fullmatch(scenarios[0])) and int(found[1]) > 0 and int(found[2]) > 0:
        columns += ["runtime.isl", "runtime.osl"]
        row += [int(found[1]), int(found[2])]
    draft.vary(path, value, columns[0], columns, [row])


def migrate_optimization(draft: Draft, optimization: Mapping[str, Any]) -> None:
    """Account for `optimization`."""
    for key, value in optimization.items():
        path = ("optimization", key)
        if value is None:
            draft.note(path, value, "empty: v2's default holds")
        elif key == "strategy" and isinstance(value, str) and value in _STRATEGIES:
            draft.map(path, value, "optimization.strategy", _STRATEGIES[value])
        elif key == "objective" and value in _OBJECTIVES:
            draft.map(path, value, "optimization.objectives", [value])
        elif key == "max_iterations" and (count := read_count(value)) is not None:
            draft.map(path, value, "optimization.max_experiments", count)
        elif key == "timeout_per_iteration" and (number := read_number(value)) is not None and number > 0:
            draft.map(path, value, "optimization.timeout_s", plain_number(number))
        elif key == "n_initial_random":
            draft.note(path, value, "v2's search chooses its first experiments itself")
        else:
            draft.refuse(path, value, "v2 has no place for this key or value")


def migrate_slo(draft: Draft, slo: Mapping[str, Any]) -> None:
    """Account for `slo`: seconds to ms, `latency` to e2e_latency. A target without a statistic is one for the mean."""
    for key, value in slo.items():
        path = ("slo", key)
        if key == "steepness" and (number := read_number(value)) is not None and number > 0:
            draft.map(path, value, "slo.steepness", plain_number(number))
        elif value in (None, {}) and key in ("latency", "ttft", "tpot", "steepness"):
            draft.note(path, value, "empty")
        elif key not in ("latency", "ttft", "tpot") or not isinstance(value, dict):
            draft.refuse(path, value, "v2 has no place for this key or value")
        elif key != "latency" and "threshold" in value:
            _target(draft, path, value, f"slo.{key}.mean", "v1 named no statistic: taken for the mean")
        else:
            _statistics(draft, path, value, "e2e_latency" if key == "latency" else key)


def _statistics(draft: Draft, path: Path, targets: Mapping[str, Any], metric: str) -> None:
    for statistic, target in targets.items():
        if statistic in _STATISTICS and isinstance(target, dict):
            _target(draft, (*path, statistic), target, f"slo.{metric}.{statistic}", "")
        else:
            draft.refuse((*path, statistic), target, "v1 has targets for p50, p90 and p99, each a map with a threshold")


def _target(draft: Draft, path: Path, target: Mapping[str, Any], where: str, note: str) -> None:
    threshold = read_number(target.get("threshold"))
    if threshold is None or threshold <= 0:
        draft.refuse(path, dict(target), "a target needs a threshold above 0, in seconds")
        return
    for key, value in target.items():
        number, switch = read_number(value), read_switch(value)
        here = (*path, key)
        if key == "threshold":
            ms = plain_number(round(threshold * _MS_A_SECOND, 9))
            text = f"{value} s is {ms} ms" + (f"; {note}" if note else "")
            draft.map(here, value, f"{where}.threshold", ms, text, noted=bool(note))
        elif (key == "weight" and number is not None and number >= 0) or (
            key == "fail_ratio" and number is not None and number > 0
        ):
            draft.map(here, value, f"{where}.{key}", plain_number(number))
        elif key == "hard_fail" and switch is not None:
            draft.map(here, value, f"{where}.hard_fail", switch)
        else:
            draft.refuse(here, value, "v2 has no place for this key or value")


def _typed(value: Any) -> Any:
    """Numbers and truth values that the web form stored as text."""
    if not isinstance(value, str):
        return value
    if (switch := read_switch(value)) is not None:
        return switch
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", value.strip()):
        return value
    return int(value) if re.fullmatch(r"[+-]?\d+", value.strip()) else float(value)
