"""What the benchmarks have in common: how figures are shown, and how they are written for `benchmarks/check`."""

from __future__ import annotations

import json
import os
import platform
import time
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def print_table(title: str, ratios: Mapping[str, float], figures: Mapping[str, Any]) -> None:
    """Ratios first, since they hold on other machines; the figures that they come from below."""
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    table.add_column("value", justify="right")
    for name, value in ratios.items():
        table.add_row(name, f"{value:.2f}")
    table.add_section()
    for name, value in figures.items():
        table.add_row(name, f"{value:.3f}" if isinstance(value, float) else str(value))
    Console().print(table)


def write_json(path: Path | None, name: str, ratios: Mapping[str, float], figures: Mapping[str, Any]) -> None:
    """The form that `benchmarks/check` reads: ratios are judged, figures are for people."""
    if path is None:
        return
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "platform": platform.platform()}
    data = {
        "name": name,
        "ratios": {key: round(value, 4) for key, value in ratios.items()},
        "figures": {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()},
        "machine": machine,
    }
    path.write_text(json.dumps(data, indent=1) + "\n")


class Others:
    """How many cores other processes kept busy meanwhile: a figure taken beside a busy neighbour is the neighbour's."""

    def __init__(self) -> None:
        self._began = self._read()

    def cores(self) -> float:
        wall, busy, own = (now - then for now, then in zip(self._read(), self._began, strict=True))
        return max(0.0, (busy - own) / wall)

    @staticmethod
    def _read() -> tuple[float, float, float]:
        total, own = psutil.cpu_times(), psutil.Process().cpu_times()
        busy = total.user + total.system + total.nice + total.irq + total.softirq
        return time.perf_counter(), busy, own.user + own.system + own.children_user + own.children_system


class Watch:
    """Listens to a run: when each kind of event came first, in s, and the memory in use, in MiB, when each point was done."""

    def __init__(self) -> None:
        self.at: dict[type, float] = {}
        self.rss_mib: list[float] = []

    def report(self, event: object) -> None:
        from autotune.run.events import PointFinished

        self.at.setdefault(type(event), time.perf_counter())
        if isinstance(event, PointFinished):
            self.rss_mib.append(psutil.Process().memory_info().rss / 2**20)
