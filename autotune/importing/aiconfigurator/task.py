"""The chosen configs of an experiment as v2 tasks: what they share as groups, what they differ in as a tied sweep.

Each config is one point with the one load that was predicted of it, so that `autotune run` measures the claim as it was made.
Configs that do not name the same flags cannot be tied and get a task each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from autotune.claims import Claim, Claims, write_claims
from autotune.importing.aiconfigurator.claim import claim_of
from autotune.importing.aiconfigurator.search import NO_LIMIT_MS
from autotune.importing.aiconfigurator.worker import workers_of
from autotune.importing.imported import Status
from autotune.importing.refuse import shorten
from autotune.layers import split_path
from autotune.schema import field_paths
from autotune.schema.task_text import Setting, spell_comment, spell_flow, write_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from autotune.importing.aiconfigurator.folder import Choice, Experiment
    from autotune.importing.aiconfigurator.worker import Worker
    from autotune.importing.found_server import FoundServer
    from autotune.importing.imported import Imported

NAME = "aiconfigurator"
#: Requests for each client and warm-up for each, as the tool's own bench_run.sh has them (multi_round, warmup-request-count).
_ROUNDS, _WARMUP = 20, 2
#: How much longer than predicted a benchmark may take before it is cut off.
_PATIENCE = 3.0
#: What a role of disaggregated serving may set by itself: path of one server -> field of `disagg.ROLE`.
_ROLE_FIELDS = {
    "parallel.tp": "tp",
    "parallel.pp": "pp",
    "parallel.dp": "dp",
    "parallel.ep": "ep",
    "scheduling.max_running_requests": "max_running_requests",
    "scheduling.max_batched_tokens": "max_batched_tokens",
}
#: What a claim is about beside the sizes that differ: it holds for no other model, GPU, engine or traffic.
_ABOUT = ("model.id", "system.gpu", "system.backend", "system.serving_mode", "runtime.isl", "runtime.osl")


@dataclass(frozen=True, slots=True)
class Task:
    """One task file: `name` is the file's stem, `left_out` what could not be carried over, as text for people."""

    name: str
    text: str
    points: int
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class _Point:
    choice: Choice
    values: dict[str, Any] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """What is not in the task, and why, by the path or flag."""
    settled: tuple[str, ...] = ()


def to_tasks(
    experiments: Iterable[Experiment], to_settings: Callable[[FoundServer, Mapping[str, Any]], Imported]
) -> tuple[list[Task], list[str]]:
    """The tasks, and for each config of which there is none, why.

    `to_settings` is `autotune.importing.config.to_settings` with the catalog and what the user decides filled in; it is given
    what the folder decides.
    """
    tasks: dict[str, Task] = {}
    refused: dict[str, list[int]] = {}
    for experiment in experiments:
        groups: dict[tuple[Any, ...], list[_Point]] = {}
        for choice in experiment.choices:
            try:
                point = _point(experiment, choice, to_settings)
            except ValueError as error:
                refused.setdefault(f"{experiment.where}: {error}", []).append(choice.rank)
                continue
            free = tuple(sorted(path for path in point.values if path.startswith("misc.extra_args.")))
            groups.setdefault((choice.engine, free), []).append(point)
        for (engine, _), points in groups.items():
            name = _free_name(f"{experiment.name}-{engine}", tasks)
            tasks[name] = _task(name, experiment, points)
    return list(tasks.values()), [f"{why} (config {', '.join(map(str, ranks))})" for why, ranks in refused.items()]


