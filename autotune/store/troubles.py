"""What a database refuses, in words: what is wrong, what was not stored because of it, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.exc import OperationalError

from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError


class StoreError(InputError):
    """A store that cannot be used."""


class StoreBusyError(StoreError):
    """A store that cannot be used now and may be later: locked by another process, full, its server away."""


OTHER_STORE = "name another store, or move this one out of the way: a new one is made where there is none"


class _Words(NamedTuple):
    """`passing` is what may be over in a while."""

    reason: str
    help: str
    passing: bool = False


#: By the start of SQLite's name of the error (https://sqlite.org/rescode.html), the longest first.
_SQLITE = {
    "SQLITE_BUSY": _Words(
        "another process kept it locked for {wait_s} s",
        "wait for that process, or end it; `fuser FILE` names it",
        passing=True,
    ),
    "SQLITE_LOCKED": _Words(
        "another process kept it locked for {wait_s} s", "wait for that process, or end it", passing=True
    ),
    "SQLITE_FULL": _Words(
        "the disk is full", "make room there and give the same command again: what is stored is intact", passing=True
    ),
    "SQLITE_NOTADB": _Words("it is no SQLite database, or damaged", "it is left as it is; {other}"),
    "SQLITE_CORRUPT": _Words(
        "it is damaged",
        "it is left as it is; restore a copy, or save what can be read with `sqlite3 FILE .recover`, or {other}",
    ),
    "SQLITE_READONLY": _Words("it cannot be written", "give yourself the right to write there, or {other}"),
    "SQLITE_CANTOPEN": _Words("it cannot be opened", "check the path and its permissions, or {other}"),
    "SQLITE_IOERR": _Words("its file cannot be read or written ({message})", "check the disk: {other}"),
}
#: By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_POSTGRES = {
    "53100": _Words(
        "the disk of the database server is full", "make room there and give the same command again", passing=True
    ),
    "55P03": _Words("another process kept it locked for {wait_s} s", "wait for that process, or end it", passing=True),
    "57P01": _Words("its server was shut down", "start it again and give the same command again", passing=True),
    "57P03": _Words("its server is not up yet", "wait a moment and give the same command again", passing=True),
    "53300": _Words("its server has no connection left ({message})", "close some, or allow more", passing=True),
    "25006": _Words("it can only be read", "name the primary server, not a replica"),
    "42501": _Words("this user may not use its tables ({message})", "grant the user what it needs, or {other}"),
}


def refused(error: SQLAlchemyError, name: str, doing: str | None, wait_s: float) -> InputError:
    """AT031 for what a database answered: `name` is the store's, `doing` what was to be stored."""
    original: Any = getattr(error, "orig", None) or error
    words = _words(original)
    facts = {"wait_s": f"{wait_s:g}", "message": _first_line(original), "other": OTHER_STORE}
    found = unusable(name, words.reason.format(**facts), doing, words.help.format(**facts).replace("FILE", name))
    return StoreBusyError(*found.diagnostics) if words.passing or _lost(error, original) else found


def unusable(name: str, reason: str, doing: str | None = None, help: str = OTHER_STORE) -> StoreError:  # noqa: A002 - as in diagnostic()
    """AT031: the store of that name cannot be used."""
    lost = "" if doing is None else f"; {doing} was not stored"
    return StoreError(diagnostic("AT031", f"the store {name} cannot be used: {reason}{lost}", help=help))


def _lost(error: SQLAlchemyError, original: Any) -> bool:
    """Whether the database's server cannot be reached: then there is no SQLSTATE."""
    return (
        isinstance(error, OperationalError)
        and not hasattr(original, "sqlite_errorname")
        and getattr(original, "sqlstate", None) is None
    )


def _words(original: Any) -> _Words:
    code = getattr(original, "sqlite_errorname", None) or ""
    for start, words in _SQLITE.items():
        if code.startswith(start):
            return words
    return _POSTGRES.get(getattr(original, "sqlstate", None) or "", _Words("{message}", OTHER_STORE))


def _first_line(original: Any) -> str:
    return next((line.strip() for line in str(original).splitlines() if line.strip()), type(original).__name__)
