"""Finding the Ray cluster, and what it has."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from autotune.schema import RayExecutor

#: Time for the head node to take a connection, in s: Ray itself tries for minutes.
KNOCK_S = 5.0
#: Every server of a sweep asks for the cluster; one that was not there a moment ago is not there, after this many s or less.
_ASK_AGAIN_S = 30.0
_REFUSED: dict[str, tuple[float, InputError]] = {}
_LOCAL = "local"
_EXTRA = "llm-autotune[ray]"


class NodeSize(NamedTuple):
    """What a node of the cluster has for everybody, free or not."""

    gpus: int
    cpus: float


def connect(settings: RayExecutor) -> Any:
    """The module `ray`, connected to the cluster; one that this process is connected to already stays.

    Raises InputError: AT030 without the package, AT053 when the cluster does not answer.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise InputError(
            diagnostic("AT030", "executor=ray needs the Python package `ray`", path="executor", help=f"pip install '{_EXTRA}'")
        ) from None  # fmt: skip
    if ray.is_initialized():
        return ray
    address = settings.address or os.environ.get("RAY_ADDRESS") or "auto"
    asked_s, refusal = _REFUSED.get(address, (0.0, None))
    if refusal is not None and time.monotonic() - asked_s < _ASK_AGAIN_S:
        raise refusal
    try:
        _knock(address)
        # What autotune starts itself reports its use to nobody, unless the user wants that.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Else each try to connect is a line on stderr, from below Python.
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "error")
        ray.init(address=address, namespace="autotune", log_to_driver=False, configure_logging=False,
                 include_dashboard=False if address == _LOCAL else None)  # fmt: skip
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        refusal = _unreachable(address, error)
        _REFUSED[address] = time.monotonic(), refusal
        raise refusal from error
    return ray


def node_sizes(settings: RayExecutor) -> tuple[NodeSize, ...]:
    """The nodes that are up; empty where the cluster cannot be asked, which the preflight reports."""
    try:
        ray = connect(settings)
    except InputError:
        return ()
    nodes = (node["Resources"] for node in ray.nodes() if node["Alive"])
    return tuple(NodeSize(int(has.get("GPU", 0)), float(has.get("CPU", 0.0))) for has in nodes)


def _knock(address: str) -> None:
    """Whether anybody listens at `host:port`, also behind `ray://`; other addresses are Ray's own words."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_S).close()


def _unreachable(address: str, error: Exception) -> InputError:
    if address == "auto":
        what, remedy = (
            "no Ray cluster runs on this machine, and none is named",
            "name one with executor.address=host:6379 or RAY_ADDRESS; executor.address=local starts one here",
        )
    else:
        what, remedy = (
            f"the Ray cluster {address} cannot be reached: {str(error).splitlines()[0]}",
            "`ray status --address host:6379` shows whether it answers; executor.address and RAY_ADDRESS name it",
        )
    return InputError(diagnostic("AT053", what, path="executor.address", help=remedy))
