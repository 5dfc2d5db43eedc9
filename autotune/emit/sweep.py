"""What the points of a sweep share, and what is left of each: the base and the overlays of one set of documents.

Maps are split key by key. A list is shared when it is the same in all of them, and belongs to each point as a whole
otherwise, because neither Helm nor a custom resource merges lists. So merging map into map gives each point back exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.engines.deployment import Deployment


class SweepEmitter(Protocol):
    """A target that lays several servers over what they share. Listed in `autotune.emit.SWEEP_EMITTERS`."""

    def emit_sweep(self, deployments: Sequence[Deployment]) -> dict[str, str]:
        """Relative path -> text, of two servers or more, each with a name of its own. Pure and deterministic.

        Raises InputError (AT029) with what the target cannot hold of all of them.
        """
        ...


def split(points: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(what all points have, what each has beyond it), in the order of the first point's keys, then of its own."""
    shared: dict[str, Any] = {}
    for key, value in points[0].items():
        others: list[Any] = [point.get(key) for point in points[1:]]
        if all(other == value for other in others):
            shared[key] = value
        elif all(isinstance(item, dict) for item in (value, *others)):
            inner, _ = split([value, *others])
            if inner:
                shared[key] = inner
    return shared, [_beyond(point, shared) for point in points]


def merge(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Map into map; anything else of `own` wins. `merge(shared, rest)` is the point that `split` was given."""
    merged = dict(shared)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def common_name(deployments: Sequence[Deployment]) -> str:
    """The words that the names of all servers begin with, as in `vllm-qwen3-8b`; `servers` where there are none."""
    words: list[str] = []
    for found in zip(*(deployment.name.split("-") for deployment in deployments), strict=False):
        if len(set(found)) > 1:
            break
        words.append(found[0])
    return "-".join(words) or "servers"


def sweep_heading(deployments: Sequence[Deployment]) -> list[str]:
    """Lines for the comment at the top of what the servers share."""
    return [
        "Made by autotune. Change the config and emit again rather than editing this file.",
        f"What {len(deployments)} servers of a sweep have in common.",
    ]


def _beyond(point: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    rest = {}
    for key, value in point.items():
        if key not in shared:
            rest[key] = value
        elif value != shared[key]:
            # It is a map here and there: `split` shares other values only where they are the same.
            rest[key] = _beyond(value, shared[key])
    return rest
