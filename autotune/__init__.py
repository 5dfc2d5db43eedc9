"""autotune: a declarative config compiler for serving language models.

Everything here is imported when it is first used, so that `import autotune` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autotune.api import compile  # noqa: A004 - the verb that users type
    from autotune.catalog import get_model, list_models
    from autotune.compiled import CompiledPoint
    from autotune.diagnostics import Diagnostic, InputError
    from autotune.engines.deployment import Deployment
    from autotune.schema import Config

__version__ = "0.1.0"

_HOMES = {
    "CompiledPoint": "autotune.compiled",
    "Config": "autotune.schema",
    "Deployment": "autotune.engines.deployment",
    "Diagnostic": "autotune.diagnostics",
    "InputError": "autotune.diagnostics",
    "compile": "autotune.api",
    "get_model": "autotune.catalog",
    "list_models": "autotune.catalog",
}

__all__ = ["CompiledPoint", "Config", "Deployment", "Diagnostic", "InputError", "compile", "get_model", "list_models"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'autotune' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
