"""A run live: one watcher a run looks at it, and tells everybody who listens."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from autotune.web.scene import RunEvent, Scene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection

    from autotune.store import Store

_LOOK_S = 0.5
#: A listener that is this many events behind is let go; its browser connects again, and is told everything at once.
_MOST_BEHIND = 2000
#: At most that many listeners at once, in all.
MOST_LISTENERS = 500
_log = logging.getLogger(__name__)


class Watchers:
    """Who watches which run. Belongs to one event loop; runs are looked at in threads."""

    def __init__(self, store: Store, pending: Callable[[], Collection[str]]) -> None:
        self._store = store
        self._pending = pending
        self._watchers: dict[str, _Watcher] = {}
        self._over = False

    @property
    def full(self) -> bool:
        """Whether there are as many listeners as there may be."""
        return sum(item.waiting for item in self._watchers.values()) >= MOST_LISTENERS

    async def listen(self, run_id: str) -> AsyncIterator[RunEvent]:
        """The events of a stored run, `snapshot` first and `end` last. Ends early where this listener is too slow, or the
        server ends. `run_id` is a whole id.
        """
        queue: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        watcher = self._watchers.get(run_id)
        if watcher is None:
            watcher = self._watchers[run_id] = _Watcher(Scene(self._store, run_id, self._pending), self._forget)
            watcher.start()
        watcher.waiting += 1
        try:
            await watcher.ready.wait()
            async with watcher.lock:  # so that nothing is told twice, and nothing is left out
                snapshot = watcher.scene.snapshot()
                watcher.listeners.append(queue)
            yield RunEvent("snapshot", snapshot)
            if watcher.done or self._over:
                yield RunEvent("end", watcher.scene.run)
                return
            while (event := await queue.get()) is not None:
                yield event
        finally:
            watcher.leave(queue)

    def close(self) -> None:
        """Let every listener go."""
        self._over = True
        for watcher in list(self._watchers.values()):
            watcher.let_go()

    def _forget(self, watcher: _Watcher) -> None:
        if self._watchers.get(watcher.scene.run_id) is watcher:
            del self._watchers[watcher.scene.run_id]


class _Watcher:
    """Looks at one run as long as somebody listens and somebody works on it. `waiting` counts who listens or is about to."""

    def __init__(self, scene: Scene, forget: Callable[[_Watcher], None]) -> None:
        self.scene = scene
        self.listeners: list[asyncio.Queue[RunEvent | None]] = []
        self.waiting = 0
        self.ready = asyncio.Event()
        self.lock = asyncio.Lock()
        self.done = False
        self._forget = forget
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name=f"watch {self.scene.run_id}")

    def leave(self, queue: asyncio.Queue[RunEvent | None]) -> None:
        self.waiting -= 1
        with suppress(ValueError):
            self.listeners.remove(queue)
        if self.waiting == 0 and self._task is not None:
            self._task.cancel()
            self._forget(self)

    def let_go(self) -> None:
        for queue in self.listeners:
            queue.put_nowait(None)

    async def _watch(self) -> None:
        try:
            while True:
                async with self.lock:
                    for event in await asyncio.to_thread(self.scene.look):
                        self._tell(event)
                self.ready.set()
                if self.scene.over:
                    break
                await asyncio.sleep(_LOOK_S)
        except Exception:  # noqa: BLE001 - the store is away, say: browsers connect again
            _log.exception("run %s cannot be watched", self.scene.run_id)
        finally:
            self.done = True
            self.ready.set()
            self._forget(self)
            self._tell(RunEvent("end", self.scene.run))
            self.let_go()

    def _tell(self, event: RunEvent) -> None:
        for queue in self.listeners:
            queue.put_nowait(event if queue.qsize() < _MOST_BEHIND else None)
