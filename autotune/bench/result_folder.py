"""Folders that load clients wrote by themselves: which tool it was, and what it measured on which server. Pure.

A reader is one function in `READERS`: files in, `FoundServer`s out, nothing where no file is its tool's. Names of files are
paths below the folder, with `/`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from autotune.bench import aiperf_result, genai_bench_result
from autotune.bench.errors import BenchError
from autotune.bench.guidellm_result import parse_guidellm, why_guidellm_failed
from autotune.bench.vllm_bench_result import parse_vllm_bench, runs_in, why_vllm_bench_failed
from autotune.engines.known import known_flags, known_versions
from autotune.metrics import Load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from autotune.metrics import Measurement

    Files = Mapping[str, str]

#: What a file of results ends with; others are not even read.
SUFFIXES = (".json", ".jsonl")

#: What tells a result of `vllm bench serve` from other JSON.
_VLLM_FIELDS = ('"num_prompts"', '"request_throughput"', '"completed"')
_SERVE = re.compile(r"SERVE-(?P<serve>.*?)-?BENCH-(?P<bench>.*)|SERVE-(?P<alone>.*)")
_FAILED_SERVER = re.compile(r"SERVE-.*-failure\.json")
_GENAI_FILE = re.compile(r".*_num_concurrency_.*_time_.*s\.json|debug_for_run_.*\.json")


@dataclass(slots=True)
class FoundServer:
    """One server and what a tool measured on it.

    `label` tells it from the others of the folder, empty for the only one. `flags` are flags of the engine's command.
    `problems` are loads that gave nothing, in words, with their counts; `warnings` say what is off with the numbers.
    `sources` are the names of the files that it was read from.
    """

    tool: str
    version: str | None = None
    label: str = ""
    model: str | None = None
    tokenizer: str | None = None
    engine: str | None = None
    flags: dict[str, Any] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(self, found: Measurement, why: str) -> None:
        """A measurement, or the problem that a load of which nothing came back is."""
        if found.completed:
            self.measurements.append(found)
        else:
            what = f"none of {found.failed} requests" if found.failed else "no request"
            label = f"{found.load.label}: " if found.load != Load("dataset") else ""
            self.problems.append(f"{label}{what} completed{': ' if why else ''}{why}")


def read_folder(files: Files, gpus: int = 1) -> list[FoundServer]:
    """Every server that the files tell of, in the order of their names. Empty when no tool is known by them."""
    return [server for reader in READERS.values() for server in reader(files, gpus)]


def _genai_bench(files: Files, gpus: int) -> Iterator[FoundServer]:
    for folder, inside in _by_folder(files):
        results = [name for name in inside if _GENAI_FILE.fullmatch(name)]
        if not results:
            continue
        metadata = _json(inside.get("experiment_metadata.json", "{}"))
        server = FoundServer(
            "genai_bench",
            metadata.get("benchmark_version"),
            folder,
            metadata.get("api_model_name") or metadata.get("model"),
            metadata.get("server_model_tokenizer"),
            metadata.get("server_engine"),
        )
        unit = metadata.get("metrics_time_unit", "s")
        for name in results:
            server.sources.append(_join(folder, name))
            try:
                server.measurements.append(
                    genai_bench_result.parse_result({"_time_unit": unit, **_object(inside[name])}, gpus)
                )
            except BenchError as error:
                server.problems.append(error.message)
            except (ValueError, KeyError, TypeError) as error:
                server.warnings.append(f"{_join(folder, name)} cannot be read: {type(error).__name__}: {error}")
        yield server


def _guidellm(files: Files, gpus: int) -> Iterator[FoundServer]:
    for name, text in files.items():
        if "guidellm_version" not in text:
            continue
        folder = str(PurePosixPath(name).parent)
        server = FoundServer("guidellm", label="" if folder == "." else folder, sources=[name])
        try:
            measured = parse_guidellm(text, gpus)
            report = json.loads(text)
        except ValueError as error:
            server.warnings.append(f"{name} cannot be read: {error}")
        else:
            server.version = report["metadata"].get("guidellm_version")
            spec = (report.get("config") or {}).get("spec") or {}
            server.model = (spec.get("backend") or {}).get("model")
            server.tokenizer = (spec.get("tokenizer") or {}).get("model")
            for position, found in enumerate(measured):
                server.add(found, why_guidellm_failed(text, position))
        yield server


def _aiperf(files: Files, gpus: int) -> Iterator[FoundServer]:
    """All folders of a sweep are one server: aiperf varies the load, and starts no servers."""
    sweeps = {str(path.parents[1]) for name in files if (path := PurePosixPath(name)).parent.name == "sweep_aggregate"}
    servers: dict[str, FoundServer] = {}
    for folder, inside in _by_folder(files):
        if aiperf_result.SUMMARY not in inside and not _records_of_aiperf(inside):
            continue
        parent = str(PurePosixPath(folder).parent)
        label = parent if parent in sweeps else folder
        server = servers.setdefault(label, FoundServer("aiperf", label="" if label == "." else label))
        _add_aiperf(server, folder, inside, gpus)
    yield from servers.values()


def _add_aiperf(server: FoundServer, folder: str, inside: dict[str, str], gpus: int) -> None:
    name = _join(folder, aiperf_result.SUMMARY if aiperf_result.SUMMARY in inside else aiperf_result.RECORDS)
    server.sources.append(name)
    try:
        for found in aiperf_result.parse_aiperf(inside, gpus):
            server.add(found, aiperf_result.why_aiperf_failed(inside))
        counts = aiperf_result.token_counts(inside)
    except BenchError as error:
        server.problems.append(f"{folder or '.'}: {error.message}")
        return
    except ValueError as error:
        server.warnings.append(f"{name} cannot be read: {error}")
        return
    if counts is not None and counts.counted != counts.by_server:
        server.warnings.append(
            f"{name}: aiperf counted {counts.counted} output tokens where the server said {counts.by_server}, so TPOT "
            "and token rates are off (it ran without --use-server-token-count)"
        )
    summary = _json(inside.get(aiperf_result.SUMMARY, "{}"))
    config = summary.get("input_config") or {}
    models = (config.get("models") or {}).get("items") or [{}]
    server.version = server.version or summary.get("aiperf_version")
    server.model = server.model or models[0].get("name")
    server.tokenizer = server.tokenizer or (config.get("tokenizer") or {}).get("name")


def _vllm_bench(files: Files, gpus: int) -> Iterator[FoundServer]:
    """A sweep's folders with the same server settings are one server; a file that stands alone is one of its own."""
    servers: dict[str, FoundServer] = {}
    for name, text in files.items():
        if _FAILED_SERVER.fullmatch(PurePosixPath(name).name) and "serve_overrides" in (failure := _json(text)):
            flags = _flags(failure["serve_overrides"])
            label = _flag_label(flags) or str(failure["serve_overrides"].get("_benchmark_name", ""))
            server = servers.setdefault(
                f"{PurePosixPath(name).parent}|{label}",
                FoundServer("vllm_bench", label=label, engine="vllm", flags=flags),
            )
            server.problems.append(f"the server failed: {failure.get('error_type')}: {failure.get('error')}")
            server.sources.append(name)
            continue
        # `summary.json` repeats the runs beside it.
        if PurePosixPath(name).name == "summary.json" or not all(field in text for field in _VLLM_FIELDS):
            continue
        _add_vllm_runs(servers, name, text, gpus)
    yield from servers.values()


