"""Reading text files that people name. Whatever is wrong with one is a diagnostic."""

from __future__ import annotations

from pathlib import Path

from autotune.diagnostics import InputError, Source, Writer, diagnostic


def read_text(path: Path, what: str) -> str:
    """The text of a file. Raises InputError (AT001) saying why it cannot be read; `what` is what messages call it."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        reason, remedy = "there is no such file", "check the name; paths are relative to the current folder"
    except IsADirectoryError:
        reason, remedy = "it is a folder", "name a file in it"
    except UnicodeDecodeError as error:
        reason, remedy = f"it is not UTF-8 text (byte {error.start})", "save it as UTF-8"
    except OSError as error:
        reason, remedy = (error.strerror or str(error)).lower(), "check the file's permissions"
    raise InputError(
        diagnostic(
            "AT001", f"{what} {path} cannot be read: {reason}", writer=Writer(Source.USER, str(path)), help=remedy
        )
    )


def shown(path: Path) -> str:
    """A path as people know it: relative to the current folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
