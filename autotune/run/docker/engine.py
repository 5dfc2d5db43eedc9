"""A Docker engine: the few calls that the executor makes, over the Docker SDK, with errors that say what to do."""

from __future__ import annotations

import io
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from autotune.run.docker.address import Address, EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMEOUT_S = 30.0
#: Creating a container copies its image on some storage drivers, and an engine that pulls is slow.
_SLOW_S = 600.0


@dataclass(frozen=True, slots=True)
class ContainerState:
    """How a container is. `exit_code` is None while it runs."""

    running: bool
    exit_code: int | None
    out_of_memory: bool
    error: str


class DockerEngine:
    """One engine. Every method raises EngineError; threads may share it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client: Any = None
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def info(self) -> dict[str, Any]:
        """What `docker info` shows, and the version of the API as `ApiVersion`."""
        with self._asked() as client:
            return {**client.info(), "ApiVersion": client.version().get("ApiVersion", "")}

    def has_image(self, image: str) -> bool:
        return self._exists("inspect_image", image)

    def has_volume(self, name: str) -> bool:
        return self._exists("inspect_volume", name)

    def pull(self, image: str) -> Iterator[dict[str, Any]]:
        """Pull an image; the engine's own messages as they come. An entry with `error` is the last."""
        with self._asked(_SLOW_S) as client:
            repository, tag = split_image(image)
            yield from client.pull(repository, tag=tag, stream=True, decode=True)

    def create(self, name: str, body: Mapping[str, Any], files: Mapping[str, str]) -> str:
        """Create a container from the API's own description of one, with text files (path -> text) in it; returns its id."""
        with self._asked(_SLOW_S) as client:
            made = str(client.create_container_from_config(dict(body), name)["Id"])
            if files:
                client.put_archive(made, "/", _archive(files))
            return made

    def start(self, container: str) -> None:
        with self._asked(_SLOW_S) as client:
            client.start(container)

    def state(self, container: str) -> ContainerState | None:
        """How a container is, None where there is no such one."""
        try:
            with self._asked() as client:
                state = client.inspect_container(container)["State"]
        except EngineError as error:
            if error.status == 404:
                return None
            raise
        running = bool(state.get("Running"))
        code = None if running or state.get("Status") == "created" else int(state.get("ExitCode", 0))
        return ContainerState(running, code, bool(state.get("OOMKilled")), str(state.get("Error") or ""))

    def published_port(self, container: str, port: int) -> int | None:
        """The port of the engine's machine that leads to a port of the container; None where it has ended."""
        with self._asked() as client:
            ports = client.inspect_container(container)["NetworkSettings"]["Ports"] or {}
        bound = ports.get(f"{port}/tcp")
        return int(bound[0]["HostPort"]) if bound else None

    def open_log(self, container: str) -> Any:
        """A container's output from its start, as it is written, until it ends: a response that `read_log` takes apart.

        By hand, because whoever reads it has to be able to close it, and the engine may say nothing for any time.
        """
        with self._asked() as client:
            url = f"{client.base_url}/v{client.api_version}/containers/{container}/logs"
            options = {"follow": 1, "stdout": 1, "stderr": 1}
            answer = client.get(url, params=options, stream=True, timeout=(_TIMEOUT_S, None))
            if answer.status_code != 200:
                answer.close()
                raise EngineError(f"no log of {container}: {answer.reason}", status=int(answer.status_code))
            return answer

    def read_log(self, answer: Any) -> Iterator[bytes]:
        """The output in what `open_log` gave: frames of eight bytes, the last four their length, and as many of text.

        https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
        """
        with _explained(self.address):
            while len(header := answer.raw.read(8)) == 8:
                yield answer.raw.read(int.from_bytes(header[4:], "big"))

    def log_tail(self, container: str, lines: int) -> str:
        with self._asked() as client:
            return bytes(client.logs(container, tail=lines)).decode(errors="replace")

    def stop(self, container: str, timeout_s: float) -> None:
        """SIGTERM, and SIGKILL after `timeout_s`; nothing where it has ended or is not there."""
        with self._asked(timeout_s + _TIMEOUT_S, missing_ok=True) as client:
            client.stop(container, timeout=max(1, round(timeout_s)))

    def remove(self, container: str) -> None:
        """Remove a container, running or not, with its anonymous volumes; nothing where it is not there."""
        with self._asked(_SLOW_S, missing_ok=True) as client:
            client.remove_container(container, v=True, force=True)

    def labelled(self, *labels: str) -> list[dict[str, Any]]:
        """Every container with these labels (`key` or `key=value`), ended ones too: `Id`, `Names`, `Labels`, `State`."""
        with self._asked() as client:
            return list(client.containers(all=True, filters={"label": list(labels)}))

    def _exists(self, method: str, name: str) -> bool:
        try:
            with self._asked() as client:
                getattr(client, method)(name)
        except EngineError as error:
            if error.status == 404:
                return False
            raise
        return True

    @contextmanager
    def _asked(self, timeout_s: float = _TIMEOUT_S, *, missing_ok: bool = False) -> Iterator[Any]:
        try:
            # An engine that shuts down goes on answering on a connection kept from before.
            self.address.knock()
            with _explained(self.address):
                client = self._connected()
                client.timeout = timeout_s
                yield client
        except EngineError as error:
            if not (missing_ok and error.status in (304, 404)):
                raise

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = docker_client(self.address, _TIMEOUT_S)
            return self._client


def docker_client(address: Address, timeout_s: float | None) -> Any:
    """The SDK's client for an address, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH respected. Raises EngineError."""
    import docker
    from docker.utils import kwargs_from_env

    over_ssh = address.url.startswith("ssh://")
    # The SDK wants it even where the `ssh` command makes the connection, as it does here for the user's own settings.
    if over_ssh and find_spec("paramiko") is None:
        raise EngineError(f"{address.url} needs the Python package paramiko, which is not installed",
                          "pip install 'docker[ssh]'", gone=True)  # fmt: skip
    with _explained(address):
        options: dict[str, Any] = {"timeout": timeout_s, "tls": kwargs_from_env().get("tls", False)}
        return docker.APIClient(base_url=address.url, **options, use_ssh_client=over_ssh)


def split_image(image: str) -> tuple[str, str | None]:
    """(repository, tag or digest): `latest` where neither is given, because the API would pull every tag."""
    repository, at, digest = image.partition("@")
    if at:
        return repository, digest
    head, colon, tag = image.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (image, "latest")


@contextmanager
def _explained(address: Address) -> Iterator[None]:
    """Whatever the SDK raises, as an EngineError."""
    import docker
    import requests
    import urllib3

    try:
        yield
    except docker.errors.APIError as error:
        raise EngineError(str(error.explanation or error).strip(), status=int(error.status_code or 0)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, docker.errors.DockerException, OSError) as error:
        address.knock()
        if isinstance(error, docker.errors.TLSParameterError):
            raise EngineError(str(error), "look at DOCKER_TLS_VERIFY and DOCKER_CERT_PATH") from error
        raise EngineError(f"the Docker engine at {address.url} broke off: {error}", gone=True) from error


def _archive(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, text in sorted(files.items()):
            data = text.encode()
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
