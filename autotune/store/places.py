"""Where autotune keeps its data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Names the folder of the store and of the runs, instead of the one that is usual on this system.
HOME_VARIABLE = "AUTOTUNE_HOME"
#: Names the store alone: the path of a SQLite file, or a database URL.
PLACE_VARIABLE = "AUTOTUNE_STORE"


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """`$AUTOTUNE_HOME`, else the user's data folder (`$XDG_DATA_HOME/autotune` on Linux). It need not exist yet."""
    if home := environ.get(HOME_VARIABLE):
        return Path(home).expanduser().absolute()
    return platformdirs.user_data_path("autotune", appauthor=False)


def store_place(environ: Mapping[str, str] = os.environ) -> str:
    """Where results go unless another store is named: `$AUTOTUNE_STORE`, else a SQLite file in the data folder."""
    return environ.get(PLACE_VARIABLE) or str(data_dir(environ) / "autotune.db")


def make_private(folder: Path) -> Path:
    """Create a folder that only its owner can read; one that is there already is left as it is.

    What a run keeps (command lines, server logs) may hold what others on the machine should not see.
    Raises InputError (AT031) where that is impossible.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            diagnostic("AT031", f"the folder {folder} cannot be made: {error.strerror}",
                       help=f"set {HOME_VARIABLE} to a folder that can be written")
        ) from error  # fmt: skip
    return folder
