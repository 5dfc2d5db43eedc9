"""Configs whose server failed to load on this machine a short while ago, in another run: left alone for a time. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from autotune.run.redact import hide_config, hide_env
from autotune.schema import stable_hash
from autotune.store.result import Failure
from autotune.store.rows import finite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.compiled import CompiledPoint
    from autotune.store.record import FailedBefore

#: Classes that a server meets again when it is loaded again: the config's own, and none of the machine's.
LOADING = frozenset({"out_of_memory", "start_crash", "not_ready"})

#: What a server is, out of a stored deployment; its annotations name the point, which may be another.
_SERVER = ("engine", "engine_version", "image", "argv", "files", "gpus", "nodes")


def find_cooldowns(
    points: Iterable[CompiledPoint], before: Iterable[FailedBefore], host: str, now: datetime
) -> dict[str, Failure]:
    """The points to leave alone, by id, each with what its server failed with before, when, and where.

    `before` are failed results of other runs. A failure counts when it is of this `host`, of a server that did not come
    to answer, on the same command, files, environment and executor settings, and younger than the point's own
    `optimization.cooldown_h`. One from the future, which a clock that was set wrong leaves, does not count.
    """
    known: dict[str, FailedBefore] = {}
    for item in before:
        failure = item.failure
        if item.host == host and failure.kind in LOADING and failure.phase == "start":
            server = _server(item.deployment, item.config)
            if server not in known or known[server].finished_at < item.finished_at:
                known[server] = item
    found = {}
    for point in points:
        if point.deployment is None or point.config is None:
            continue
        deployment = point.deployment.as_dict()
        deployment["env"] = hide_env(deployment.get("env") or {})
        hit = known.get(_server(deployment, hide_config(point.data)))
        cooldown = timedelta(hours=point.config.optimization.cooldown_h)
        if hit is not None and timedelta() <= (age := now - datetime.fromisoformat(hit.finished_at)) < cooldown:
            found[point.id] = _failure(hit, age, now + cooldown - age)
    return found


def _failure(item: FailedBefore, age: timedelta, until: datetime) -> Failure:
    by = f" by {item.user}" if item.user else ""
    return Failure(
        "cooling_down",
        f"its server failed to load here {_words(age)} ago, in run {item.run_id}{by} ({item.failure.kind}: {item.failure.message})",
        f"optimization.cooldown_h=0 tries it now; without, it is tried again from {until.isoformat(timespec='minutes')} on",
        item.failure.log_tail,
    )


def _server(deployment: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """A key of all that decides how a server loads, from plain data with its secrets hidden."""
    server = {name: deployment.get(name) for name in _SERVER}
    return stable_hash(finite([server, deployment.get("env") or {}, config.get("executor") or {}]), 24)


def _words(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
