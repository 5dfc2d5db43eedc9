"""One run as it stands: what is known of it from its folder and the store, whoever started it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.run.journal import read_journal
from autotune.run.listing import run_data
from autotune.run.pulse import take_pulse
from autotune.run.redact import mask
from autotune.run.standing import Standing
from autotune.run.words import printable
from autotune.score.objectives import central
from autotune.store import data_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from autotune.metrics import Measurement
    from autotune.store import Result, Store

#: How much of a log a newcomer gets, and how much is read of one at a time, in bytes.
TAIL_BYTES = 4096
_CHUNK_BYTES = 65_536
#: Points and notes that a snapshot has at most, the latest ones.
_MOST_POINTS = 1000
_MOST_NOTES = 50
#: The log of the run's own process; those of servers go by their point.
RUN_LOG = "run"


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that listeners are told. `name` is one of EVENTS, `data` is what JSON can say."""

    name: str
    data: Any


#: The events of a run, by name, and what their data is.
EVENTS = {
    "snapshot": "everything below at once: run, points, servers, frontier, notes, logs; the first event of every connection",
    "run": "the run as in /api/v2/runs/{run_id}: its state, counts, who works on it",
    "server": "a server that starts, is ready, or measures a point; state `removed` when it has ended",
    "point": "a point whose status changed, with the figures of its best load",
    "frontier": "the points on the frontier so far, the best in the first objective first",
    "log": "what was added to a log: `{source, text}`; source is a point id, or `run`",
    "note": "a diagnostic that stops nothing",
    "end": "nobody works on the run any more; the connection ends",
}


@dataclass(slots=True)
class _Log:
    path: Path
    at: int = 0
    rest: bytes = b""
    tail: str = ""


@dataclass(slots=True)
class Scene:
    """A run that is being watched. `look` reads what is new; it is called by one thread at a time."""

    store: Store
    run_id: str
    pending: Callable[[], Collection[str]]
    run: dict[str, Any] = field(default_factory=dict)
    points: dict[str, dict[str, Any]] = field(default_factory=dict)
    servers: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    _standing: Standing = field(default_factory=Standing)
    _stood: set[str] = field(default_factory=set)
    _seen: dict[str, tuple[str, int]] = field(default_factory=dict)
    _logs: dict[str, _Log] = field(default_factory=dict)
    _at: int = 0

    @property
    def over(self) -> bool:
        """Whether nobody works on the run, nor is about to."""
        return self.run.get("state") not in ("running", "queued")

    def snapshot(self) -> dict[str, Any]:
        """Everything that is known, for a newcomer."""
        shown = list(self.points.values())[-_MOST_POINTS:]
        return {
            "run": self.run, "points": shown, "servers": list(self.servers.values()), "frontier": self.frontier(),
            "notes": self.notes[-_MOST_NOTES:], "logs": {name: log.tail for name, log in self._logs.items() if log.tail},
        }  # fmt: skip

    def frontier(self) -> list[dict[str, Any]]:
        return [
            {"point_id": point, "label": self._label(point), **_figures(found)}
            for point, found in self._standing.frontier
        ]

    def look(self) -> list[RunEvent]:
        """What happened since the last look. Raises InputError when the run is not there, or the store unusable."""
        record = self.store.find_run(self.run_id)
        folder = data_dir() / "runs" / record.run_id
        found = [*self._read_journal(folder), *self._read_store(), *self._read_logs(folder)]
        data = run_data(record, take_pulse(folder), queued=record.run_id in self.pending())
        if data["state"] != "running":
            found += self._drop_servers()
        if data != self.run:
            self.run = data
            found.append(RunEvent("run", data))
        return found

    def _read_journal(self, folder: Path) -> Iterable[RunEvent]:
        lines, self._at = read_journal(folder, self._at)
        for line in lines:
            yield from self._take(line)

    def _take(self, line: dict[str, Any]) -> Iterable[RunEvent]:
        name = line.get("event")
        if name == "RunOpened":
            self.labels = dict(line.get("labels") or {})
            yield from self._drop_servers()
        elif name == "Noted":
            self.notes.append(line["diagnostic"])
            yield RunEvent("note", line["diagnostic"])
        elif name == "ServerStarting":
            server = {
                "server": line["deployment"], "state": "starting", "points": line["points"], "point_id": None,
                "label": self._label(line["points"][0]), "gpus": line["gpus"], "devices": line.get("devices", []),
                "cpus": line.get("cpus", []), "attempt": line["attempt"], "since": line["at"], "pulled_bytes": None, "total_bytes": None,
            }  # fmt: skip
            self.servers[line["deployment"]] = server
            yield RunEvent("server", dict(server))
        elif name == "ServerRemoved":
            yield from self._drop_servers(line["deployment"])
        elif (server_now := self.servers.get(line.get("deployment", ""))) is not None:
            if name == "ServerReady":
                server_now["state"] = "ready"
            elif name == "PointStarted":
                server_now |= {
                    "state": "measuring",
                    "point_id": line["point_id"],
                    "label": self._label(line["point_id"]),
                }
            elif name == "ImagePulling":
                server_now |= {
                    "state": "pulling",
                    "pulled_bytes": line["done_bytes"],
                    "total_bytes": line["total_bytes"],
                }
            yield RunEvent("server", dict(server_now))

    def _drop_servers(self, name: str | None = None) -> list[RunEvent]:
        gone = list(self.servers) if name is None else [name] if name in self.servers else []
        return [RunEvent("server", self.servers.pop(item) | {"state": "removed"}) for item in gone]

    def _read_store(self) -> list[RunEvent]:
        seen = self.store.statuses(self.run_id)
        changed = [point for point, what in seen.items() if self._seen.get(point) != what]
        gone = [point for point in self._seen if point not in seen]
        for point in gone:  # it was interrupted, and waits again
            self.points.pop(point, None)
        self._seen = seen
        found = [
            RunEvent("point", {"point_id": point, "label": self._label(point), "status": "waiting"}) for point in gone
        ]
        stood = len(self._stood)
        for result in self.store.some_results(self.run_id, changed):
            if result.status == "done" and result.point_id not in self._stood:
                self._stood.add(result.point_id)
                self._standing.take(result)
            self.points.pop(result.point_id, None)
            self.points[result.point_id] = self._point(result)
            found.append(RunEvent("point", self.points[result.point_id]))
        if len(self._stood) > stood:
            found.append(RunEvent("frontier", self.frontier()))
        return found

    def _read_logs(self, folder: Path) -> Iterable[RunEvent]:
        wanted = {RUN_LOG: folder / "run.log"}
        for server in self.servers.values():
            point = server["point_id"] or server["points"][0]
            wanted[point] = folder / "points" / point / "server.log"
        for name, path in wanted.items():
            log = self._logs.setdefault(name, _begin(path))
            if text := _read_more(log):
                yield RunEvent("log", {"source": name, "text": text})
        for name in set(self._logs) - set(wanted):
            del self._logs[name]

    def _point(self, result: Result) -> dict[str, Any]:
        failure = result.failure
        best = {} if result.best is None else _figures(result.measurements[result.best])
        return {
            "point_id": result.point_id, "label": self._label(result.point_id), "status": result.status,
            "kind": result.kind, "score": result.score, "attempts": result.attempts, "finished_at": result.finished_at,
            "metrics": best or None,
            "failure": None if failure is None else {"kind": failure.kind, "message": failure.message, "remedy": failure.remedy},
        }  # fmt: skip

    def _label(self, point: str) -> str:
        return printable(self.labels.get(point, point))


