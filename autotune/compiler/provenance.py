"""What a compiled server carries of its point, so that anyone can ask a running one which profiles set it up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autotune import __version__
from autotune.diagnostics import Source
from autotune.engines.provenance import CONFIG_HASH, LAYERS, POINT, PROFILES, SET_BY, VERSION, spell_set_by
from autotune.layers import get_path, split_path
from autotune.schema import SERVING_GROUPS, stable_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.diagnostics import Writer
    from autotune.engines.deployment import Deployment

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
    notes = {
        POINT: point_id,
        CONFIG_HASH: stable_hash({group: data.get(group) for group in SERVING_GROUPS}),
        VERSION: __version__,
        SET_BY: spell_set_by(
            (path, get_path(data, split_path(path)), writer)
            for path, writer in origin.items()
            if writer.source is not Source.BASE
            and path.partition(".")[0] in _SERVER
            and not path.startswith(_OWN_METADATA)
        ),
    }
    if profiles:
        notes[PROFILES] = ",".join(profiles)
    if layers:
        notes[LAYERS] = ",".join(layers)
    return _annotate(deployment, notes)


def _annotate(deployment: Deployment, notes: Mapping[str, str]) -> Deployment:
    return replace(
        deployment,
        annotations={**deployment.annotations, **notes},
        labels={POINT: notes[POINT], **deployment.labels},
        parts=tuple(_annotate(part, notes) for part in deployment.parts),
    )
