"""Compiled points as the API and the pages show them: as the command line does, with secrets hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.diagnostics import hide_secrets
from autotune.run.redact import hide_config, hide_env, hide_override
from autotune.web.problems import shown

if TYPE_CHECKING:
    from autotune.compiled import CompiledPoint


def point_data(point: CompiledPoint) -> dict[str, Any]:
    """One element of `compile --format json`."""
    data = point.as_dict()
    deployment = data["deployment"]
    if deployment is not None:
        argv = [hide_secrets(word) for word in deployment["argv"]]
        deployment = {**deployment, "argv": argv, "env": hide_env(deployment["env"])}
    return data | {
        "overrides": [hide_override(text) for text in data["overrides"]],
        "config": hide_config(data["config"]),
        "deployment": deployment,
        "origin": {path: hide_secrets(writer) for path, writer in data["origin"].items()},
        "diagnostics": [shown(item) for item in point.diagnostics],
    }
