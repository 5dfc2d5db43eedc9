"""The supervisor of one engine: ends it, and everything it started, when autotune goes away, in whatever way it goes.

Run by its path as a process of its own (`python -I supervise.py ... -- COMMAND`); its standard input is a pipe whose other
end autotune holds. The kernel closes that end even on kill -9, and this process then sees the end of its input and ends
the engine, politely at first and by force after a while; SIGTERM asks for force at once. On Linux it is the reaper of
its descendants, so that a process the engine detached (another session, a parent that ended) is still found among its
children.

Exits with the engine's status, 128 + n for signal n, 127 where the command could not be started.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None
_POLL_S = 0.05
#: How long the engine has to end its own workers before they are asked too: one that is still loading only waits for them.
_ALONE_S = 3.0
#: A process that has not gone this long after SIGKILL hangs in the kernel, and waiting longer helps no one.
_UNKILLABLE_S = 10.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--stop-timeout-s", type=float, required=True)
    parser.add_argument("--cpus", help="CPU threads that the engine is to stay on, separated by commas")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if options.cpus:
        _stay_on({int(number) for number in options.cpus.split(",")})
    wake = _wake_on_signals()
    engine = _start(options.command, options.log)
    if engine is None:
        return 127
    _write_record(options.record, engine.pid)
    try:
        status, at_once = _watch(engine.pid, wake)
        return _end_all(engine.pid, status, wake, 0.0 if at_once else options.stop_timeout_s)
    finally:
        engine.returncode = 0  # reaped here; nothing for subprocess to wait for
        options.record.unlink(missing_ok=True)


def _stay_on(cpus: set[int]) -> None:
    """Keep this process, and with it the engine that it starts, on these CPU threads; where they are gone, on any."""
    with suppress(OSError, AttributeError, ValueError):
        os.sched_setaffinity(0, cpus)


def _wake_on_signals() -> int:
    """A descriptor that turns readable, with the signal's number in it, when a child ends or someone asks to stop.

    Handled rather than ignored, because the engine would inherit that; a terminal's signals are autotune's to answer.
    """
    wake, write = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return wake


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes] | None:
    with log.open("ab") as output:
        try:
            return subprocess.Popen(  # noqa: S603 - a list, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own, not a session: Linux shares the CPU out by session (autogroup), and an engine in one of
                # its own answered up to ten times later beside a busy load client on two cores.
                process_group=0,
                preexec_fn=_end_with_supervisor if _LINUX else None,  # noqa: PLW1509 - this process has one thread
            )
        except OSError as error:
            output.write(f"{command[0]}: {error.strerror}\n".encode())
            return None


def _end_with_supervisor() -> None:
    """Between fork and exec: have the kernel send SIGTERM to the engine should the supervisor itself be killed."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _write_record(path: Path, engine: int) -> None:
    """What a later autotune needs to find these processes again should both this one and its parent be killed."""
    numbers = {"supervisor": os.getpid(), "engine": engine}
    data = {name: {"pid": pid, "create_time": psutil.Process(pid).create_time()} for name, pid in numbers.items()}
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(data))
    temporary.replace(path)


def _watch(engine: int, wake: int) -> tuple[int | None, bool]:
    """Wait until the engine ends (its status) or has to (None); and whether that is to be at once."""
    while True:
        ready, _, _ = select.select([sys.stdin.fileno(), wake], [], [])
        status = _reap(engine)
        if status is not None:
            return status, False
        if wake in ready and signal.SIGTERM in _drain(wake):
            return None, True
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 1):
            return None, False


def _drain(wake: int) -> bytes:
    try:
        return os.read(wake, 4096)
    except BlockingIOError:
        return b""


def _reap(engine: int) -> int | None:
    """Collect every child that has ended; the engine's status if it is one of them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == engine:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code


def _end_all(engine: int, status: int | None, wake: int, stop_timeout_s: float) -> int:
    """End the engine, then whatever of it is left; return the engine's status.

    The engine alone is asked first: one that ends its own workers in order frees GPU memory and sockets cleanly.
    """
    began = time.monotonic()
    deadline = began + stop_timeout_s
    asked_rest = False
    if status is None:
        _signal(engine, signal.SIGTERM)
    while left := psutil.Process().children(recursive=True):
        now = time.monotonic()
        if now > deadline + _UNKILLABLE_S:
            break
        if now > deadline:
            for process in left:
                _signal(process.pid, signal.SIGKILL)
        elif (status is not None or now > began + _ALONE_S) and not asked_rest:
            asked_rest = True
            for process in left:
                _signal(process.pid, signal.SIGTERM)
        select.select([wake], [], [], _POLL_S)
        if signal.SIGTERM in _drain(wake):
            deadline = time.monotonic()
        ended = _reap(engine)
        status = ended if status is None else status
    return 0 if status is None else status


def _signal(pid: int, number: int) -> None:
    # Every process signalled here is a descendant that has not been reaped by this process or by a live one between,
    # so its number cannot have been given to another.
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    sys.exit(main())
