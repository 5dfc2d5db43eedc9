import socket

import pytest

from autotune.run.docker.address import Address, EngineError, find_address


def test_what_is_named_comes_before_the_environment_and_that_before_the_usual_socket(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    assert find_address("ssh://me@gpu1", {"DOCKER_HOST": "tcp://x:1"}).url == "ssh://me@gpu1"
    assert find_address(None, {"DOCKER_HOST": "tcp://x:1"}).url == "tcp://x:1"
    assert find_address(None, {}).url == "unix:///var/run/docker.sock"


@pytest.mark.parametrize(
    ("url", "here", "host"),
    [
        ("unix:///run/user/1000/docker.sock", True, "127.0.0.1"),
        ("tcp://gpu1.example:2376", False, "gpu1.example"),
        ("tcp://10.0.0.5:2375", False, "10.0.0.5"),
        ("ssh://me@gpu1", False, "gpu1"),
    ],
)
def test_published_ports_are_on_the_engines_machine(url, here, host):
    assert (Address(url).here, Address(url).host) == (here, host)


def test_ports_are_published_on_the_one_address_that_is_known():
    assert Address("unix:///run/docker.sock").publish_ip() == "127.0.0.1"
    assert Address("tcp://192.0.2.7:2375").publish_ip() == "192.0.2.7"
    with pytest.raises(EngineError, match=r"no-such-host\.invalid"):
        Address("tcp://no-such-host.invalid:2375").publish_ip()


def test_nobody_there_is_said_with_what_to_do(tmp_path):
    with pytest.raises(EngineError, match="there is no Docker engine") as caught:
        Address(f"unix://{tmp_path}/docker.sock").knock()
    assert caught.value.gone
    assert "systemctl start docker" in caught.value.remedy
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(EngineError, match="refused"):
            Address(f"tcp://127.0.0.1:{taken.getsockname()[1]}").knock()
    with pytest.raises(EngineError, match="no address of a Docker engine"):
        Address("/var/run/docker.sock").knock()


def test_a_user_who_may_not_is_told_how_to(monkeypatch):
    def refuse(self, place):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(EngineError, match="may not talk") as caught:
        Address("unix:///var/run/docker.sock").knock()
    assert "usermod -aG docker" in caught.value.remedy


def test_a_context_of_the_command_line_is_respected(tmp_path, monkeypatch):
    from docker.context import ContextAPI

    class Remote:
        Name, Host = "gpu1", "ssh://me@gpu1"

    monkeypatch.setattr(ContextAPI, "get_current_context", classmethod(lambda cls: Remote))
    monkeypatch.setattr(ContextAPI, "get_context", classmethod(lambda cls, name: Remote if name == "gpu1" else None))
    assert find_address(None, {}).url == "ssh://me@gpu1"
    assert find_address(None, {"DOCKER_CONTEXT": "gpu1"}).url == "ssh://me@gpu1"
    assert find_address(None, {"DOCKER_CONTEXT": "gone"}).url == "unix:///var/run/docker.sock"
