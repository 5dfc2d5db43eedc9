"""A Docker engine of the tests' own: everything it has and makes lies in one folder, and goes with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

START_S = 60.0
STOP_S = 60.0
PREFIX = "autotune-docker-"


class Daemon:
    """`dockerd` on a socket in `folder`, and on a TCP port of the loopback address for tests of remote engines.

    No iptables rules and no forwarding: containers reach nobody, and published ports go through Docker's own proxy. A
    bridge of its own: on one that another engine shares, or left behind, two containers have the same address.
    """

    def __init__(self) -> None:
        remove_dead()
        # A short path: a socket's has 107 characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.url = f"unix://{self.folder / 'docker.sock'}"
        self.tcp_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def lacking() -> str | None:
        """Why no engine can be started here; None when one can."""
        if os.geteuid() != 0:
            return "dockerd needs root"
        missing = [name for name in ("dockerd", "ip", "setpriv", "umount") if shutil.which(name) is None]
        return f"not installed: {', '.join(missing)}" if missing else None

    @property
    def log(self) -> Path:
        return self.folder / "dockerd.log"

    def start(self) -> None:
        """Start, or start again with what it had; returns when it answers. From a thread that lasts: the engine goes with it."""
        bridge = bridge_of(self.folder)
        if bridge not in psutil.net_if_addrs():
            try:
                _ip("link", "add", bridge, "type", "bridge")
                _ip("address", "add", free_subnet(), "dev", bridge)
                _ip("link", "set", bridge, "up")
            except subprocess.CalledProcessError as error:
                raise RuntimeError(f"no bridge for dockerd: {error.stderr}") from error
        command = [
            # Ended by the kernel should the tests be killed.
            "setpriv", "--pdeathsig", "TERM", "dockerd", "--storage-driver=vfs", f"--data-root={self.folder / 'data'}",
            f"--exec-root={self.folder / 'exec'}", f"--pidfile={self.folder / 'pid'}", f"--host={self.url}",
            f"--host=tcp://127.0.0.1:{self.tcp_port}", f"--bridge={bridge}", "--iptables=false", "--ip-masq=false", "--ip-forward=false",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, process_group=0
            )
        deadline = time.monotonic() + START_S
        while not answers(self.url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace")[-3000:]
                self.stop()
                raise RuntimeError(f"dockerd does not start:\n{said}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it politely, which ends its containers."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def remove(self) -> None:
        """Stop it, and remove its folder, mounts and bridge."""
        self.stop()
        remove_all_of(self.folder)


def remove_dead() -> None:
    """Remove what engines of tests that were killed have left: each holds the addresses of its containers."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # Without a number in the file it is just being started.
        with suppress(OSError, ValueError):
            if not psutil.pid_exists(int((folder / "pid").read_text())):
                remove_all_of(folder)


def remove_all_of(folder: Path) -> None:
    for mount in mounts_below(folder):
        subprocess.run(["umount", "--lazy", mount], check=False)
    shutil.rmtree(folder)
    if bridge_of(folder) in psutil.net_if_addrs():
        _ip("link", "delete", bridge_of(folder))


def bridge_of(folder: Path) -> str:
    """The name of an engine's bridge, of 15 characters at most."""
    return f"at-{folder.name.removeprefix(PREFIX)}"


def free_subnet() -> str:
    """A small private network, as the address of its bridge, that no interface of this machine has."""
    taken = {item.address for addresses in psutil.net_if_addrs().values() for item in addresses}
    return next(f"10.213.{n}.1/24" for n in range(256) if f"10.213.{n}.1" not in taken)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def answers(url: str) -> bool:
    """Whether a Docker engine answers at that address (`unix://...`, `tcp://...`).

    By hand: the Docker SDK and httpx both leave a socket open when it refuses.
    """
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition(":")
    family, place = (socket.AF_UNIX, rest) if scheme == "unix" else (socket.AF_INET, (host, int(port or 2375)))
    with socket.socket(family) as asking:
        asking.settimeout(10)
        try:
            asking.connect(place)
            asking.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return asking.recv(4096).split(b" ", 2)[1:2] == [b"200"]
        except OSError:
            return False


def mounts_below(folder: Path) -> list[str]:
    """Mount points in a folder, the innermost first."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return sorted((point for point in points if point.startswith(f"{folder}/")), key=len, reverse=True)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
