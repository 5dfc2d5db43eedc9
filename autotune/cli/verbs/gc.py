"""autotune gc: what dead runs left behind, shown first, removed with --yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.cli.output import print_json, say
from autotune.cli.store_option import add_store
from autotune.cli.tables import print_table
from autotune.run.garbage import Leftover, default_place, find_leftovers
from autotune.run.words import printable
from autotune.store import Store, data_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

EPILOG = """\
Processes, containers and objects on clusters that runs started which nobody works on any more; temporary folders of
processes that are gone; folders of runs that never started, or that their store has no more. What a living run uses is
never touched, nor what another data folder ($AUTOTUNE_HOME) or another store has. Results stay.

Every start of `autotune run` removes servers of dead runs by itself; this shows them, and cleans up where none is started.
Exit codes: 0 nothing is left or everything was removed, 1 something could not be removed."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="remove what is shown")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="table (default) or json")
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    with Store(args.store) as store:
        found = find_leftovers(default_place(data_dir(), store))
        failed = {index: why for index, item in enumerate(found) if (why := item.remove())} if args.yes else {}
    if args.format == "json":
        print_json([_as_data(item, args.yes, failed.get(index)) for index, item in enumerate(found)])
        return 1 if failed else 0
    if not found:
        say("dead runs left nothing behind")
        return 0
    _print(found, failed)
    if not args.yes:
        say(f"`autotune gc --yes` removes {'it' if len(found) == 1 else 'them'}")
    else:
        say(f"{len(found) - len(failed)} of {len(found)} removed")
    return 1 if failed else 0


def _as_data(item: Leftover, removed: bool, failed: str | None) -> dict[str, object]:
    return {
        "kind": item.kind, "what": item.what, "run_id": item.run_id or None, "why": item.why,
        "removed": removed and failed is None, "error": failed,
    }  # fmt: skip


def _print(found: Sequence[Leftover], failed: dict[int, str]) -> None:
    rows = [
        (item.kind, printable(item.what), item.run_id, f"could not be removed: {failed[index]}" if index in failed else item.why)
        for index, item in enumerate(found)
    ]  # fmt: skip
    print_table(("kind", "what", "run", "why"), rows)
