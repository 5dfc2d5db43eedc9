"""Having the image that a server needs: pulled as the policy says, once for all that wait for it, with its progress told."""

from __future__ import annotations

import functools
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from autotune.run.docker.address import EngineError
from autotune.run.docker.refusals import image_failure
from autotune.run.executor import Cancelled, ExperimentFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from autotune.run.docker.engine import DockerEngine

    #: Bytes there so far and in all, as far as the engine has found out.
    Progress = Callable[[int, int], None]

_TELL_S = 1.0
_TICK_S = 0.1


class Images:
    """The images of one engine. Threads share it: the first that needs an image pulls it, and the others wait for that."""

    def __init__(self) -> None:
        self._locks: dict[str, threading.Lock] = {}
        self._pulled: set[str] = set()
        self._lock = threading.Lock()

    def ensure(
        self,
        engine: DockerEngine,
        image: str,
        policy: Literal["missing", "always", "never"],
        *,
        limit_s: float,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        """Return when the engine has the image; `always` pulls it once for each process.

        Raises ExperimentFailed where it cannot be had, or not within `limit_s`; EngineError where the engine is gone; Cancelled.
        """
        deadline = time.monotonic() + limit_s
        with self._lock:
            lock = self._locks.setdefault(image, threading.Lock())
        while not lock.acquire(timeout=_TICK_S):
            _heed(image, deadline, cancelled)
        try:
            fresh = policy == "always" and image not in self._pulled
            if not fresh and engine.has_image(image):
                return
            if policy == "never":
                raise ExperimentFailed(image_failure(image, "it is not on the engine, and executor.pull=never"))
            _pull(engine, image, deadline, progress, cancelled)
            self._pulled.add(image)
        finally:
            lock.release()


@functools.cache
def images_of(url: str) -> Images:
    """The images of the engine at that address, one object for the whole process."""
    del url
    return Images()


class PullProgress:
    """What has been fetched so far, added up from the engine's messages about each layer."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def take(self, message: Mapping[str, Any]) -> None:
        layer = message.get("id")
        detail = message.get("progressDetail") or {}
        if not layer:
            return
        if message.get("status") == "Downloading" and detail.get("total"):
            self._layers[layer] = (int(detail.get("current") or 0), int(detail["total"]))
        elif layer in self._layers and message.get("status") in ("Download complete", "Extracting", "Pull complete"):
            total = self._layers[layer][1]
            self._layers[layer] = (total, total)

    @property
    def done_bytes(self) -> int:
        return sum(done for done, _ in self._layers.values())

    @property
    def total_bytes(self) -> int:
        return sum(total for _, total in self._layers.values())


def _pull(engine: DockerEngine, image: str, deadline: float, progress: Progress, cancelled: Callable[[], bool]) -> None:
    """In a thread of its own, so that a registry that says nothing holds nobody up."""
    messages: queue.SimpleQueue[Mapping[str, Any] | EngineError | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            for message in engine.pull(image):
                messages.put(message)
            messages.put(None)
        except EngineError as error:
            messages.put(error)

    threading.Thread(target=run, name=f"pull-{image}", daemon=True).start()
    sums, told = PullProgress(), 0.0
    progress(0, 0)
    while True:
        _heed(image, deadline, cancelled)
        try:
            message = messages.get(timeout=_TICK_S)
        except queue.Empty:
            continue
        if message is None:
            break
        if isinstance(message, EngineError):
            if message.gone:
                raise message
            raise ExperimentFailed(image_failure(image, message.message))
        if "error" in message:
            raise ExperimentFailed(image_failure(image, str(message["error"])))
        sums.take(message)
        if sums.total_bytes and time.monotonic() - told >= _TELL_S:
            told = time.monotonic()
            progress(sums.done_bytes, sums.total_bytes)
    progress(sums.total_bytes, sums.total_bytes)


def _heed(image: str, deadline: float, cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled
    if time.monotonic() > deadline:
        raise ExperimentFailed(image_failure(image, "it was not there within executor.start_timeout_s"))
