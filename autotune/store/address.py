"""Where a store is: the path of a SQLite file or a database URL, and its name for people, without its password."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from autotune.diagnostics import InputError, diagnostic
from autotune.store.places import PLACE_VARIABLE

#: Drivers for databases that are named without one; psycopg is what `llm-autotune[postgres]` installs.
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_HIDDEN = "***"


def read_address(location: str | Path) -> URL:
    """The address of a store. Raises InputError (AT031) for a URL that cannot be read, and never repeats it."""
    if location == ":memory:":
        return URL.create("sqlite")
    if isinstance(location, Path) or "://" not in location:
        return URL.create("sqlite", database=str(Path(location).expanduser().absolute()))
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:
        raise _unreadable("it is not a database URL") from error
    if "@" in f"{url.host or ''}{url.database or ''}":
        # What stands before that sign is most likely the rest of a password, and would be taken for a host's name.
        raise _unreadable("its password holds a character that a URL cannot")
    if url.get_backend_name() == "sqlite":
        return read_address(url.database or ":memory:")
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def shown(url: URL) -> str:
    """A database as messages name it: the file, or the URL without its password."""
    if url.get_backend_name() == "sqlite" and url.database:
        return str(url.database)
    query = {name: _HIDDEN if "password" in name else value for name, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True).replace("+psycopg:", ":", 1)


def without_password(text: str, url: URL) -> str:
    """Text from a driver with the password of the address hidden, wherever and however it stands there."""
    secrets = [url.password, *(value for name, value in url.query.items() if "password" in name)]
    for secret in secrets:
        for form in {str(secret), unquote(str(secret))} if secret else ():
            text = text.replace(form, _HIDDEN)
    return text


def _unreadable(reason: str) -> InputError:
    return InputError(
        diagnostic(
            "AT031",
            f"the address of the store cannot be used: {reason}",
            help="write postgresql://USER:PASSWORD@HOST/DATABASE, with @ : / and % in the password as %40 %3A %2F %25; "
            f"in {PLACE_VARIABLE} it stays out of the list of processes",
        )
    )
