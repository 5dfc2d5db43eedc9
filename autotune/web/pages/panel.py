"""What the New pages show beside the form while somebody types: findings, servers with their flags, the sweep, the command."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.api import compile_dimensions
from autotune.bench.loads import expand_loads
from autotune.compose.overrides import parse_overrides
from autotune.compose.settings import Assign, Dimension, UseProfiles
from autotune.compose.write_task import write_task
from autotune.diagnostics import InputError, Source, Writer, hide_secrets
from autotune.engines import ENGINES
from autotune.importing.refuse import shorten
from autotune.inputs import labels
from autotune.predict import Roofline, UnpredictableError
from autotune.report.masking import mask_arguments, mask_env
from autotune.report.number import show_number
from autotune.report.reproduce import show_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint
    from autotune.compose.settings import Setting
    from autotune.diagnostics import Diagnostic
    from autotune.web.pages.checked import Checked
    from autotune.workspace.load import Workspace

#: Servers whose flags are shown; of the others, how many there are.
_SHOWN = 8
#: Points of the largest sweep that is written out value by value.
_LONGEST_TASK = 10_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `about` are the words that people know its point by, where it is of some points only."""

    item: Diagnostic
    about: str | None
    where: str | None


@dataclass(frozen=True, slots=True)
class Server:
    """One point of the sweep with the command it starts, or the errors that keep it from starting."""

    id: str
    title: str
    runs_on: str
    command: str
    env: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    layers: tuple[str, ...]
    errors: tuple[str, ...]
    predicted: tuple[tuple[str, ...], ...]
    """A row for each load: load, TTFT ms, TPOT ms, tok/s/GPU."""


@dataclass(frozen=True, slots=True)
class OfEngine:
    """What the first point becomes for one engine: its command, or why it cannot."""

    engine: str
    version: str
    chosen: bool
    command: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    total: int
    checked: int
    runnable: int
    can_run: bool
    findings: tuple[Finding, ...]
    dimensions: tuple[tuple[str, int], ...]
    servers: tuple[Server, ...]
    more_servers: int
    expected_error: str
    engines: tuple[OfEngine, ...]
    command: str
    task: str


def build_panel(workspace: Workspace, words: Sequence[str], checked: Checked) -> Panel:
    """Everything of one draft. Secrets that stand in it are masked in what is to be copied."""
    runnable = checked.runnable
    names = labels(checked.points)
    # A sweep shows what can run first; a lone point is shown as it is.
    shown = [*runnable, *(point for point in checked.points if not point.runnable)]
    return Panel(
        total=checked.total,
        checked=len(checked.points),
        runnable=len(runnable),
        can_run=checked.can_run,
        findings=tuple(Finding(item, names.get(item.point or ""), _where(item)) for item in checked.findings),
        dimensions=tuple((_said(item), len(item.alternatives)) for item in checked.dimensions if item.swept),
        servers=tuple(map(_server, shown[:_SHOWN])),
        more_servers=max(0, len(shown) - _SHOWN),
        expected_error=_expected_error(runnable),
        engines=tuple(_per_engine(workspace, checked)),
        command=command_line(words, sweeps=any(item.swept for item in checked.dimensions)),
        task=task_text(workspace, words) if checked.total <= _LONGEST_TASK else "",
    )


def command_line(words: Sequence[str], *, sweeps: bool) -> str:
    """The command to be pasted into a POSIX shell, secrets masked."""
    return shlex.join(["autotune", *mask_arguments(words), *(["-m"] if sweeps else [])])


def task_text(workspace: Workspace, words: Sequence[str]) -> str:
    """The task file that says the same, secrets masked; empty where a word is not understood or none can say it."""
    composer = workspace.composer
    try:
        return write_task(parse_overrides(mask_arguments(words), composer.groups, composer.options, sweeps=True))
    except InputError:
        return ""


