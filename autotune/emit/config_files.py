"""Config files by a key that every target takes as a name."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment


class ConfigFile(NamedTuple):
    """One file of the container: `key` is unique in its deployment and made of letters, digits, `-`, `_` and `.`."""

    key: str
    path: str
    text: str

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)


def config_files(deployment: Deployment) -> list[ConfigFile]:
    """The deployment's files, sorted by path. Keys are base names, numbered where two are alike."""
    paths = sorted(deployment.files)
    keys = [posixpath.basename(path) for path in paths]
    if len(set(keys)) < len(keys):
        keys = [f"{number}-{key}" for number, key in enumerate(keys)]
    return [ConfigFile(key, path, deployment.files[path]) for key, path in zip(keys, paths, strict=True)]
