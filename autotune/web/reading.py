"""Stored runs as the pages read them: once, as long as nothing about them changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autotune.report import Reported
from autotune.report.chosen import choose
from autotune.report.effect_tables import Anchor, effect_section
from autotune.report.effects import effect_metrics, find_effects, find_outages
from autotune.report.series import choose_series

if TYPE_CHECKING:
    from autotune.report.chosen import Chosen
    from autotune.report.effects import Effect
    from autotune.report.series import Series
    from autotune.store import Result, Store

#: Runs that are kept in memory; one of a thousand points takes some ten megabytes.
_KEPT = 8


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
    """Reads runs from a store. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._reading: dict[str, threading.Lock] = {}
        self._kept: OrderedDict[str, tuple[str, StoredRun]] = OrderedDict()

    def read(self, name: str) -> StoredRun:
        """The run of that id, or unambiguous beginning of one, as it is now. Raises InputError (AT031)."""
        run_id = self._store.find_run(name).run_id
        with self._lock:
            reading = self._reading.setdefault(run_id, threading.Lock())
        # Fifty listeners that hear of a change at once read it once.
        with reading:
            record, stamp = self._store.find_run(run_id), self._store.run_stamp(run_id)
            with self._lock:
                kept = self._kept.get(run_id)
                if kept is not None and kept[0] == stamp:
                    self._kept.move_to_end(run_id)
                    return kept[1]
            run = StoredRun(Reported(record, tuple(self._store.results(run_id))))
            with self._lock:
                self._kept[run_id] = stamp, run
                self._kept.move_to_end(run_id)
                while len(self._kept) > _KEPT:
                    gone, _ = self._kept.popitem(last=False)
                    self._reading.pop(gone, None)
            return run