def _where(item: Diagnostic) -> str | None:
    """Who wrote what the finding is about, where it was not the person at the form."""
    if item.writer is None or (item.writer.file is None and item.writer.source in (Source.USER, Source.SWEEP)):
        return None
    return str(item.writer)


def _said(item: Dimension) -> str:
    def name(setting: Setting) -> str:
        if isinstance(setting, Assign):
            return ".".join(setting.path)
        return "profile" if isinstance(setting, UseProfiles) else getattr(setting, "group", "")

    return ", ".join(name(setting) for setting in item.alternatives[0])


def _server(point: CompiledPoint) -> Server:
    deployment = point.deployment
    errors = tuple(item.message for item in point.diagnostics if item.severity.value == "error")
    where = command = ""
    if deployment is not None and not errors:
        where = f"{deployment.engine} {deployment.engine_version} on {deployment.gpus} x {deployment.gpu_name}"
        command = show_command(deployment.argv)
    return Server(
        id=point.id,
        title=hide_secrets(" ".join(map(shorten, point.swept))),
        runs_on=where,
        command=command,
        env=tuple(mask_env(deployment.env).items()) if deployment is not None else (),
        files=tuple(deployment.files) if deployment is not None else (),
        layers=point.applied_layers,
        errors=errors,
        predicted=() if errors else tuple(_predicted(point)),
    )


def _predicted(point: CompiledPoint) -> list[tuple[str, ...]]:
    if point.config is None or point.facts is None:
        return []
    rows = []
    try:
        for load in expand_loads(point.config.benchmark, point.config.runtime)[:_SHOWN]:
            found = Roofline().predict(point.config, point.facts, load).measurement
            numbers = (found.ttft_ms.get("mean"), found.tpot_ms.get("mean"), found.output_tokens_per_s_per_gpu)
            rows.append((found.load.label, *map(show_number, numbers)))
    except UnpredictableError:
        return []
    return rows


def _expected_error(points: Sequence[CompiledPoint]) -> str:
    for point in points:
        if point.config is not None and point.facts is not None:
            try:
                load = expand_loads(point.config.benchmark, point.config.runtime)[0]
                return Roofline().predict(point.config, point.facts, load).expected_error
            except (UnpredictableError, IndexError):
                continue
    return ""


def _per_engine(workspace: Workspace, checked: Checked) -> list[OfEngine]:
    """The first point that can run, else the first, lowered for every engine; its version and image hold for its own only."""
    points = checked.runnable or list(checked.points)
    if not points:
        return []
    index = checked.points.index(points[0])
    own = points[0].facts.engine if points[0].facts is not None else None
    found = []
    for engine in ENGINES:
        point = points[0] if engine == own else _lowered_for(workspace, checked, index, engine)
        errors = [item for item in point.diagnostics if item.severity.value == "error"]
        deployment = None if errors else point.deployment
        found.append(
            OfEngine(
                engine,
                "" if deployment is None else deployment.engine_version,
                engine == own,
                "" if deployment is None else show_command(deployment.argv),
                tuple(item.message for item in errors),
            )
        )
    return found


def _lowered_for(workspace: Workspace, checked: Checked, index: int, engine: str) -> CompiledPoint:
    chosen = _choice(checked.dimensions, index)
    writer = Writer(Source.USER, override=f"system.backend={engine}")
    changes = {"backend": engine, "backend_version": None, "image": None}
    extra = tuple(Assign(("system", key), value, writer, f"system.{key}") for key, value in changes.items())
    (point,) = compile_dimensions(workspace, [*chosen, Dimension((extra,))])
    return point


def _choice(dimensions: Sequence[Dimension], index: int) -> list[Dimension]:
    """The dimensions of the point with this number, the last dimension varying fastest."""
    chosen = []
    for item in reversed(dimensions):
        index, place = divmod(index, len(item.alternatives))
        chosen.append(Dimension((item.alternatives[place],)))
    return chosen[::-1]


def show_value(value: Any) -> str:
    """A config value as it can be typed."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
