"""What a word of `autotune diff` stands for: overrides, a task, a profile, files, a stored point, a command, a process."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.api import compile_dimensions, read_dimensions
from autotune.cli.found_files import STDIN, read_named, read_servers
from autotune.cli.shown_command import without_secrets
from autotune.compare import Side, found_side, point_sides, result_side
from autotune.diagnostics import Diagnostic, InputError, Severity, diagnostic, hide_secrets, nearest, unique
from autotune.importing.command_line import read_command
from autotune.importing.found_server import FoundServer
from autotune.importing.launch import base_name, find_launch, find_script
from autotune.workspace.load import Workspace, load_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_KINDS = (
    "overrides in one quoted word, a task file, a profile, an emitted file or folder, RUN:POINT, pid:N, or a command in one "
    "quoted word"
)
_POINT = re.compile(r"(?:(?P<run>[\w-]+):)?(?P<point>[0-9a-f]{4,})")
#: Longest word of the command line that is repeated.
_TITLE = 100
_PROCESS = re.compile(r"pid:(\d+)")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_OVERRIDE = re.compile(r"(?:\+{0,2}[A-Za-z_][\w./,@-]*=|~[A-Za-z_]|\+{0,2}misc\.extra_args\.)")
#: `path.name=` and `group=`, which environment variables do not look like.
_OVERRIDE_ONLY = re.compile(r"[a-z_]+(?:\.[\w-]+)*=")
_TASKS = (".yaml", ".yml", ".json")
_COMMANDS = frozenset({"docker", "podman", "nerdctl", "env", "exec", "sudo", "nohup", "numactl", "bash", "sh"})


@dataclass(frozen=True, slots=True)
class Group:
    """One side of the command line as its servers; `findings` are the errors in points that were compiled."""

    title: str
    sides: tuple[Side, ...]
    findings: tuple[Diagnostic, ...] = ()
    what: str = "config"
    """What it was read as, for people."""


class SideReader:
    """Reads words as sides. `common` are overrides for everything that is compiled; the workspace is loaded when needed."""

    def __init__(self, common: Sequence[str], config_dirs: Iterable[str], store: str | None) -> None:
        self._common = tuple(common)
        self._config_dirs = tuple(config_dirs)
        self._store = store
        self._workspace: Workspace | None = None

    @property
    def workspace(self) -> Workspace:
        if self._workspace is None:
            self._workspace = load_workspace(self._config_dirs)
        return self._workspace

    def read(self, word: str) -> Group:
        """The side that a word means. Raises InputError (AT044) for one that means nothing, and what its reading raises."""
        title = _title(word)
        if not word.strip():
            raise _wrong("an empty word cannot be compared", f"give {_KINDS}")
        if hit := _PROCESS.fullmatch(word):
            return self._process(int(hit[1]), title)
        if word == "-":
            return self._found(read_named(word), STDIN)
        path = Path(word).expanduser()
        if _exists(path):
            servers = read_servers(path)
            if servers is not None:
                return self._found(servers, word)
            return self._compiled([], title, task=word)
        words = _split(word)
        if words[0].endswith(_TASKS) and _exists(Path(words[0]).expanduser()):
            return self._compiled(words[1:], title, task=words[0])
        if _is_command(words):
            return _bare(read_command(word, "the command line"), title, "command line")
        if _OVERRIDE.match(words[0]):
            return self._compiled(words, title)
        if word in self.workspace.shelf:
            return self._compiled([f"+profile={word}"], title)
        if (hit := _POINT.fullmatch(word)) and (stored := self._stored(hit["run"], hit["point"], word)) is not None:
            return stored
        raise self._unknown(word, words)

    def _compiled(self, overrides: list[str], title: str, task: str | None = None) -> Group:
        plain = [item for item in overrides if item not in ("-m", "--multirun")]
        dimensions = read_dimensions(self.workspace, task, [*plain, *self._common], multirun=True)
        points = list(compile_dimensions(self.workspace, dimensions))
        found = [item for point in points for item in point.diagnostics if item.severity is Severity.ERROR]
        sides: list[Side] = []
        for point in points:
            swept = hide_secrets(" ".join(point.swept))
            sides += point_sides(point, f"{title}: {swept}" if swept else title)
        if not sides:
            raise InputError(*unique(found))
        return Group(title, tuple(_apart(sides)), tuple(unique(found)))

    def _found(self, servers: Sequence[FoundServer], word: str) -> Group:
        sides = _merged([found_side(server, server.where) for server in servers], word)
        titles = [replace(side, title=word) for side in sides] if len(sides) == 1 else sides
        return Group(word, tuple(_apart(titles)), what="manifest")

    def _process(self, number: int, title: str) -> Group:
        folder = Path(f"/proc/{number}")
        try:
            words = _zero_separated((folder / "cmdline").read_bytes())
            env = dict(item.split("=", 1) for item in _zero_separated((folder / "environ").read_bytes()) if "=" in item)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            remedy = (
                "`ps -ef | grep -e vllm -e sglang -e trtllm` shows the servers here; only their own user may read them"
            )
            raise _wrong(f"process {number} cannot be read: {reason}", remedy) from None
        launch = find_launch(words)
        if launch is None:
            shown = _title(shlex.join(words)) if words else "it has no command line"
            raise _wrong(f"process {number} is no server: {shown}", "name the process that was started as the server")
        server = FoundServer(f"process {number}", argv=tuple(words[launch.begin :]), env=env, injected=True)
        return _bare(server, title, "process")

    def _stored(self, run: str | None, point: str, word: str) -> Group | None:
        """The stored point; None for a word that only resembles one. Raises InputError (AT031) for a run that is not stored."""
        from autotune.store import Store

        with Store(self._store) as store:
            record = store.find_run(run) if run is not None else store.find_run_of_point(point)
            if record is None:
                return None
            if not any(name.startswith(point) for name in record.points):
                raise _wrong(f"run {record.run_id} has no point {point}", f"it has {', '.join(record.points[:8])}")
            hits = [item for item in store.results(record.run_id) if item.point_id.startswith(point)]
        if len(hits) > 1:
            names = ", ".join(item.point_id for item in hits)
            raise _wrong(f"{len(hits)} points of run {record.run_id} start with {point}", f"one of {names}")
        if hits and hits[0].deployment:
            title = word if run is not None else f"{record.run_id}:{hits[0].point_id}"
            return Group(title, (result_side(hits[0], title),), what="stored point")
        raise _wrong(f"point {point} of run {record.run_id} has no server yet", "run it first")

    def _unknown(self, word: str, words: Sequence[str]) -> InputError:
        if word.endswith((*_TASKS, ".sh")) or "/" in words[0]:
            remedy = "check the name; paths are relative to the current folder"
            return _wrong(f"there is no file or folder {hide_secrets(word)}", remedy)
        close = nearest(word, self.workspace.shelf, 1)
        hint = f"did you mean the profile {close[0]}? " if close else ""
        return _wrong(f"`{hide_secrets(word)}` is nothing that can be compared", f"{hint}give {_KINDS}")


def _bare(server: FoundServer, title: str, what: str) -> Group:
    """A server that is a command and nothing beside it: the config files that the command names are not known."""
    return Group(title, (found_side(replace(server, files_elsewhere=True), title),), what=what)


def _merged(sides: Sequence[Side], word: str) -> list[Side]:
    """The same server in several targets once. Raises InputError (AT044) where two of them start it differently."""
    kept: dict[tuple[str, frozenset[str]], Side] = {}
    nameless = [side for side in sides if side.name is None]
    for side in sides:
        if side.name is None:
            continue
        # Dynamo starts the engine by a command of its own, and names the server after the graph.
        foreign = find_launch(side.argv) is None and side.point is not None and not side.key
        if foreign and any(other.point == side.point and find_launch(other.argv) for other in sides):
            continue
        known = kept.setdefault((side.name, side.key), side)
        if known.argv != side.argv:
            raise _wrong(
                f"{known.title} and {side.title} start {side.name} with different command lines",
                f"name one of the two instead of {word}, or emit again",
            )
    return [*kept.values(), *nameless]


def _apart(sides: Sequence[Side]) -> list[Side]:
    """Titles that are unique, because pairs are named by them."""
    seen: dict[str, int] = {}
    result = []
    for side in sides:
        seen[side.title] = seen.get(side.title, 0) + 1
        count = seen[side.title]
        result.append(side if count == 1 else replace(side, title=f"{side.title} ({count})"))
    return result


def _title(word: str) -> str:
    """A word of the command line as output repeats it: without secrets, and not all of a long one."""
    words = _split(word)
    hidden = without_secrets(words)
    shown = hide_secrets(" ".join(word.split() if hidden == words else hidden))
    return shown if len(shown) <= _TITLE else f"{shown[:_TITLE]}..."


def _split(word: str) -> list[str]:
    try:
        return shlex.split(word)
    except ValueError:
        return word.split()


def _is_command(words: Sequence[str]) -> bool:
    """Whether words start an engine, alone or through another command; an override or a profile never does."""
    rest = list(words)
    while rest and _ASSIGNMENT.fullmatch(rest[0]) and not _OVERRIDE_ONLY.match(rest[0]):
        rest.pop(0)
    if not rest:
        return False
    launch = find_launch(rest)
    if launch is not None or find_script(rest) is not None:
        return True
    return len(rest) > 1 and (base_name(rest[0]) in _COMMANDS or any(item.startswith("--") for item in rest[1:]))


def _zero_separated(data: bytes) -> list[str]:
    """The texts in a file of /proc."""
    return [part.decode(errors="replace") for part in data.removesuffix(b"\0").split(b"\0")] if data else []


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False  # too long or unfit for a name, so it is none


def _wrong(message: str, remedy: str) -> InputError:
    return InputError(diagnostic("AT044", message, help=remedy))
