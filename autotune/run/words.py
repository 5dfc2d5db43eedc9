"""Events in words, one line each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autotune.diagnostics import render_text
from autotune.run.events import (
    ImagePulling,
    Noted,
    PointFinished,
    PointStarted,
    Retrying,
    RunClosed,
    RunOpened,
    ServerReady,
    ServerStarting,
    Stopping,
)
from autotune.run.standing import Standing

if TYPE_CHECKING:
    from autotune.metrics import Measurement
    from autotune.run.events import Event
    from autotune.store.result import Result

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Narrator:
    """Puts events in words. It remembers the points' labels, how many are settled, and which is best."""

    def __init__(self) -> None:
        self.total = 0
        self.settled = 0
        self.best: Result | None = None
        self.standing = Standing()
        self._labels: dict[str, str] = {}
        self._tenths: dict[str, int] = {}

    def take(self, event: Event) -> None:
        """Note what an event changes."""
        if isinstance(event, RunOpened):
            self._labels = event.labels
            self.total = len(event.labels) if event.most is None else event.most
            self.settled = len(event.labels) - event.waiting
        elif isinstance(event, PointFinished):
            self.settled += 1
            self.standing.take(event.result)
            score = event.result.score
            if score is not None and (self.best is None or self.best.score is None or score < self.best.score):
                self.best = event.result

    def label(self, point_id: str) -> str:
        return printable(self._labels.get(point_id, point_id))

    def tell(self, event: Event) -> str | None:
        """The line, or lines, for an event; None where it is not worth one. Call `take` first."""
        if isinstance(event, RunOpened):
            how = "goes on" if event.resumed else "starts"
            todo = (
                f"{event.waiting} of {self.total} points to run"
                if event.strategy is None
                else f"{event.strategy} chooses at most {self.total - self.settled} of {event.waiting} points to run"
            )
            return f"run {event.run_id} {how} on {event.executor}: {todo}\nlogs and raw output: {event.folder}"
        if isinstance(event, Noted):
            return printable(render_text([event.diagnostic]))
        if isinstance(event, ServerStarting):
            again = f", try {event.attempt}" if event.attempt > 1 else ""
            more = f" and {len(event.points) - 1} more" if len(event.points) > 1 else ""
            return f"starting a server ({event.gpus} GPU{'' if event.gpus == 1 else 's'}{again}) for {self.label(event.points[0])}{more}"
        if isinstance(event, ImagePulling):
            return self._pulling(event)
        if isinstance(event, ServerReady):
            return f"server {event.deployment} is ready after {event.seconds:.0f} s"
        if isinstance(event, PointStarted):
            return f"measuring {self.label(event.point_id)}: {event.loads} load{'' if event.loads == 1 else 's'}"
        if isinstance(event, PointFinished):
            return self._outcome(event.result)
        if isinstance(event, Retrying):
            when = f"in {event.pause_s:g} s" if event.pause_s else "now"
            why = f"{event.failure.kind}: {printable(event.failure.message)}"
            return f"try {event.attempt} of {event.tries} of {self.label(event.point_id)} {when}, after {why}"
        if isinstance(event, Stopping):
            if event.at_once:
                return f"{printable(event.by)} again: ending every server at once"
            return f"{printable(event.by)}: stopping, and ending every server; once more to end them at once"
        if isinstance(event, RunClosed):
            counts = f"{event.done} done, {event.failed} failed, {event.pruned} pruned"
            if event.interrupted:
                return f"run {event.run_id} is interrupted: {counts}, {event.waiting} to go; the same command goes on with it, or `autotune resume {event.run_id}`"
            return f"run {event.run_id} is over: {counts}"
        return None

    def _pulling(self, event: ImagePulling) -> str | None:
        """A line for every tenth of an image, the first one for its beginning."""
        tenth = 10 * event.done_bytes // event.total_bytes if event.total_bytes else 0
        if self._tenths.get(event.image, -1) >= tenth:
            return None
        self._tenths[event.image] = tenth
        return pull_in_words(event)

    def _outcome(self, result: Result) -> str:
        head = f"[{self.settled}/{self.total}] {result.status} {self.label(result.point_id)}"
        if result.failure is not None:
            lines = [f"{head}: {result.failure.kind}: {printable(result.failure.message)}"]
            if result.failure.remedy:
                lines.append(f"  help: {result.failure.remedy}")
            return "\n".join(lines)
        if result.best is not None:
            text = f"{head}: {metrics_in_words(result.measurements[result.best])}{_mark(result)}"
            many = len(self.standing.frontier)
            return f"{text}, on the frontier ({many} so far)" if self.standing.has(result.point_id) else text
        return head


def metrics_in_words(measurement: Measurement) -> str:
    """The figures people look at first: throughput, TTFT and TPOT (means), and failed requests if there were any."""
    parts = [f"{measurement.output_tokens_per_s:,.0f} tok/s out"]
    for name, stats in (("TTFT", measurement.ttft_ms), ("TPOT", measurement.tpot_ms)):
        if "mean" in stats:
            parts.append(f"{name} {stats['mean']:,.1f} ms")
    if measurement.failed:
        parts.append(f"{measurement.error_rate:.0%} of requests failed")
    return f"{', '.join(parts)} at {measurement.load.label}"


def pull_in_words(event: ImagePulling) -> str:
    """`pulling vllm/vllm-openai:v0.33.0: 3.1 of 9.8 GB`."""
    line = f"pulling {printable(event.image)}"
    if not event.total_bytes:
        return line
    unit, name = (1e9, "GB") if event.total_bytes >= 1e9 else (1e6, "MB")
    return f"{line}: {event.done_bytes / unit:.1f} of {event.total_bytes / unit:.1f} {name}"


def printable(text: str) -> str:
    """Text without what would steer a terminal: names and logs are other people's."""
    return _CONTROL.sub("", text)


def _mark(result: Result) -> str:
    return "" if result.kind == "measured" else f" ({result.kind})"
