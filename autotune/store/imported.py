"""What a load client measured by itself, as a run of the store. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from autotune.bench.scenario import DATASET, parse_scenario
from autotune.schema import Config, stable_hash
from autotune.score import score_measurements
from autotune.store.record import RunInputs, RunRecord
from autotune.store.result import Failure, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.bench.result_folder import FoundServer

#: The executor of runs that nothing here executed.
IMPORTED = "import"


def point_id(server: FoundServer, files: Mapping[str, bytes], gpus: int) -> str:
    """The id of a server's point: what was read decides, not where it lay, so the same results have the same id anywhere."""
    content = sorted(hashlib.sha256(files[name]).hexdigest() for name in server.sources)
    return f"{server.tool.replace('_', '-')}-{stable_hash([server.tool, gpus, *content], 12)}"


def imported_run(
    servers: Mapping[str, FoundServer], *, folder: str, host: str, gpus: int, now: str, run_id: str
) -> tuple[RunRecord, list[Result]]:
    """The run and its results of the servers (of one tool) by point id; `now` is ISO 8601, UTC.

    A point with a load that gave nothing is failed, and keeps what came out of the others.
    """
    first = next(iter(servers.values()))
    versions = sorted({server.version for server in servers.values() if server.version})
    source = {
        "tool": first.tool,
        "version": versions[0] if len(versions) == 1 else versions or None,
        "folder": folder,
        "host": host,
    }
    run = RunRecord(
        run_id,
        import_fingerprint(servers),
        IMPORTED,
        tuple(servers),
        RunInputs(cwd=folder),
        now,
        finished_at=now,
        source={name: value for name, value in source.items() if value},
    )
    return run, [_result(run_id, name, server, gpus) for name, server in servers.items()]


def import_fingerprint(points: Iterable[str]) -> str:
    """What makes two imports the same."""
    return stable_hash([IMPORTED, *points], 24)


def _result(run_id: str, point: str, server: FoundServer, gpus: int) -> Result:
    config = _config(server, gpus)
    best, score = score_measurements(
        server.measurements, Config.model_validate({"model": {"id": server.model or "unknown"}})
    )
    failure = None
    if server.problems:
        failure = Failure(
            "benchmark",
            "; ".join(server.problems),
            f"these are the counts that {server.tool} left; its exit code does not tell",
        )
    environment = {
        "tool": server.tool,
        "tool_version": server.version,
        "engine": server.engine,
        "label": server.label,
        "warnings": server.warnings,
    }
    return Result(
        run_id=run_id,
        point_id=point,
        status="failed" if server.problems else "done",
        kind="measured",
        overrides=tuple(f"{path}={_written(value)}" for path, value in _leaves(config)),
        config=config,
        deployment={name: value for name, value in (("engine", server.engine), ("gpus", gpus)) if value},
        origin={path: f"imported from {server.tool}" for path, _ in _leaves(config)},
        measurements=tuple(server.measurements),
        best=best,
        score=None if server.problems else score,
        failure=failure,
        environment={name: value for name, value in environment.items() if value},
    )


def _config(server: FoundServer, gpus: int) -> dict[str, Any]:
    """As much of the grouped config as the tool left word of."""
    loads = [item.load for item in server.measurements]
    scenarios = list(dict.fromkeys(load.scenario for load in loads if load.scenario != DATASET))
    model = {"id": server.model, "tokenizer": server.tokenizer if server.tokenizer != server.model else None}
    groups: dict[str, dict[str, Any]] = {
        "model": model,
        "runtime": dict(zip(("isl", "osl"), _lengths(scenarios), strict=False)),
        "system": {"backend": server.engine, "num_gpus": gpus if gpus > 1 else None},
        "benchmark": {
            "tool": server.tool,
            "traffic_scenarios": scenarios or None,
            "num_concurrency": _distinct(load.concurrency for load in loads),
            "request_rate": _distinct(load.request_rate for load in loads),
        },
        "misc": {"extra_args": server.flags or None},
    }
    known = {name: {key: value for key, value in group.items() if value is not None} for name, group in groups.items()}
    return {name: group for name, group in known.items() if group}


def _lengths(scenarios: Sequence[str]) -> tuple[int, ...]:
    """Mean input and output tokens, where all loads have the same."""
    means = {parse_scenario(scenario).mean_tokens for scenario in scenarios}
    return tuple(round(tokens) for tokens in means.pop()) if len(means) == 1 else ()


def _distinct(values: Iterable[Any]) -> list[Any] | None:
    return sorted({value for value in values if value is not None}) or None


def _leaves(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in data.items():
        found += _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return found


def _written(value: Any) -> str:
    """A value as an override has it."""
    if isinstance(value, list):
        return f"[{','.join(_written(item) if not isinstance(item, str) else repr(item) for item in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
