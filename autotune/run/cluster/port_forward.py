"""A local port whose connections end in a pod, through the API server, as `kubectl port-forward` has it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
_CHUNK = 65_536
_BACKLOG = 512


class PortForward:
    """Listens on a free loopback port from the start; each connection goes to the pod that `pod` names at that moment.

    A connection that cannot be made is closed at once, so that clients see a refused server and not a silent one.
    """

    def __init__(self, configuration: Any, namespace: str, pod: Callable[[], str | None], port: int) -> None:
        self._configuration = configuration
        self._namespace = namespace
        self._pod = pod
        self._remote_port = port
        self._listener = socket.create_server((HOST, 0), backlog=_BACKLOG)
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name=f"port-forward-{self.port}", daemon=True).start()

    def close(self) -> None:
        """Stop listening and end every connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, local: socket.socket) -> None:
        with local:
            pod = self._pod()
            if pod is None:
                return
            try:
                forward = self._connect(pod)
                remote: socket.socket = forward.socket(self._remote_port)
            except Exception:  # noqa: BLE001 - the client raises whatever its websocket raises; closing tells the caller
                return
            with self._lock:
                self._open.update((local, remote))
            try:
                back = threading.Thread(target=_pump, args=(remote, local), daemon=True)
                back.start()
                _pump(local, remote)
                back.join()
            finally:
                with self._lock:
                    self._open.difference_update((local, remote))
                remote.close()
                if not forward.websocket.connected:
                    # The API server ended it first, and the client library then leaves its connection open.
                    forward.websocket.shutdown()

    def _connect(self, pod: str) -> Any:
        """A forwarded port, as the client library has it. The library swaps a method of its ApiClient meanwhile, so each has its own."""
        from kubernetes.client import ApiClient, CoreV1Api
        from kubernetes.stream import portforward

        api = CoreV1Api(ApiClient(self._configuration))
        return portforward(
            api.connect_get_namespaced_pod_portforward, pod, self._namespace, ports=str(self._remote_port)
        )


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Copy until either side ends, then end both: HTTP needs no half-open connections."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
