"""The application as its clients meet it: in this process, and as a server of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import httpx
from starlette.testclient import TestClient

from autotune.web.app import create_app
from autotune.web.settings import WebSettings

ADDRESS = "http://127.0.0.1:8765"
TOKEN = "a-token-for-tests-only"


@contextlib.contextmanager
def api(folder, patch, *, working=True, address=ADDRESS, **settings):
    """A client of an application whose data and configuration lie in that folder; `working` starts its queue."""
    patch.setenv("AUTOTUNE_HOME", str(folder / "data"))
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    patch.delenv("AUTOTUNE_STORE", raising=False)
    app = create_app(WebSettings(**settings))
    client = TestClient(app, base_url=address, raise_server_exceptions=False)
    if not working:
        yield client
        return
    with client:
        yield client


class Server:
    """`autotune ui` as a process."""

    def __init__(self, folder, *arguments, **environ):
        self._command = [sys.executable, "-m", "autotune", "ui", "--port", "0", "--no-browser", *arguments]
        self._environ = {
            **os.environ, "AUTOTUNE_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config"), **environ,
        }  # fmt: skip
        self.lines = []
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True, env=self._environ)
        self.lines = [self.process.stderr.readline().strip()]
        assert self.lines[0].startswith("http://"), self.lines[0] + self.process.stderr.read()
        self.http = httpx.Client(base_url=self.lines[0], timeout=30)
        return self

    def end(self, number=signal.SIGINT):
        self.http.close()
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.lines += self.process.stderr.read().splitlines()
        self.process.stderr.close()
        return code

    __enter__ = start

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()


def wait_until(condition, *, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)
    return found


def problem_of(response, status):
    """The problem that a response is; what every refusal must be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    data = json.loads(response.text)
    assert data["status"] == status
    assert data["title"]
    assert data["detail"]
    return data
