"""A Docker engine of the tests' own: everything it has and makes lies in one folder, and goes with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

START_S = 60.0
STOP_S = 60.0
BRIDGE = Path("/sys/class/net/docker0")


class Daemon:
    """`dockerd` on a socket in `folder`, and on a TCP port of the loopback address for tests of remote engines.

    No iptables rules and no forwarding: containers reach nobody, and published ports go through Docker's own proxy.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder / 'docker.sock'}"
        self.tcp_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._bridge_was_there = BRIDGE.exists()

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
        """Start, or start again with what it had; returns when it answers."""
        command = [
            # Ended by the kernel should the tests be killed.
            "setpriv", "--pdeathsig", "TERM", "dockerd", "--storage-driver=vfs", f"--data-root={self.folder / 'data'}",
            f"--exec-root={self.folder / 'exec'}", f"--pidfile={self.folder / 'pid'}", f"--host={self.url}",
            f"--host=tcp://127.0.0.1:{self.tcp_port}", "--iptables=false", "--ip-masq=false", "--ip-forward=false",
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
        for mount in mounts_below(self.folder):
            subprocess.run(["umount", "--lazy", mount], check=False)
        shutil.rmtree(self.folder)
        if BRIDGE.exists() and not self._bridge_was_there:
            subprocess.run(["ip", "link", "delete", BRIDGE.name], check=False)


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
