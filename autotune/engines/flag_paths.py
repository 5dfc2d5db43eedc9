"""Which config path a flag, variable or key of a config file comes from: the engines' tables read backwards."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from autotune.engines.sglang import TABLE as SGLANG
from autotune.engines.transformers import TABLE as TRANSFORMERS
from autotune.engines.trtllm import TABLE as TRTLLM
from autotune.engines.vllm import TABLE as VLLM

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLES = {table.engine: table for table in (SGLANG, TRANSFORMERS, TRTLLM, VLLM)}
#: What the engines' modules write by themselves.
_OWN: dict[str, tuple[str, ...]] = {
    "model": ("model.path", "model.id"),
    "--model": ("model.path", "model.id"),
    "--model-path": ("model.path", "model.id"),
    "--served-model-name": ("model.served_name", "model.aliases", "model.id"),
    "--port": ("deploy.port",),
}


@functools.cache
def flag_paths(engine: str, version: str) -> Mapping[str, tuple[str, ...]]:
    """Flag, variable or dotted key -> the paths that may have set it in that version; empty for an engine without a table."""
    paths: dict[str, list[str]] = {name: list(own) for name, own in _OWN.items()}
    table = _TABLES.get(engine)
    if table is None or version not in table.versions():
        return {}
    known = table.known(version)
    for row in table.rows:
        if row.holds_for(version):
            written = [row.flag, row.off, row.env, *(flag for flag, *_ in row.also)]
            targets = [target for target in written if target is not None]
            if row.flag is None and row.key is not None:
                targets.append(row.key)
            for target in targets:
                spelling = known.find(target)
                paths.setdefault(target if spelling is None else spelling.flag.name, []).append(row.path)
    return {target: tuple(dict.fromkeys(found)) for target, found in paths.items()}
