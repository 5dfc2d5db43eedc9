"""A Docker engine to test against: the one that is there, else one of the tests' own, else a reason for skipping."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass

import docker
import pytest

from tests.engine.conftest import bench_bin, tiny_model, vllm_bin  # noqa: F401 - fixtures

from .daemon import Daemon, answers
from .images import import_image

DEFAULT_URL = "unix:///var/run/docker.sock"


@dataclass(frozen=True)
class Engine:
    """A Docker engine on this machine. `daemon` is set where the tests started it, and may stop and start it again."""

    url: str
    client: docker.DockerClient
    daemon: Daemon | None

    @property
    def env(self) -> dict[str, str]:
        """The environment of a program that is to talk to it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        return {**kept, "DOCKER_HOST": self.url}


@pytest.fixture(scope="session")
def docker_engine():
    url = os.environ.get("DOCKER_HOST") or DEFAULT_URL
    daemon = None
    # One on another machine would not see the folders that the tests mount.
    if not url.startswith("unix://") or not answers(url):
        if lacking := Daemon.lacking():
            pytest.skip(f"no Docker engine of this machine answers at {url}, and none can be started: {lacking}")
        daemon = Daemon()
        try:
            daemon.start()
        except RuntimeError as error:
            daemon.remove()
            pytest.skip(str(error))
        url = daemon.url
    client = docker.DockerClient(base_url=url, timeout=60)
    try:
        yield Engine(url, client, daemon)
    finally:
        client.close()
        if daemon is not None:
            daemon.remove()


@pytest.fixture(scope="session")
def docker_command(docker_engine):
    """The command line client, which emitted scripts call."""
    if (found := shutil.which("docker")) is None:
        pytest.skip("the docker command is not installed")
    return found


@pytest.fixture(scope="session")
def make_image(docker_engine):
    """`make_image(name, ...)` imports an image (see `import_image`), once a name, and returns its name; all go at the end."""
    made = set()

    def make(name, **content):
        full = f"autotune-test/{name}-{os.getpid()}"
        if full not in made:  # modules share fixtures
            import_image(docker_engine.client, full, **content)
        made.add(full)
        return full

    yield make
    for name in made:
        docker_engine.client.images.remove(name, force=True)


@pytest.fixture
def containers(docker_engine):
    """`containers(name)`: the running container of that name, waited for; whatever is left of them is removed."""
    asked = []

    def find(name, process):
        asked.append(name)
        deadline = time.monotonic() + 60
        while True:
            with suppress(docker.errors.NotFound):
                container = docker_engine.client.containers.get(name)
                if container.status == "running":
                    return container
            assert process.poll() is None, f"`docker run` ended with {process.returncode}"
            assert time.monotonic() < deadline, f"no container {name}"
            time.sleep(0.1)

    yield find
    for name in asked:
        with suppress(docker.errors.NotFound):
            docker_engine.client.containers.get(name).remove(force=True)
