"""CEL's compiler without CEL's command line.

`import cel` imports the package's own interactive shell too (typer, prompt_toolkit, rich), which takes ten times as long as
the extension module that compiles and runs expressions. This loads the extension alone, under its own name, so that
whoever imports `cel` later gets the same one. Where it is laid out in another way, `cel` is imported as it is.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, PathFinder
from typing import Any

_EXTENSION = "cel.cel"


def compile_expression(text: str) -> Any:
    """A program whose `execute` takes variables. Raises ValueError for a syntax error."""
    return _extension().compile(text)


@functools.cache
def _extension() -> Any:
    if _EXTENSION in sys.modules:
        return sys.modules[_EXTENSION]
    package = importlib.util.find_spec("cel")
    places = None if package is None else package.submodule_search_locations
    spec = None if places is None else PathFinder.find_spec(_EXTENSION, list(places))
    if spec is None or spec.origin is None or not spec.origin.endswith(tuple(EXTENSION_SUFFIXES)):
        return importlib.import_module("cel")
    assert isinstance(spec.loader, ExtensionFileLoader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[_EXTENSION] = module
    spec.loader.exec_module(module)
    return module
