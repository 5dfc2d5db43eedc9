"""Disaggregated serving: one config becomes prefill servers, decode servers and the router before them.

Only engines that ship a router of their own are in `ROUTERS`; for the others it is an error, not a guess.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from autotune.diagnostics import diagnostic
from autotune.engines.deployment import INSTANCE, Probe
from autotune.engines.engine import Lowered
from autotune.engines.sglang_router import SglangRouter
from autotune.engines.trtllm_router import TrtllmRouter
from autotune.schema import stable_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.engines.deployment import Deployment
    from autotune.engines.engine import Engine, Facts
    from autotune.schema import Config, Role

RoleName = Literal["prefill", "decode"]
ROLES: tuple[RoleName, ...] = ("prefill", "decode")
ROLE_LABEL = "autotune/role"

#: Seconds for a router to start; it loads no model.
_ROUTER_START_S = 300


class Router(Protocol):
    """How one engine splits prefill from decode. Implementations are one module each, listed in `ROUTERS`."""

    def adapt(self, role: RoleName, server: Deployment, config: Config) -> Deployment:
        """The server with what makes it one of that role."""
        ...

    def command(self, parts: Sequence[Deployment], config: Config) -> tuple[tuple[str, ...], dict[str, str]]:
        """The router's command line and config files; it finds the servers under their names, their roles in their labels."""
        ...


ROUTERS: dict[str, Router] = {"sglang": SglangRouter(), "trtllm": TrtllmRouter()}


def lower_disaggregated(engine: Engine, config: Config, facts: Facts) -> Lowered:
    """The router, with the servers of both roles as its parts. AT040 for an engine without a router."""
    router = ROUTERS.get(engine.name)
    if router is None:
        plain = engine.lower(config, facts)
        wrong = diagnostic(
            "AT040",
            f"{engine.name} ships no router for disaggregated serving",
            path="system.serving_mode",
            help=f"use system.backend={' or '.join(sorted(ROUTERS))}, or system.serving_mode=agg",
        )
        return Lowered(plain.deployment, (*plain.diagnostics, wrong))
    lowered = {role: engine.lower(role_config(config, role), facts) for role in ROLES}
    parts = tuple(
        _name(router.adapt(role, lowered[role].deployment, config), role, copy)
        for role in ROLES
        for copy in range(getattr(config.disagg, role).replicas)
    )
    found = dict.fromkeys(item for part in lowered.values() for item in part.diagnostics)
    argv, files = router.command(parts, config)
    return Lowered(_front(parts, argv, files), tuple(found))


def role_config(config: Config, role: RoleName) -> Config:
    """The config of one role's servers: the common groups with what the role sets."""
    own: Role = getattr(config.disagg, role)
    parallel = {name: value for name in ("tp", "pp", "dp", "ep") if (value := getattr(own, name)) is not None}
    scheduling = {
        name: value
        for name in ("max_running_requests", "max_batched_tokens")
        if (value := getattr(own, name)) is not None
    }
    return config.model_copy(
        update={
            "parallel": config.parallel.model_copy(update=parallel),
            "scheduling": config.scheduling.model_copy(update=scheduling),
        }
    )


def _name(server: Deployment, role: RoleName, copy: int) -> Deployment:
    """A name of its own for each server: decode fetches the KV cache from one prefill server, not from any of them."""
    stem, _, digest = server.name.rpartition("-")
    identity = {"server": digest, "argv": list(server.argv), "files": server.files, "env": server.env, "copy": copy}
    name = f"{stem[: 52 - len(role) - 12].rstrip('-')}-{role}-{stable_hash(identity)}"
    labels = {**server.labels, INSTANCE: name, ROLE_LABEL: role}
    return replace(server, name=name, labels=labels, replicas=1)


def _front(parts: tuple[Deployment, ...], argv: tuple[str, ...], files: dict[str, str]) -> Deployment:
    """The router: no GPU, no model; clients talk to it under the name that they would use for one server."""
    first = parts[0]
    stem = first.name.rpartition("-prefill-")[0]
    name = f"{stem[:34].rstrip('-')}-router-{stable_hash([*(part.name for part in parts), *argv, *files.values()])}"
    labels = {
        **first.labels,
        INSTANCE: name,
        "app.kubernetes.io/component": "router",
        ROLE_LABEL: "router",
    }
    return replace(
        first,
        name=name,
        argv=argv,
        env={},
        files=files,
        gpus=0,
        gpu_resource="",
        nodes=1,
        volumes=(),
        secrets=(),
        shm_bytes=0,
        startup=Probe(first.startup.path, period_s=10, failure_threshold=_ROUTER_START_S // 10),
        node_selector={},
        labels=labels,
        ports={},
        parts=parts,
        weights_bytes=0,
    )
