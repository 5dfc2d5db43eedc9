"""Loading a large module quickly."""

from __future__ import annotations

import gc
import importlib
import os

from autotune.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

#: https://docs.pydantic.dev/latest/concepts/plugins/#disabling-plugins
_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"


def load_module(name: str) -> Any:
    """A module with all that it imports, which is most of what a short command takes.

    Nothing of that is garbage, so none is looked for meanwhile or in it later; and pydantic is not to look through every
    installed package for plugins, which would watch our own configs being checked. Servers started later know nothing of that.
    """
    unsaid = _PLUGINS not in os.environ
    if unsaid:
        os.environ[_PLUGINS] = "__all__"
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()
        if unsaid:
            del os.environ[_PLUGINS]
