"""The option that every verb has which reads or writes results. Light: verbs that only read results load no compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_store(parser: argparse.ArgumentParser) -> None:
    """`--store`, whose value goes to `Store` as it is."""
    parser.add_argument(
        "--store",
        metavar="FILE_OR_URL",
        help="where results are kept: a SQLite file or postgresql://... (default: $AUTOTUNE_STORE, else autotune.db in "
        "$AUTOTUNE_HOME or the user's data folder)",
    )
