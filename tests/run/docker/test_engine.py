import pytest

from autotune.run.docker.address import Address, EngineError
from autotune.run.docker.engine import DockerEngine, docker_client, split_image


@pytest.mark.parametrize(
    ("image", "repository", "tag"),
    [
        ("vllm/vllm-openai:v0.33.0", "vllm/vllm-openai", "v0.33.0"),
        ("vllm/vllm-openai", "vllm/vllm-openai", "latest"),
        ("localhost:5000/vllm", "localhost:5000/vllm", "latest"),
        ("localhost:5000/vllm:v1", "localhost:5000/vllm", "v1"),
        ("vllm@sha256:0123", "vllm", "sha256:0123"),
        ("vllm:v1@sha256:0123", "vllm:v1", "sha256:0123"),
    ],
)
def test_an_image_without_a_tag_is_the_latest_one(image, repository, tag):
    assert split_image(image) == (repository, tag)


def test_ssh_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr("autotune.run.docker.engine.find_spec", lambda name: None)
    with pytest.raises(EngineError, match="paramiko") as caught:
        docker_client(Address("ssh://me@gpu1"), 1.0)
    assert "docker[ssh]" in caught.value.remedy


def test_certificates_that_are_not_there_are_no_traceback(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(Address, "knock", lambda self: None)
    with pytest.raises(EngineError) as caught:
        DockerEngine(Address("tcp://127.0.0.1:2376")).info()
    assert "DOCKER_CERT_PATH" in caught.value.remedy
