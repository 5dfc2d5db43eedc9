"""A PostgreSQL server of the tests' own, from Debian's package, in a folder that goes with it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

BIN = Path("/usr/lib/postgresql/15/bin")
PASSWORD = "p@ss:w/rd%hunter2"


class Server:
    """A running server; `database()` makes an empty database and gives its URL."""

    def __init__(self, folder, prefix):
        self.folder, self._prefix, self._made = folder, prefix, 0

    def call(self, command, *arguments, **more):
        return subprocess.run(
            [*self._prefix, BIN / command, *arguments],
            check=True, capture_output=True, text=True, cwd="/", timeout=120, **more,
        ).stdout  # fmt: skip

    def sql(self, text, database="postgres"):
        return self.call("psql", "-X", "-h", self.folder, "-U", "owner", "-At", "-c", text, database,
                         env={**os.environ, "PGPASSWORD": PASSWORD})  # fmt: skip

    def database(self):
        self._made += 1
        self.sql(f"create database d{self._made}")
        return self.url(f"d{self._made}")

    def url(self, database, password=PASSWORD):
        quoted = "".join(f"%{ord(char):02X}" if char in "@:/%" else char for char in password)
        return f"postgresql://owner:{quoted}@/{database}?host={self.folder}"


@contextmanager
def postgres_server():
    """Start a server on a Unix socket, without a TCP port; skip where it is not installed."""
    if not (BIN / "initdb").exists():
        pytest.skip("PostgreSQL's server (Debian's package postgresql) is not installed")
    pytest.importorskip("psycopg", reason="psycopg (llm-autotune[postgres]) is not installed")
    # Short: the path of a Unix socket has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="at-pg-"))
    prefix = []
    try:
        if os.geteuid() == 0:  # the server refuses to run as root
            try:
                user = pwd.getpwnam("postgres")
            except KeyError:
                pytest.skip("the user `postgres` is not there, and the server refuses to run as root")
            os.chown(folder, user.pw_uid, user.pw_gid)
            prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        server = Server(folder, prefix)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if prefix:
            os.chown(secret, user.pw_uid, user.pw_gid)
        server.call("initdb", "-D", folder / "data", "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}",
                    "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=40"
        log = folder / "log"
        server.call("pg_ctl", "-D", folder / "data", "-l", log, "-w", "-o", options, "start", stdin=subprocess.DEVNULL)
        try:
            yield server
        finally:
            server.call("pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