def _free_name(name: str, taken: Collection[str]) -> str:
    """`agg-vllm`, `agg-vllm-2` ..: a folder may hold several searches."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _point(experiment: Experiment, choice: Choice, to_settings: Callable[[FoundServer, Mapping[str, Any]], Imported]) -> _Point:  # fmt: skip
    point = _Point(choice)
    given = {"system.gpu": choice.text("system"), "system.backend_version": choice.text("version")}
    where = f"{experiment.where}, config {choice.rank}"
    workers = workers_of(choice, where)
    servers = [_import(worker, point, {name: value for name, value in given.items() if value}, to_settings) for worker in workers]  # fmt: skip
    if choice.disaggregated:
        _join_roles(point, workers, servers)
    else:
        for setting in servers[0].values():
            _put(point, ".".join(setting.path), setting.value, setting.comment)
    _put_load(point, experiment.search(choice.engine))
    return point


def _import(
    worker: Worker,
    point: _Point,
    given: Mapping[str, Any],
    to_settings: Callable[[FoundServer, Mapping[str, Any]], Imported],
) -> dict[str, Setting]:
    """One server's settings by path. Keys of TensorRT-LLM's file that no path gives are left out, so that the rest is kept."""
    server = worker.server
    imported = to_settings(server, given)
    while imported.keeps_file:
        (file, text) = next(iter(server.files.items()))
        lost = next(
            (
                part.said.rpartition(" in ")[0].split(", ")
                for part in imported.parts
                if part.status is Status.LEFT_OUT and part.said.endswith(f" in {file}")
            ),
            [],
        )
        data = yaml.safe_load(text)
        for path in lost:
            _remove(data, path.split("."))
        point.left_out |= dict.fromkeys(lost, "no config path gives it")
        if not lost:
            raise ValueError(f"{file} has no place in a task")
        server = replace(server, files={file: yaml.safe_dump(data, sort_keys=False)})
        imported = to_settings(server, given)
    point.settled += worker.settled
    lost_parts = (part for part in imported.parts if part.status in (Status.LEFT_OUT, Status.REFUSED))
    point.left_out |= {shorten(part.said): part.note for part in lost_parts}
    return {".".join(item.path): item for item in imported.settings}


def _join_roles(point: _Point, workers: Sequence[Worker], servers: Sequence[dict[str, Setting]]) -> None:
    """Both roles as one config: what they share, and what each sets by itself."""
    if point.choice.engine == "vllm":
        raise ValueError("vllm ships no router for disaggregated serving, so there is nothing to start")
    prefill, decode = servers
    for path in dict.fromkeys([*prefill, *decode]):
        if path in _ROLE_FIELDS:
            continue
        one, other = prefill.get(path), decode.get(path)
        if other is not None:
            _put(point, path, other.value, other.comment)
        if one is None or other is None or one.value != other.value:
            said = "none" if one is None else shorten(spell_flow(one.value))
            point.left_out[f"{path} of prefill"] = f"it was {said}; both roles of a task have decode's"
    _put(point, "system.serving_mode", "disagg", "prefill and decode have servers of their own")
    for worker, server in zip(workers, servers, strict=True):
        _put(point, f"disagg.{worker.role}.replicas", worker.copies, f"({worker.role[0]})workers")
        for path, name in _ROLE_FIELDS.items():
            if path in server:
                _put(point, f"disagg.{worker.role}.{name}", server[path].value, server[path].comment)
    if transfer := next((worker.transfer for worker in workers if worker.transfer), None):
        _put(point, "disagg.transfer_backend", transfer, "from `--disaggregation-transfer-backend`")


def _put_load(point: _Point, search: Mapping[str, Any]) -> None:
    """The traffic that the claim is about, measured as the tool's own script does."""
    row, claim = point.choice.row, claim_of(point.choice)
    clients = claim.load.concurrency or 1
    for path, column in (("runtime.isl", "isl"), ("runtime.osl", "osl"), ("runtime.prefix", "prefix")):
        if value := round(float(row.get(column) or 0)):
            _put(point, path, value, f"column {column}")
    for path, key in (("runtime.ttft_target", "ttft"), ("runtime.tpot_target", "tpot")):
        if 0 < float(search.get(key) or 0) < NO_LIMIT_MS:
            _put(point, path, float(search[key]), f"{key} of the search, in ms")
    seconds = _PATIENCE * (_ROUNDS + _WARMUP) * claim.e2e_latency_ms["mean"] / 1e3
    _put(point, "benchmark.num_concurrency", [clients], "requests in flight of one replica")
    _put(point, "benchmark.max_requests", _ROUNDS * clients, f"{_ROUNDS} for each client, as in bench_run.sh")
    _put(point, "benchmark.warmup", _WARMUP * clients, f"{_WARMUP} for each client, as in bench_run.sh")
    _put(point, "benchmark.max_time_s", 60.0 * math.ceil(seconds / 60.0), "three times what the prediction would take")
    _put(point, "benchmark.request_params", {"ignore_eos": True}, "the prediction is of full outputs")


