"""autotune: a declarative config compiler for serving language models.

Everything here is imported when it is first used, so that `import autotune` costs nothing.
"""

from autotune.lazy import TYPE_CHECKING, lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
