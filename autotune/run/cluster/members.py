"""The servers that serve together, a router and those behind it or one alone: where each of them is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autotune.engines.disagg import ROLE_LABEL
from autotune.run.cluster.pod_state import ServerState, read_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.engines.deployment import Deployment
    from autotune.run.cluster.shape import Shape
    from autotune.store.result import Failure


@dataclass(frozen=True, slots=True)
class Member:
    """One server and its state, with the events that are about its own objects."""

    deployment: Deployment
    state: ServerState
    events: tuple[dict[str, Any], ...] = ()

    @property
    def title(self) -> str:
        """What a message calls it, empty for a server that is alone."""
        role = self.deployment.labels.get(ROLE_LABEL)
        return "" if role is None else f"{role} {self.deployment.name}"

    def named(self, failure: Failure) -> Failure:
        """The failure, with the server that it is of."""
        return replace(failure, message=f"{self.title}: {failure.message}") if self.title else failure


def read_members(
    deployments: Iterable[Deployment],
    shape: Shape,
    pods: Sequence[dict[str, Any]],
    events: Sequence[dict[str, Any]],
    schedule_timeout_s: float,
) -> list[Member]:
    """What pods and events say of each server, in their order."""
    members = []
    for deployment in deployments:
        own = events_of(deployment.name, events)
        state = read_state(
            shape.pods_of(deployment, pods), own, deployment.replicas, shape.container(deployment), schedule_timeout_s
        )
        members.append(Member(deployment, state, tuple(own)))
    return members


def events_of(name: str, events: Iterable[dict[str, Any]], but: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Events about objects whose names begin with this one, as those of a server's do, and not with one of the others."""
    others = tuple(but)
    return [
        event
        for event in events
        if (about := str(event.get("involvedObject", {}).get("name", ""))).startswith(name)
        and not (others and about.startswith(others))
    ]


def waits_for(members: Iterable[Member]) -> str:
    """What those that are not ready are waiting for."""
    texts = [
        f"{member.title}: {text}" if member.title else text
        for member in members
        if not member.state.ready and (text := member.state.waiting_for or "the pods to be ready")
    ]
    return "; ".join(texts) or "the pods to be ready"
