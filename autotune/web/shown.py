"""Compiled points as the API and the pages show them: as the command line does, with secrets hidden."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import hide_secrets, holds_secret
from autotune.diagnostics.secrets import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autotune.compiled import CompiledPoint
    from autotune.engines.deployment import Deployment


def point_data(point: CompiledPoint) -> dict[str, Any]:
    """One element of `compile --format json`."""
    found: dict[str, Any] = without_secrets(point.as_dict())
    return found


def without_secrets(data: Any, name: str = "") -> Any:
    """Plain data with the secrets in it hidden, by their form and by the names that they stand under."""
    if isinstance(data, dict):
        return {key: without_secrets(value, str(key)) for key, value in data.items()}
    if isinstance(data, list):
        return _words(data)
    if not isinstance(data, str):
        return data
    return HIDDEN if holds_secret(name, data) else hide_secrets(data)


def _words(data: list[Any]) -> list[Any]:
    """A list, in which the word after a flag such as `--api-key` is a secret."""
    found, flag = [], ""
    for item in data:
        found.append(without_secrets(item, flag))
        flag = item if isinstance(item, str) and item.startswith("-") else ""
    return found


def files_without_secrets(files: dict[str, str], deployments: Iterable[Deployment]) -> dict[str, str]:
    """Emitted files without the secrets that were typed where only their names belong (AT108)."""
    secrets = sorted({value for item in deployments for value in _secrets(item)}, key=len, reverse=True)
    for secret in secrets:
        files = {name: text.replace(secret, HIDDEN) for name, text in files.items()}
    return files


def _secrets(deployment: Deployment) -> Iterator[str]:
    yield from (value for name, value in deployment.env.items() if holds_secret(name, value))
    for flag, word in itertools.pairwise(deployment.argv):
        name, equals, value = word.partition("=")
        if flag.startswith("-") and holds_secret(flag, word):
            yield word
        elif equals and holds_secret(name, value):
            yield value
    for item in deployment.parts:
        yield from _secrets(item)
