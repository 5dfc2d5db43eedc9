"""A pod's log, copied into the run's folder as it is written."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from autotune.run.cluster.api import ClusterError

if TYPE_CHECKING:
    from pathlib import Path

    from autotune.run.cluster.api import Cluster


class PodLog:
    """Follows one container at a time; a new pod, or a container started again, is followed in its turn."""

    def __init__(self, cluster: Cluster, namespace: str, file: Path) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._file = file
        self._following: tuple[str, str] | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def follow(self, pod: str, container: str) -> None:
        """Begin to follow a container that has started; nothing to do for one that is followed already."""
        with self._lock:
            if self._stopped.is_set() or self._following is not None:
                return
            self._following = (pod, container)
        threading.Thread(target=self._copy, args=(pod, container), name=f"log-{pod}", daemon=True).start()

    def stop(self) -> None:
        """Write nothing more."""
        self._stopped.set()

    def _copy(self, pod: str, container: str) -> None:
        try:
            with self._file.open("ab", buffering=0) as file:
                for data in self._cluster.follow_log(pod, self._namespace, container):
                    if self._stopped.is_set():
                        return
                    file.write(data)
        except (ClusterError, OSError):
            pass  # the pod is gone, or the connection: whoever looks at the pod's state says so
        finally:
            with self._lock:
                self._following = None
