"""Objects of a cluster as they are now: listed once, then watched; listed again and again where watching is refused.

How a watch is kept up is described in https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from autotune.run.cluster.api import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.run.cluster.api import Cluster, Selection

#: Pause between two looks where there is no watch, and before a connection that was lost is tried again, in s.
LOOK_S = 1.0
#: How long the first answer is waited for, in s; the calls themselves end earlier.
_FIRST_S = 120.0
#: The user may not watch: 401 and 403 by the authorizer, 405 where the server does not let this kind be watched.
_REFUSED = (401, 403, 405)


class Mirror:
    """The objects of one selection, kept up to date by a thread of its own from the start until `close`.

    `keep` leaves objects out. `changed` is set whenever something did change, the API server's absence included.
    """

    def __init__(
        self,
        cluster: Cluster,
        wanted: Selection,
        changed: threading.Event,
        keep: Callable[[dict[str, Any]], bool] = lambda _: True,
    ) -> None:
        from kubernetes.watch import Watch

        self._cluster = cluster
        self._wanted = wanted
        self._changed = changed
        self._keep = keep
        self._objects: dict[str, dict[str, Any]] = {}
        self._error: ClusterError | None = None
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._closed = threading.Event()
        self._watcher: Any = Watch()
        #: Whether changes are told of, None before that is known.
        self.watched: bool | None = None
        threading.Thread(target=self._run, name=f"watch-{wanted.kind}", daemon=True).start()

    def objects(self) -> list[dict[str, Any]]:
        """What is there. Raises ClusterError while the API server does not say."""
        if not self._answered.wait(_FIRST_S):
            raise ClusterError(f"list of {self._wanted.kind}: no answer")
        with self._lock:
            if self._error is not None:
                raise self._error
            return list(self._objects.values())

    def close(self) -> None:
        """Let the connection go."""
        self._closed.set()
        self._watcher.stop()

    def _run(self) -> None:
        version = ""
        while not self._closed.is_set():
            began = time.monotonic()
            try:
                # After a silence or a fault, too, the list shows whether anybody is there, and what was missed.
                version = version or self._list()
                version = "" if self.watched is False else self._watch(version)
            except ClusterError as error:
                if not version:
                    self._note(error)
                elif error.status in _REFUSED:
                    self.watched = False
                version = ""
            except Exception as error:  # noqa: BLE001 - a thread that died would show the past as the present
                self._note(ClusterError(f"{self._wanted.kind}: {type(error).__name__}: {error}"))
                version = ""
            # A server that ends every watch at once would otherwise be asked without a pause.
            self._closed.wait(max(0.0, began + LOOK_S - time.monotonic()))

    def _list(self) -> str:
        items, version = self._cluster.list_at(self._wanted)
        found = {str(item["metadata"]["uid"]): item for item in items if self._keep(item)}
        with self._lock:
            same = found == self._objects and self._error is None
            self._objects, self._error = found, None
        self._answered.set()
        if not same:
            self._changed.set()
        return version or "0"

    def _watch(self, version: str) -> str:
        """Follow what happens after a version until the server ends the watch; the version that it then was."""
        for what, item in self._cluster.watch(self._wanted, version, self._watcher):
            self.watched = True
            if self._closed.is_set():
                break
            version = str(item["metadata"].get("resourceVersion", version))
            if what != "BOOKMARK" and self._keep(item):
                self._take(what, item)
        self.watched = True
        return version

    def _take(self, what: str, item: dict[str, Any]) -> None:
        with self._lock:
            if what == "DELETED":
                self._objects.pop(str(item["metadata"]["uid"]), None)
            else:
                self._objects[str(item["metadata"]["uid"])] = item
        self._changed.set()

    def _note(self, error: ClusterError) -> None:
        with self._lock:
            self._error = error
        self._answered.set()
        self._changed.set()
