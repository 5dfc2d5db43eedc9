"""A deployment's config files on this machine: written below a folder, with everything that names them pointed there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from autotune.engines.deployment import Deployment


def move_files(deployment: Deployment, folder: Path) -> Deployment:
    """Write each file below `folder` and return the deployment with its argv and environment naming the new places."""
    moved = {path: folder / path.lstrip("/") for path in deployment.files}
    for path, text in deployment.files.items():
        moved[path].parent.mkdir(parents=True, exist_ok=True)
        moved[path].write_text(text, encoding="utf-8")
    places = sorted(((path, str(place)) for path, place in moved.items()), key=lambda pair: -len(pair[0]))

    def point(text: str) -> str:
        for old, new in places:
            if text == old or text.endswith(f"={old}"):
                return text.removesuffix(old) + new
        return text

    return replace(
        deployment,
        argv=tuple(point(item) for item in deployment.argv),
        env={name: point(value) for name, value in deployment.env.items()},
        files={str(moved[path]): text for path, text in deployment.files.items()},
    )
