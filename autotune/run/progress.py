"""The progress of a run on stderr: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from autotune.run.events import (
    ImagePulling,
    PointFinished,
    PointStarted,
    RunOpened,
    ServerReady,
    ServerRemoved,
    ServerStarting,
)
from autotune.run.words import Narrator, metrics_in_words, pull_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from autotune.run.events import Event

#: Points differ in length by far: the time left is judged by all that went before, not by the last half minute.
_SPEED_PERIOD_S = 86_400.0


class PlainReporter:
    """One line, or a few, for each event."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._narrator = Narrator()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.flush()

    def report(self, event: Event) -> None:
        self._narrator.take(event)
        line = self._narrator.tell(event)
        if line is not None:
            print(line, file=self._stream, flush=True)


class BarReporter:
    """A bar over the points, a line for each server with what it does, and the best result so far. A context manager."""

    def __init__(self, stream: TextIO) -> None:
        self._narrator = Narrator()
        self._console = Console(file=stream, stderr=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=self._console,
            speed_estimate_period=_SPEED_PERIOD_S,
        )
        self._points: TaskID | None = None
        self._servers: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def report(self, event: Event) -> None:
        self._narrator.take(event)
        if isinstance(event, ServerStarting):
            text = f"starting {self._narrator.label(event.points[0])}"
            self._servers[event.deployment] = self._progress.add_task(text, total=len(event.points))
        elif isinstance(event, ImagePulling):
            self._describe(event.deployment, pull_in_words(event))
        elif isinstance(event, ServerReady):
            self._describe(event.deployment, "ready")
        elif isinstance(event, PointStarted):
            self._describe(event.deployment, f"measuring {self._narrator.label(event.point_id)}")
        elif isinstance(event, ServerRemoved):
            if (task := self._servers.pop(event.deployment, None)) is not None:
                self._progress.remove_task(task)
        elif line := self._narrator.tell(event):
            self._console.print(line, markup=False, highlight=False)
        if isinstance(event, RunOpened):
            self._points = self._progress.add_task(
                "points", total=self._narrator.total, completed=self._narrator.settled
            )
        elif isinstance(event, PointFinished) and self._points is not None:
            self._progress.update(self._points, completed=self._narrator.settled, description=self._summary())

    def _describe(self, deployment: str, text: str) -> None:
        if deployment in self._servers:
            self._progress.update(self._servers[deployment], description=text)

    def _summary(self) -> str:
        best = self._narrator.best
        if best is None or best.best is None:
            return "points"
        return f"points; best so far {self._narrator.label(best.point_id)}: {metrics_in_words(best.measurements[best.best])}"


def make_reporter(stream: TextIO | None = None, environ: Mapping[str, str] = os.environ) -> PlainReporter | BarReporter:
    """Bars where `stream` (stderr by default) is a terminal that can show them, plain lines for pipes, CI and dumb terminals.

    To be used as a context manager. NO_COLOR is respected.
    """
    stream = sys.stderr if stream is None else stream
    plain = not stream.isatty() or bool(environ.get("CI")) or environ.get("TERM") == "dumb"
    return PlainReporter(stream) if plain else BarReporter(stream)
