"""Findings about manifests that were changed after autotune wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.cli.shown_command import printable
from autotune.diagnostics import Diagnostic, Source, Writer, diagnostic
from autotune.engines.provenance import find_edits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compare import Side
    from autotune.engines.provenance import Edit

_MOST = 6


def edit_warnings(side: Side) -> list[Diagnostic]:
    """AT119 for a server whose flags, variables, files or image are not those that it was emitted with."""
    if side.emitted is None:
        return []
    edits = find_edits(
        side.emitted,
        side.emitted_argv,
        side.env,
        None if side.without_files else side.files,
        side.image,
        injected=side.injected,
    )
    place = Writer(Source.USER, printable(side.where or side.title))
    name = printable(side.name or "the server")
    if edits is None:
        return [
            diagnostic("AT119", f"{name} has an annotation autotune/emitted that was damaged", writer=place,
                       help="emit again; nothing can be said about edits")
        ]  # fmt: skip
    if not edits:
        return []
    return [
        diagnostic(
            "AT119",
            f"{name} was edited since autotune emitted it: {describe_edits(edits)}",
            writer=place,
            help="change the config and emit again, or take the edit over: `autotune diff` shows it beside the config",
        )
    ]


def describe_edits(edits: Sequence[Edit]) -> str:
    shown = [f"{printable(edit.name)} {edit.how}" for edit in edits[:_MOST]]
    return ", ".join(shown) + (f" and {len(edits) - _MOST} more" if len(edits) > _MOST else "")
