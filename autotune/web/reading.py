"""Stored runs as the pages read them: once, as long as nothing about them changes, and then only what did."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from autotune.report import Reported
from autotune.report.chosen import choose
from autotune.report.effect_tables import Anchor, effect_section
from autotune.report.effects import effect_metrics, find_effects, find_outages
from autotune.report.series import choose_series
from autotune.run.interrupted import as_they_stand, has_died
from autotune.store import data_dir
from autotune.web.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from autotune.report.chosen import Chosen
    from autotune.report.effects import Effect
    from autotune.report.series import Series
    from autotune.store import Result, RunRecord, Store

#: Runs that are kept in memory; one of a thousand points takes some ten megabytes.
_KEPT = 24

_Item = TypeVar("_Item")


class StoredRun:
    """A run with its results, and what of them does not depend on weights or limits."""

    def __init__(self, report: Reported) -> None:
        self.report = report

    @cached_property
    def effects(self) -> list[Effect]:
        return find_effects(self.report.results, self.report.run.inputs.overrides)

    @cached_property
    def effect_tables(self) -> dict[str, Any] | None:
        """What each setting did; None where no pair says so."""
        report = self.report
        if not self.effects:
            return None

        def anchor(result: Result) -> Anchor:
            return Anchor(result.point_id, f"#{report.number(result)}")

        metrics = effect_metrics(report.results)
        return effect_section(self.effects, find_outages(report.results), metrics, anchor)

    @cached_property
    def chosen(self) -> Chosen:
        return choose(self.report)

    @cached_property
    def series(self) -> Series:
        return choose_series(self.report, self.effects)


class RunReader:
    """Reads runs from a store, and looks at those that are at work. Threads may share it."""

    def __init__(self, store: Store, pending: Callable[[], Collection[str]]) -> None:
        self._store = store
        self._runs: _Kept[_Read] = _Kept(lambda _: _Read())
        self._scenes: _Kept[Scene] = _Kept(lambda run_id: Scene(store, run_id, pending))

    def read(self, name: str) -> StoredRun:
        """The run of that id, or unambiguous beginning of one, as it is now. Raises InputError (AT031)."""
        run_id = self._store.find_run(name).run_id
        kept, lock = self._runs.get(run_id)
        with lock:  # fifty listeners that hear of a change at once read it once
            died = has_died(data_dir() / "runs", run_id)
            stamp = f"{self._store.run_stamp(run_id)} {died}"
            if kept.run is None or kept.stamp != stamp:
                kept.take(self._store, self._store.find_run(run_id), stamp)
            assert kept.run is not None
            return kept.run

    def scene(self, run_id: str) -> dict[str, Any]:
        """What happens in a run now, as `Scene.snapshot` has it, with `labels`, the words for its points. `run_id` is a whole
        id.
        """
        scene, lock = self._scenes.get(run_id)
        with lock:
            scene.look()
            return scene.snapshot() | {"labels": dict(scene.labels)}


class _Read:
    """What was read of one run."""

    def __init__(self) -> None:
        self.run: StoredRun | None = None
        self.stamp = ""
        self._seen: dict[str, tuple[str, int]] = {}
        self._results: dict[str, Result] = {}

    def take(self, store: Store, record: RunRecord, stamp: str) -> None:
        """Read what is new; everything at first, and once the run is over."""
        if record.finished or not self._results:
            self._results = {item.point_id: item for item in store.results(record.run_id)}
            self._seen = {name: (item.status, item.attempts) for name, item in self._results.items()}
        else:
            seen = store.statuses(record.run_id)
            changed = [name for name, what in seen.items() if self._seen.get(name) != what]
            self._results = {name: item for name, item in self._results.items() if name in seen}
            self._results |= {item.point_id: item for item in store.some_results(record.run_id, changed)}
            self._seen = seen
        place = {point: position for position, point in enumerate(record.points)}
        ordered = sorted(self._results.values(), key=lambda item: (place.get(item.point_id, len(place)), item.point_id))
        now = as_they_stand(ordered, data_dir() / "runs")
        self.run, self.stamp = StoredRun(Reported(record, tuple(now))), stamp


class _Kept(Generic[_Item]):
    """The few things used last, each with a lock of its own."""

    def __init__(self, make: Callable[[str], _Item]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._items: OrderedDict[str, tuple[_Item, threading.Lock]] = OrderedDict()

    def get(self, name: str) -> tuple[_Item, threading.Lock]:
        with self._lock:
            if name not in self._items:
                self._items[name] = self._make(name), threading.Lock()
            self._items.move_to_end(name)
            while len(self._items) > _KEPT:
                self._items.popitem(last=False)
            return self._items[name]