def _add_vllm_runs(servers: dict[str, FoundServer], name: str, text: str, gpus: int) -> None:
    try:
        measured, runs = parse_vllm_bench(text, gpus), runs_in(text)
    except ValueError as error:
        servers.setdefault(name, FoundServer("vllm_bench", label=name, sources=[name])).warnings.append(
            f"{name} cannot be read: {error}"
        )
        return
    folder = PurePosixPath(name).parent
    for position, (found, run) in enumerate(zip(measured, runs, strict=True)):
        hit = _SERVE.fullmatch(folder.name)
        serve = "" if hit is None else (hit["serve"] or hit["alone"] or "").strip("-")
        flags = {} if hit is None else _flags(_server_settings(run, serve))
        label = _flag_label(flags) or serve
        if hit is None:
            label = name if len(PurePosixPath(name).parts) > 1 else PurePosixPath(name).stem
        key = f"{folder.parent if hit else folder}|{label}"
        server = servers.setdefault(
            key,
            FoundServer(
                "vllm_bench", label=label, model=run.get("model_id"), tokenizer=run.get("tokenizer_id"),
                engine="vllm" if hit else None, flags=flags,
            ),
        )  # fmt: skip
        server.add(found, why_vllm_bench_failed(text, position))
        if name not in server.sources:
            server.sources.append(name)


#: How to read each tool's folders. To add one: a function as above, and a line here.
READERS: dict[str, Callable[[Files, int], Iterator[FoundServer]]] = {
    "genai_bench": _genai_bench,
    "guidellm": _guidellm,
    "aiperf": _aiperf,
    "vllm_bench": _vllm_bench,
}


def _by_folder(files: Files) -> Iterator[tuple[str, dict[str, str]]]:
    """Each folder's path and its files by their last names, sorted."""
    folders: dict[str, dict[str, str]] = {}
    for name in sorted(files):
        path = PurePosixPath(name)
        folders.setdefault("" if str(path.parent) == "." else str(path.parent), {})[path.name] = files[name]
    yield from folders.items()


def _records_of_aiperf(inside: Mapping[str, str]) -> bool:
    return '"benchmark_phase"' in inside.get(aiperf_result.RECORDS, "")[:4000]


def _server_settings(run: Mapping[str, Any], serve: str) -> dict[str, Any]:
    """What a sweep set on the server: it adds that to the benchmark's own fields, together with what it set on the benchmark.

    A setting is the server's when the folder's name says so (without a name of their own, settings are the name), or when
    it is a flag of `vllm serve`.
    """
    named = re.findall(r"(?:^|-)([\w.-]+?)=", serve)
    return {key: value for key, value in run.items() if key in named or _is_flag(_flag(key))}


def _is_flag(flag: str) -> bool:
    """Whether a known version of vLLM takes it."""
    return any(known_flags("vllm", version).find(flag) is not None for version in known_versions("vllm"))


def _flag(key: str) -> str:
    """VLLM takes settings with `_` or `-`, with or without the dashes; in a JSON value only its flag is spelled so."""
    first, dot, rest = key.lstrip("-").partition(".")
    return f"--{first.replace('_', '-')}{dot}{rest}"


def _flags(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a sweep as the engine's flags."""
    return {_flag(key): value for key, value in settings.items() if key != "_benchmark_name"}


def _flag_label(flags: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in flags.items())


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _object(text: str) -> dict[str, Any]:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise TypeError("no JSON object")
    return data


def _json(text: str) -> dict[str, Any]:
    """A JSON object, empty for anything else."""
    try:
        return _object(text)
    except (ValueError, TypeError):
        return {}
