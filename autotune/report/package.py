"""A winner, packed for production: its config, manifests, figures, provenance and environment as files."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

from autotune.report.github import block, code, table
from autotune.report.masking import mask_data
from autotune.report.number import show_number
from autotune.report.reproduce import point_command, run_commands, show_command
from autotune.schema.task_text import Setting, write_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autotune.metrics import Measurement
    from autotune.store.record import RunRecord
    from autotune.store.result import Result

TASK, README = "task.yaml", "README.md"
#: The first moment that a zip can say; archives have no dates of their own.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
#: Groups that belong to where and how it was measured, and not to what is deployed.
_LEFT_OUT = ("executor",)


def package_files(
    run: RunRecord, result: Result, best: int, manifests: Mapping[str, str], *, why: str, secrets: Sequence[str] = ()
) -> dict[str, str]:
    """Relative path -> text. `best` is the load that was picked, as an index among the measurements, and `why` says by what.

    The same run gives the same bytes. `secrets` are environment variables whose values nobody stored: they are in no file.
    """
    measurement = result.measurements[best]
    record = {
        "run_id": run.run_id, "point_id": result.point_id, "kind": result.kind, "picked": why, "score": result.score,
        "metrics": measurement.as_dict(), "measurements": [item.as_dict() for item in result.measurements],
        "predicted": [item.as_dict() for item in result.predictions],
        "started_at": result.started_at, "finished_at": result.finished_at,
    }  # fmt: skip
    provenance = {
        "overrides": list(result.overrides), "applied_layers": list(result.applied_layers), "origin": dict(result.origin),
        "task": None if run.task is None else {"name": run.task.name, "hash": run.task.hash},
    }  # fmt: skip
    files = {
        README: _readme(run, result, measurement, manifests, why=why, secrets=secrets),
        TASK: task_text(result, secrets),
        "metrics.json": _json(record),
        "provenance.json": _json(provenance),
        "environment.json": _json({"machine": run.environment, "server": result.environment}),
        "deployment.json": _json(result.deployment),
    }
    return files | {f"manifests/{name}": text for name, text in sorted(manifests.items())}


def task_text(result: Result, secrets: Sequence[str] = ()) -> str:
    """The config as a task file that needs no profile: every value that it has, with who set it. Secret variables are left
    out.
    """
    kept = {group: values for group, values in result.config.items() if group not in _LEFT_OUT}
    settings = [
        Setting(path, mask_data(path[-1], value), result.origin.get(".".join(path), ""))
        for path, value in _leaves(kept)
        if path[-1] not in secrets
    ]
    head = f"# Point {result.point_id} of run {result.run_id}, as it was {result.kind}."
    return "\n".join([head, *write_settings(settings)]) + "\n"


def archive(files: Mapping[str, str], folder: str) -> bytes:
    """A tar.gz of the files in one folder, the same bytes for the same files: no dates, no owners, names in order."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w") as tar,
    ):
        for name, text in sorted(files.items()):
            content = text.encode()
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), 0o755 if name.endswith(".sh") else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def zipped(files: Mapping[str, str], folder: str) -> bytes:
    """The same as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", _ZIP_EPOCH)
            entry.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
            file.writestr(entry, text.encode(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _leaves(data: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Values that are set; a map without entries, or None, says nothing."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*prefix, str(key)))
        elif value is not None and value not in ([], ()):
            yield (*prefix, str(key)), list(value) if isinstance(value, tuple) else value


def _readme(
    run: RunRecord,
    result: Result,
    measurement: Measurement,
    manifests: Mapping[str, str],
    *,
    why: str,
    secrets: Sequence[str],
) -> str:
    deployment = result.deployment
    lines = [f"# {code(str(deployment.get('served_name') or result.point_id))}", ""]
    if result.kind != "measured":
        lines += [
            f"**{result.kind.upper()}, NOT MEASURED**: the figures below come from a model of the engine. Measure before you deploy.",
            "",
        ]
    lines += [
        f"Picked as {code(why)} from run {code(run.run_id)}: point {code(result.point_id)}, {result.kind} {(result.finished_at or '')[:10]}, on {code(str(deployment.get('engine')))} {code(str(deployment.get('engine_version')))}, {deployment.get('gpus')} GPU(s), image {code(str(deployment.get('image')))}.",
        "", table(("metric", "value"), list(_figures(measurement)), (False, True)),
        "", f"Load: {code(measurement.load.label)}. All loads and statistics: `metrics.json`.",
        "", "## Deploy", "",
        "The manifests are those of the server that was measured:", "",
        *(f"- {code(f'manifests/{name}')}" for name in sorted(manifests)),
        *(["", f"Set where the server runs, since secrets are in no file: {', '.join(map(code, secrets))}."] if secrets else []),
        "", "Its command:", "", block(show_command(deployment.get("argv") or ()), "sh"),
        "", "## Check and change", "",
        f"`{TASK}` is the whole config; it needs no profile. `autotune check {TASK}`, `autotune emit {TASK} --target k8s`, `autotune run {TASK} executor=docker`.",
        "", "## Measure again", "", block("\n".join([*run_commands(run), "# or this point alone", point_command(result)]), "sh"),
        "", "Who set which value: `provenance.json`. Machine and server: `environment.json`.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _figures(measurement: Measurement) -> Iterator[Sequence[str]]:
    known = measurement.metrics()
    for name in sorted(known):
        yield code(name), show_number(known[name])
    yield "`error_rate`", show_number(measurement.error_rate)


def _json(data: Any) -> str:
    return json.dumps(mask_data("", data), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
