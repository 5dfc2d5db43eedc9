"""One point of a stored run as a package, with nothing run again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.diagnostics import InputError, diagnostic, suggest
from autotune.emit import emit_point
from autotune.engines.provenance import POINT
from autotune.recorded import folder_of, read_recorded
from autotune.report.package import package_files
from autotune.report.picks import find_picks
from autotune.run.redact import HIDDEN, hide_env
from autotune.stored_points import rebuild
from autotune.workspace.load import load_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.store import Result, RunRecord
    from autotune.workspace.load import Workspace

NAMES = ("best", "knee", "slo")


class Packed(NamedTuple):
    """A package: its files, of which point, `why` it was picked, and the variables that are in no file because they are secret.
    `notes` are findings about it.
    """

    files: dict[str, str]
    result: Result
    why: str
    secrets: list[str]
    notes: list[Diagnostic]


def pack_point(
    record: RunRecord, results: Sequence[Result], pick: str, targets: Sequence[str], workspace: Workspace | None = None
) -> Packed:
    """The package of one point of a run, with manifests for these targets.

    The server is compiled from what the run was started with, in the folder where that was; with a `workspace` from the
    stored config alone, which leaves the folder of this process as it is. What was measured is what is packed either way.
    Raises InputError: AT031 for a point that is not there, AT063 where nothing can be picked.
    """
    result, best, why = choose(record, results, pick)
    deployment, notes = deployment_of(record, result, workspace)
    if result.kind != "measured":
        notes.append(
            diagnostic("AT171", f"point {result.point_id} was {result.kind}, not measured; the package says so",
                       help="run it on the real engine before you deploy it")
        )  # fmt: skip
    secrets = sorted(name for name, value in (result.deployment.get("env") or {}).items() if value == HIDDEN)
    files = package_files(record, result, best, emit_point(deployment, targets), why=why, secrets=secrets)
    return Packed(files, result, why, secrets, notes)


def choose(record: RunRecord, results: Sequence[Result], pick: str) -> tuple[Result, int, str]:
    """(point, load as an index, why) for `best`, `knee`, `slo`, or a point's id or the beginning of it."""
    if pick in NAMES:
        picked = find_picks(results)
        row = picked.row(pick)  # type: ignore[arg-type]
        if row is None:
            near = picked.row("nearest")
            instead = "" if near is None else f"; {near.result.point_id} comes nearest"
            raise InputError(
                diagnostic("AT063", f"run {record.run_id} has no {pick}: {picked.picks.why_not[pick]}{instead}",  # type: ignore[index]
                           help=f"--pick {', '.join(name for name in NAMES if name in picked.picks.chosen) or 'POINT'} is there")
            )  # fmt: skip
        return row.result, row.index, pick
    hits = [item for item in results if item.point_id.startswith(pick)]
    if len(hits) != 1:
        what = f"{len(hits)} points of it start with {pick}" if hits else f"it has no point {pick}"
        raise InputError(
            diagnostic("AT031", f"run {record.run_id}: {what}",
                       help=suggest(pick, [*NAMES, *(item.point_id for item in results)]))
        )  # fmt: skip
    (result,) = hits
    if result.best is None:
        raise InputError(
            diagnostic("AT063", f"point {result.point_id} of run {record.run_id} has no measurement: it is {result.status}",
                       help="pack a point that is done; `autotune results` shows them")
        )  # fmt: skip
    return result, result.best, result.point_id


def deployment_of(
    record: RunRecord, result: Result, workspace: Workspace | None = None
) -> tuple[Deployment, list[Diagnostic]]:
    """The server as it was measured: what the run's inputs compile to, else what the stored config does, with the command,
    image and files of the store. Where today's differ that is said (AT172): autotune, a profile or a model has changed since.
    """
    made = _from_inputs(record, result) if workspace is None else None
    made = made or _from_config(record, result, workspace or load_workspace(()))
    was = result.deployment
    stored: dict[str, Any] = {"argv": tuple(was.get("argv") or made.argv), "image": was.get("image") or made.image,
              "files": dict(was.get("files") or {}), "name": was.get("name") or made.name}  # fmt: skip
    env = dict(was.get("env") or {})
    differing = [name for name, value in stored.items() if value != getattr(made, name)]
    differing += ["env"] if hide_env(made.env) != env else []
    notes = [
        diagnostic("AT172", f"point {result.point_id} compiles to something else today ({', '.join(differing)}); the package has what was measured",
                   help="autotune, a profile or the model's files have changed since; `autotune compile` shows today's")
    ] if differing else []  # fmt: skip
    # Labels say the name and the point, whose id today's schema may count otherwise; the values of secrets are in no file.
    labels = {key: stored["name"] if value == made.name else value for key, value in made.labels.items()}
    return replace(
        made, **stored, labels=labels | {POINT: result.point_id}, annotations=made.annotations | {POINT: result.point_id},
        env={name: value for name, value in env.items() if value != HIDDEN},
    ), notes  # fmt: skip


def _from_inputs(record: RunRecord, result: Result) -> Deployment | None:
    try:
        with folder_of(record.inputs):
            points = read_recorded(record.inputs).compile()
    except InputError:
        return None
    return next((point.deployment for point in points if point.id == result.point_id), None)


def _from_config(record: RunRecord, result: Result, workspace: Workspace) -> Deployment:
    (point,) = rebuild(record, [result], workspace, ())
    if point.deployment is None:
        raise InputError(
            diagnostic("AT063", f"the config of point {result.point_id} compiles to no server any more",
                       help=f"`autotune results {record.run_id} --format json` has the command that was measured")
        )  # fmt: skip
    return point.deployment