def _put(point: _Point, path: str, value: Any, comment: str) -> None:
    point.values[path] = value
    point.comments[path] = comment


def _task(name: str, experiment: Experiment, points: Sequence[_Point]) -> Task:
    paths = list(dict.fromkeys(path for point in points for path in point.values))
    ranks = {path: rank for rank, path in enumerate(field_paths())}
    paths.sort(key=lambda path: ranks.get(path, ranks.get(".".join(path.split(".")[:2]), len(ranks))))
    limit = "benchmark.max_time_s"
    if limit in paths:
        longest = max(point.values[limit] for point in points)
        for point in points:
            point.values[limit] = longest
    differing = [
        path for path in paths if any(point.values.get(path) != points[0].values.get(path) for point in points)
    ]
    common = [path for path in paths if path not in differing]
    left_out = tuple({path: f"{path}: {why}" for point in points for path, why in point.left_out.items()}.values())
    settled = tuple(dict.fromkeys(item for point in points for item in point.settled))
    text = _head(experiment, points, left_out, settled)
    text += [f"name: {spell_flow(f'aiconfigurator {name}')}", "version: 2"]
    text += write_settings(
        Setting(split_path(path), points[0].values[path], points[0].comments[path]) for path in common
    )
    if differing:
        rows = [[point.values.get(path) for path in differing] for point in points]
        text += ["", spell_comment("one config a row, the tool's best first"), "sweep:"]
        text.append(f"  {spell_flow(','.join(differing))}:")
        text += [f"  - {spell_flow(row if len(differing) > 1 else row[0])}" for row in rows]
    text += _predicted(points, differing, common)
    return Task(name, "\n".join(text) + "\n", len(points), left_out)


def _predicted(points: Sequence[_Point], differing: Sequence[str], common: Sequence[str]) -> list[str]:
    shared = [path for path in _ABOUT if path in common]
    telling = [
        path for path in differing if path in _ABOUT or path.startswith(("parallel.", "disagg.", "benchmark.num"))
    ]
    row = points[0].choice
    claims = Claims(
        NAME,
        f"perf data of {row.engine} {row.text('version')}",
        tuple(
            Claim(
                {path: point.values.get(path) for path in (*shared, *telling)}
                | {"system.gpu": point.choice.text("system")},
                claim_of(point.choice),
            )
            for point in points
        ),
    )
    data = write_claims(claims, shared)
    lines = ["", spell_comment("what aiconfigurator predicts of each; `autotune verify` lays it beside what is measured"), "predicted:"]  # fmt: skip
    lines += [f"  {key}: {spell_flow(value)}" for key, value in data.items() if key != "loads"]
    return [*lines, "  loads:", *(f"  - {spell_flow(load)}" for load in data["loads"])]


def _head(
    experiment: Experiment, points: Sequence[_Point], left_out: Sequence[str], settled: Sequence[str]
) -> list[str]:
    """Where it is from, and what is not in it."""
    choice = points[0].choice
    search = experiment.search(choice.engine)
    lines = [
        spell_comment(
            f"From {experiment.where}: what aiconfigurator chose for {choice.text('model')} on {search.get('total_gpus') or '?'} x "
            f"{choice.text('system')}. Each config is one replica; with more GPUs it runs several."
        )
    ]
    lines += [spell_comment(f"LEFT OUT {item}") for item in left_out]
    return lines + ([spell_comment(f"written otherwise, the same in effect: {'; '.join(settled)}")] if settled else [])


def _remove(data: Any, keys: Sequence[str]) -> None:
    """Take a key out of nested maps, and maps that it leaves empty."""
    if not isinstance(data, dict) or keys[0] not in data:
        return
    if len(keys) > 1:
        _remove(data[keys[0]], keys[1:])
        if data[keys[0]] != {}:
            return
    del data[keys[0]]
