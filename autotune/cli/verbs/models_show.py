"""autotune models show NAME: everything known of one model."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from autotune.catalog import find_model, measurements, settings_for, statuses
from autotune.catalog.measured import SOURCE
from autotune.cli.output import print_json
from autotune.cli.tables import print_table
from autotune.engines import ENGINES
from autotune.workspace.described import describe_model

if TYPE_CHECKING:
    from autotune.catalog.measured import Measured
    from autotune.workspace.catalog_files import UserCatalog


def show_model(known: UserCatalog, name: str, form: str) -> int:
    """Print one model. Raises InputError AT010 for an unknown name."""
    model = find_model(known.catalog, name)
    if form == "json":
        print_json(describe_model(known, model))
        return 0
    entry = known.entry("models", model.id)
    facts: dict[str, Any] = {
        item.name: getattr(model, item.name)
        for item in fields(model)
        if item.name != "status" and (item.name in ("dtype", "gated") or getattr(model, item.name) != item.default)
    }
    facts["aliases"] = ", ".join(model.aliases)
    facts["source"] = model.source
    facts["from"] = "built in"
    if entry is not None:
        facts["from"] = f"{entry.file}:{entry.line}" + (", shadows a built-in" if entry.shadows else "")
    width = max(len(key) for key in facts)
    for key, value in facts.items():
        sys.stdout.write(f"{key:<{width}}  {_shown(value)}\n")
    settings = [
        (engine, item.path, _shown(item.value), item.since or "", item.source)
        for engine in ENGINES
        for item in settings_for(model.id, engine)
    ]
    if settings:
        sys.stdout.write("\nWhat it needs said\n")
        print_table(("engine", "path", "value", "since", "source"), settings)
    if found := statuses(model):
        sys.stdout.write(f"\nStatus (other GPUs: to_test); measured rows from {SOURCE}\n")
        rows = measurements(model.id)
        head = (
            "gpu",
            "status",
            "engine",
            "version",
            "precision",
            "GPUs",
            "load",
            "concurrency",
            "TTFT ms",
            "TPOT ms",
            "tok/s/GPU",
        )
        bare = [(gpu, status, *[""] * 9) for gpu, status in found.items() if not any(row.gpu == gpu for row in rows)]
        print_table(head, [*(_measured(row, found[row.gpu]) for row in rows), *bare], right=(5, 7, 8, 9, 10))
    return 0


def _measured(row: Measured, status: str) -> tuple[str, ...]:
    return (
        row.gpu,
        status,
        row.engine,
        row.version,
        row.precision,
        str(row.gpus),
        f"D({row.isl},{row.osl})",
        str(row.concurrency),
        f"{row.ttft_ms:.0f}",
        f"{row.tpot_ms:.1f}",
        f"{row.output_tokens_per_s_per_gpu:.0f}",
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
