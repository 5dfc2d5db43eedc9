"""What every part of a store has: the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.store.database import Database


class Part:
    """Some of the methods of a `Store`, by what they are about."""

    _database: Database
