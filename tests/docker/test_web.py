"""The page in a container: as deploy/web has it, on a real Docker engine, run as nobody, and whole after a restart."""

from __future__ import annotations

import io
import re
import sys
import tarfile
import uuid
from pathlib import Path

import httpx
import pytest
import yaml

import autotune
from tests.web.served import wait_until

from .images import borrowed_folders

pytestmark = pytest.mark.docker

ROOT = Path(autotune.__file__).parents[1]
DEPLOY = ROOT / "deploy" / "web"
#: Where this Python finds its packages; a worktree may borrow those of another.
PATHS = [ROOT, *(Path(name) for name in sys.path if name and Path(name).is_dir())]
TOKEN = "a-token-of-this-test"
QUICK = [
    "executor=emulated",
    "executor.speed=1000",
    "benchmark.max_time_s=1",
    "benchmark.max_requests=4",
    "model.id=Qwen/Qwen3-8B",
]


def without_downloads(text):
    """The Dockerfile with nothing to download: without a registry this machine's own environment stands in for its first stage."""
    made = re.sub(r"^WORKDIR /src\nCOPY \. \.\nRUN (?:.*\\\n)*.*\n", "", text, flags=re.MULTILINE)
    assert made != text
    made = made.replace("ARG BASE=", "ARG LENT\nARG BASE=").replace(
        "FROM ${BASE} AS install", "FROM ${LENT} AS install"
    )
    assert "RUN" not in re.sub(r"^#.*$", "", made, flags=re.MULTILINE)
    return made


def context():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        text = without_downloads((DEPLOY / "Dockerfile").read_text()).encode()
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
        tar.add(DEPLOY / "data", "deploy/web/data")
    buffer.seek(0)
    return buffer


@pytest.fixture(scope="module")
def image(docker_engine, make_image):
    start = f'#!/bin/sh\nPYTHONPATH={":".join(map(str, PATHS))} exec {sys.executable} {{}}"$@"\n'
    base = make_image("web-base")
    lent = make_image(
        "web-lent",
        files={
            "/opt/autotune/bin/autotune": start.format("-m autotune "),
            "/opt/autotune/bin/python": start.format(""),
        },
    )
    built, _ = docker_engine.client.images.build(
        fileobj=context(),
        custom_context=True,
        buildargs={"BASE": base, "LENT": lent},
        rm=True,
        forcerm=True,
        pull=False,
    )
    yield built
    docker_engine.client.images.remove(built.id, force=True)


@pytest.fixture
def page(docker_engine, image):
    """Starts the service of the compose file; gives its container and a client."""
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["page"]
    volume = docker_engine.client.volumes.create(f"autotune-test-{uuid.uuid4().hex[:8]}")
    lent = {
        str(folder): {"bind": str(folder), "mode": "ro"}
        for folder in [*borrowed_folders(Path(sys.executable).parent), *PATHS]
    }
    started, clients = [], []

    def start(**environ):
        (published,) = service["ports"]
        address, _, inside = published.rsplit(":", 2)
        # `init` is left out: Docker lays it into /sbin, over which this machine's /usr is mounted here.
        container = docker_engine.client.containers.run(
            image.id, detach=True, environment={"AUTOTUNE_TOKEN": TOKEN} | environ, ports={f"{inside}/tcp": (address, None)},
            volumes={volume.name: {"bind": service["volumes"][0].partition(":")[2]}} | lent, tmpfs=dict.fromkeys(service["tmpfs"], ""),
            security_opt=service["security_opt"],
        )  # fmt: skip
        started.append(container)
        wait_until(lambda: health(container) == "healthy", timeout_s=120)
        port = container.attrs["NetworkSettings"]["Ports"][f"{inside}/tcp"][0]["HostPort"]
        http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60
        )
        clients.append(http)
        return container, http

    yield start
    for http in clients:
        http.close()
    for container in started:
        container.remove(force=True)
    volume.remove(force=True)


def health(container):
    container.reload()
    assert container.status == "running", container.logs().decode()
    return container.attrs["State"]["Health"]["Status"]


def test_the_page_runs_as_nobody_and_keeps_its_store_over_a_restart(page):
    container, http = page()
    assert container.attrs["Config"]["User"] == "10001:10001"
    assert container.exec_run(["id", "-u"]).output.decode().strip() == "10001"
    assert list(container.attrs["NetworkSettings"]["Ports"]) == ["8765/tcp"]
    assert http.get("/health").json() == {"status": "ok"}
    assert httpx.get(f"{http.base_url}/api/v2/runs").status_code == 401
    assert http.get("/", headers={"Accept": "text/html"}).status_code == 200
    started = http.post("/api/v2/runs", json={"overrides": QUICK})
    assert started.status_code == 202, started.text
    run_id = started.json()["run_id"]
    wait_until(lambda: http.get(f"/api/v2/runs/{run_id}").json()["state"] == "finished", timeout_s=180)
    # Nothing but the volume and /tmp can be written.
    assert container.exec_run(["touch", "/opt/x"]).exit_code != 0
    assert TOKEN not in container.logs().decode()
    container.stop(timeout=20)
    container.wait()
    _, again = page()
    assert again.get(f"/api/v2/runs/{run_id}").json()["state"] == "finished"
    assert again.get("/api/v2/experiments", params={"run": run_id}).json()["total"] == 1


def test_without_a_token_one_is_made_and_printed_once(page):
    container, _ = page(AUTOTUNE_TOKEN="")
    lines = [line for line in container.logs().decode().splitlines() if line.startswith("token ")]
    assert len(lines) == 1


def test_the_compose_file_needs_a_token_and_publishes_one_port_on_this_machine():
    data = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    ports = [port for service in data["services"].values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:8765:8765"]
    assert data["services"]["page"]["environment"]["AUTOTUNE_TOKEN"].startswith("${AUTOTUNE_TOKEN:?")