def read_scene(store: Store, run_id: str, pending: Callable[[], Collection[str]]) -> Scene:
    """A run as it stands now, for a page that is made once. Raises InputError when there is none."""
    scene = Scene(store, store.find_run(run_id).run_id, pending)
    scene.look()
    return scene


def _figures(found: Measurement) -> dict[str, Any]:
    """What a plot and a table need, in ms and tokens/s; what is not known is None."""
    numbers = {
        "ttft_ms": central(found.ttft_ms),
        "tpot_ms": central(found.tpot_ms),
        "output_tokens_per_s": found.output_tokens_per_s,
        "output_tokens_per_s_per_gpu": found.output_tokens_per_s_per_gpu,
    }
    known = {name: value if value == value and abs(value) != float("inf") else None for name, value in numbers.items()}  # noqa: PLR0124
    return {"load": found.load.label, "concurrency": found.load.concurrency, **known}


def _begin(path: Path) -> _Log:
    """A log from a little before its end on."""
    try:
        return _Log(path, max(0, path.stat().st_size - TAIL_BYTES))
    except OSError:
        return _Log(path)


def _read_more(log: _Log) -> str:
    """The whole lines that came since, with secrets hidden: a secret is never cut in two then."""
    try:
        with log.path.open("rb") as file:
            if file.seek(0, 2) < log.at:  # a new try has a new log
                log.at, log.rest = 0, b""
            file.seek(log.at)
            data = log.rest + file.read(_CHUNK_BYTES)
            log.at = file.tell()
    except OSError:
        return ""
    whole, newline, log.rest = data.rpartition(b"\n")
    if len(log.rest) > _CHUNK_BYTES:
        whole, newline, log.rest = log.rest, b"\n", b""
    if not newline:
        return ""
    text = printable(mask((whole + newline).decode(errors="replace"), os.environ))
    log.tail = (log.tail + text)[-TAIL_BYTES:]
    return text
