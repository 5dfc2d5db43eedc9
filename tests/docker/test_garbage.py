"""Containers of dead runs, on a real Docker engine."""

import pytest

from autotune.run.containers import FOLDER_LABEL, RUN_LABEL, find_containers
from autotune.run.lock import RunLock

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture
def container(docker_engine, make_image, monkeypatch):
    """`container(labels)` creates one with these labels and gives its id."""
    for name in [name for name in docker_engine.env if name.startswith("DOCKER_")]:
        monkeypatch.setenv(name, docker_engine.env[name])
    image = make_image("garbage")
    made = []

    def create(labels):
        made.append(docker_engine.client.api.create_container(image, "true", labels=labels)["Id"])
        return made[-1]

    yield create
    for number in made:
        if docker_engine.client.api.containers(all=True, filters={"id": number}):
            docker_engine.client.api.remove_container(number, force=True)


def test_containers_of_dead_runs_are_found_by_their_labels_and_removed(container, docker_engine, tmp_path):
    runs = tmp_path / "runs"
    for name in ("dead", "living"):
        (runs / name).mkdir(parents=True)
    dead = container({RUN_LABEL: "dead", FOLDER_LABEL: str(runs / "dead")})
    others = [
        container({RUN_LABEL: "living", FOLDER_LABEL: str(runs / "living")}),
        container({RUN_LABEL: "far", FOLDER_LABEL: str(runs / "far")}),  # of another machine
        container({RUN_LABEL: "dead", FOLDER_LABEL: "/home/else/runs/dead"}),
        container({}),
    ]
    with RunLock(runs / "living"):
        (found,) = find_containers(runs)
    assert found.run_id == "dead"
    assert found.remove() == ""
    left = {item["Id"] for item in docker_engine.client.api.containers(all=True)}
    assert dead not in left
    assert set(others) <= left
    assert found.remove() == ""
