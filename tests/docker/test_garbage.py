"""Containers of dead runs, on a real Docker engine."""

import pytest

from autotune.run.docker.records import owner_labels
from autotune.run.docker.spec import MACHINE_LABEL
from autotune.run.garbage import Place, find_leftovers
from autotune.run.lock import RunLock
from autotune.store import Store

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
    dead, gone = container(owner_labels(runs / "dead")), container(owner_labels(runs / "gone"))
    others = [
        container(owner_labels(runs / "living")),
        container(owner_labels(runs / "dead") | {MACHINE_LABEL: "another"}),
        container(owner_labels(tmp_path / "elsewhere" / "runs" / "dead")),
        container({}),
    ]
    with Store(str(tmp_path / "store.db")) as store:
        place = Place(runs, store, tmp_path)
        with RunLock(runs / "living"):
            found = [item for item in find_leftovers(place) if item.kind == "container"]
        assert {item.run_id for item in found} == {"dead", "gone"}
        assert [item.remove() for item in found] == ["", ""]
    left = {item["Id"] for item in docker_engine.client.api.containers(all=True)}
    assert not {dead, gone} & left
    assert set(others) <= left
    assert [item.remove() for item in found] == ["", ""], "what is gone already is no failure"
