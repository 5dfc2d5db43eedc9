"""The progress of a run on stderr: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING, Any, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

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
from autotune.score.objectives import central

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from rich.console import RenderableType

    from autotune.metrics import Measurement
    from autotune.run.events import Event

#: Points differ in length by far: the time left is judged by all that went before, not by the last half minute.
_SPEED_PERIOD_S = 86_400.0
_FRONTIER_ROWS = 8


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


class _Board(Progress):
    """The bars, and below them the frontier as far as it is known."""

    def __init__(self, narrator: Narrator, *columns: ProgressColumn, **more: Any) -> None:
        self._narrator = narrator
        super().__init__(*columns, **more)

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if found := self._narrator.standing.frontier:
            yield _frontier_table(self._narrator, found)


def _frontier_table(narrator: Narrator, found: Sequence[tuple[str, Measurement]]) -> Table:
    table = Table(box=None, pad_edge=False, title="frontier so far", title_justify="left", title_style="dim")
    for head in ("tok/s/GPU", "TPOT ms", "TTFT ms"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("point", no_wrap=True, overflow="ellipsis")
    for point_id, item in found[:_FRONTIER_ROWS]:
        numbers = (item.output_tokens_per_s_per_gpu, central(item.tpot_ms), central(item.ttft_ms))
        cells = [f"{number:,.1f}" if math.isfinite(number) else "-" for number in numbers]
        table.add_row(*(Text(cell) for cell in (*cells, f"{narrator.label(point_id)} {item.load.label}")))
    if len(found) > _FRONTIER_ROWS:
        table.caption = f"and {len(found) - _FRONTIER_ROWS} more"
    return table


class BarReporter:
    """A bar over the points, a line for each server with what it does, the best result so far and the frontier. A context
    manager.
    """

    def __init__(self, stream: TextIO) -> None:
        self._narrator = Narrator()
        self._console = Console(file=stream, stderr=False)
        self._progress = _Board(
            self._narrator,
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
