"""What a compiled server carries of its point, so that anyone can ask a running one which profiles set it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune import __version__
from autotune.engines.provenance import CONFIG_HASH, LAYERS, POINT, PROFILES, SET_BY, VERSION, spell_set_by
from autotune.layers import get_path, split_path
from autotune.schema import SERVING_GROUPS
from autotune.schema.config import canonical, hash_text, join_canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.diagnostics import Writer
    from autotune.engines.deployment import Deployment, PlannedLoad

_SERVER = frozenset(SERVING_GROUPS)
#: They stand on the object itself.
_OWN_METADATA = ("deploy.labels", "deploy.annotations")


def with_provenance(
    deployment: Deployment,
    *,
    point_id: str,
    profiles: Sequence[str],
    layers: Sequence[str],
    data: Mapping[str, Any],
    origin: Mapping[str, Writer],
) -> Deployment:
    """The deployment, and those behind it, with the point's annotations and its label; the name stays as it is."""
    set_by = spell_set_by(
        (path, get_path(data, split_path(path)), writer) for path, writer in origin.items() if is_served(path)
    )
    texts = {group: canonical(data.get(group)) for group in SERVING_GROUPS}
    return annotate(deployment, point_id, provenance_notes(config_hash(texts), set_by, profiles, layers))


def is_served(path: str) -> bool:
    """Whether a path is one of the server's, and does not stand on the object itself."""
    return path.partition(".")[0] in _SERVER and not path.startswith(_OWN_METADATA)


def config_hash(texts: Mapping[str, str]) -> str:
    """The hash over the groups that decide what the server is, given their canonical texts."""
    return hash_text(join_canonical(texts))


def provenance_notes(config_hash: str, set_by: str, profiles: Sequence[str], layers: Sequence[str]) -> dict[str, str]:
    """The annotations that points of one server have in common."""
    notes = {CONFIG_HASH: config_hash, VERSION: __version__, SET_BY: set_by}
    if profiles:
        notes[PROFILES] = ",".join(profiles)
    if layers:
        notes[LAYERS] = ",".join(layers)
    return notes


def annotate(
    deployment: Deployment, point_id: str, notes: Mapping[str, str], loads: tuple[PlannedLoad, ...] | None = None
) -> Deployment:
    """The deployment, and those behind it, with these annotations and the point's own; and with its loads, where given."""
    return deployment.of_point(
        labels={POINT: point_id, **deployment.labels},
        annotations={**deployment.annotations, POINT: point_id, **notes},
        parts=tuple([annotate(part, point_id, notes) for part in deployment.parts]),
        loads=deployment.loads if loads is None else loads,
    )
