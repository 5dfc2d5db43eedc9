"""A load client's own command, run in its own process group."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.bench.errors import BenchCancelled, BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_POLL_S = 0.1
_POLITE_S = 5.0
_TAIL_BYTES = 4096


def find_command(name: str, bin_dir: str | None) -> str | None:
    """The path of an executable in `bin_dir`, else on PATH; None when it is in neither."""
    if bin_dir is not None and (found := shutil.which(name, path=str(Path(bin_dir).expanduser()))):
        return found
    return shutil.which(name)


def run_command(
    argv: Sequence[str],
    *,
    folder: Path,
    log: Path,
    env: Mapping[str, str | None],
    timeout_s: float,
    cancelled: Callable[[], bool],
) -> int:
    """Run a command in `folder` with `env` laid over this process's environment (None removes); return its exit status.

    Both outputs go to `log`. Past `timeout_s`, or when `cancelled` says so, its whole process group is ended, politely
    first, and BenchError or BenchCancelled is raised with the log's tail.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a list, no shell
            list(argv),
            cwd=folder,
            env={name: value for name, value in {**os.environ, **env}.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,  # not a session of its own: Linux would schedule that apart from the engine (autogroup)
        )
    deadline = time.monotonic() + timeout_s
    try:
        while (status := process.poll()) is None:
            if cancelled():
                raise BenchCancelled(f"{Path(argv[0]).name} was cancelled", log_tail(log))
            if time.monotonic() > deadline:
                raise BenchError(f"{Path(argv[0]).name} did not end within {timeout_s:.0f} s", log_tail(log))
            time.sleep(_POLL_S)
    finally:
        _end_group(process)
    return status


def log_tail(log: Path) -> str:
    """The end of a log file, empty when there is none."""
    if not log.exists():
        return ""
    return log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End what the command left running; nothing to do when it and its children are gone."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        except PermissionError:  # the group is gone and its number taken by someone else's
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLITE_S)
    _wait_for_group(process.pid)


def _wait_for_group(group: int) -> None:
    """Wait for processes that were killed: one that held much memory is still there for a while after the signal."""
    deadline = time.monotonic() + _POLITE_S
    while _in_group(group) and time.monotonic() < deadline:
        time.sleep(_POLL_S / 10)


def _in_group(group: int) -> bool:
    """Whether a process of the group still runs; one that ended and that nobody has fetched (a zombie) does not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    import psutil  # here, since verbs that measure nothing load this module

    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
