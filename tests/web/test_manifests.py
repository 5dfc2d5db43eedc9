"""The Manifests page over HTTP: what it shows is what `autotune emit` writes."""

import io
import shlex
import zipfile

import pytest

from autotune.cli import main
from autotune.emit import EMITTERS
from tests.web.client import HOSTILE, text_of, words

CONFIG = "model.id=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=2"


@pytest.mark.parametrize("target", EMITTERS)
def test_every_target_shows_its_files_or_says_why_not(client, target):
    answer = client.get(f"/manifests?{CONFIG}&target={target}")
    assert answer.status_code == 200
    assert 'id="file-1"' in answer.text or "AT029" in answer.text


def test_what_is_shown_and_downloaded_is_what_the_command_line_writes(client, tmp_path, monkeypatch, capsys):
    page = client.get(f"/manifests?{CONFIG}&target=k8s").text
    command = shlex.split(text_of(page, "emit-command"))
    monkeypatch.chdir(tmp_path)
    assert main(command[1:]) == 0
    (written,) = (tmp_path / "manifests").rglob("*.yaml")
    assert text_of(page, "file-1") == written.read_text()
    packed = client.get(f"/manifests/download?{CONFIG}&target=k8s").content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        (name,) = archive.namelist()
        assert archive.read(name).decode() == written.read_text()
    assert packed == client.get(f"/manifests/download?{CONFIG}&target=k8s").content


def test_a_sweep_is_a_base_with_overlays_where_the_target_has_them(client):
    page = client.get("/manifests?parallel.tp=2,4&target=kustomize").text
    assert "base/kustomization.yaml" in page
    assert page.count("overlays/") >= 2
    assert "-m" in text_of(page, "emit-command")


def test_errors_take_the_place_of_files(client):
    page = client.get("/manifests?parallel.tp=3").text
    assert "AT012" in page
    assert "No files until the errors are mended" in page
    assert client.get("/manifests/download?parallel.tp=3").status_code == 422
    assert "AT029" in client.get("/manifests", params={"target": HOSTILE}).text


def test_hostile_text_is_shown_and_nothing_else(client):
    for name in ("model.served_name", "deploy.labels", "target", "also"):
        page = client.get("/manifests", params={name: HOSTILE}).text
        assert "<script>alert" not in page


def test_the_config_can_be_changed_and_comes_along(client):
    page = client.get(f"/manifests?{CONFIG}&target=helm").text
    assert 'href="/new/advanced?model.id=Qwen%2FQwen3-32B&amp;system.gpu=h100_sxm&amp;parallel.tp=2"' in page
    assert "Nothing is started" in words(page)
