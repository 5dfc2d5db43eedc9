"""The comment at the top of every emitted file: what it is and how it came about."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

from autotune.emit.labels import object_annotations, pod_annotations
from autotune.emit.printable import is_printable
from autotune.engines.provenance import EMITTED, SET_BY

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment

#: The first line, by which an emitted file is known.
MADE_BY = "# Made by autotune. Change the config and emit again rather than editing this file."


def heading(deployment: Deployment, *remarks: str) -> list[str]:
    """Lines for a `#` comment, each safe to stand on one line: facts, the deployment's annotations, then `remarks`."""
    facts = (
        ("name", deployment.name),
        ("engine", f"{deployment.engine} {deployment.engine_version}"),
        ("model", deployment.model),
        ("served name", deployment.served_name),
        ("GPUs", "none" if deployment.gpu_vendor == "cpu" else f"{deployment.gpus} x {deployment.gpu_name}"),
    )
    return [MADE_BY.removeprefix("# "), *_fact_lines(facts, tuple(object_annotations(deployment).items())), *remarks]


@functools.lru_cache(maxsize=16)  # every file of a server begins with them
def _fact_lines(facts: tuple[tuple[str, str], ...], annotations: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    entries = dict(facts) | dict(annotations)
    return tuple(map(": ".join, zip(map(one_line, entries), map(one_line, entries.values()), strict=True)))


def provenance_remarks(deployment: Deployment) -> list[str]:
    """For a target that has no labels: the annotations that `heading` leaves out because they stand with the server."""
    notes = pod_annotations(deployment)
    return [f"{key}: {one_line(notes[key])}" for key in (EMITTED, SET_BY) if key in notes]


def cluster_remarks(deployment: Deployment) -> list[str]:
    """What a target that starts exactly one server, without a cluster, says of what only a cluster could do."""
    remarks = []
    if deployment.replicas != 1:
        remarks.append(f"replicas: {deployment.replicas} were asked for; this file starts one.")
    asked = {
        "autoscaling": deployment.autoscaling is not None,
        "a disruption budget": deployment.disruption_budget is not None,
        "a ServiceMonitor": deployment.monitor,
    }
    remarks += [f"{what} was asked for; that takes a cluster." for what, wanted in asked.items() if wanted]
    return remarks


def one_line(text: str) -> str:
    """The text itself, or its JSON form where it holds line breaks or other characters that would leave the comment."""
    return text if is_printable(text) else json.dumps(text)
