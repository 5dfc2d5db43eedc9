"""What a person has to know of an import, as diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import Diagnostic, diagnostic
from autotune.importing.imported import Part, Status

if TYPE_CHECKING:
    from autotune.importing.draft import Draft

#: Characters of an argument that a message repeats; chat templates and schemas are longer than anyone reads.
_SHOWN = 200


def find_problems(draft: Draft) -> list[Diagnostic]:
    """What a person has to know: AT043 and AT117 one by one, AT210 in one line."""
    parts = draft.account.parts
    found = [
        _finding(
            draft, "AT043", part, "mend the command, or name the version that it is for: system.backend_version=..."
        )
        for part in parts
        if part.status is Status.REFUSED
    ]
    found += [_finding(draft, "AT117", part, None) for part in parts if part.status is Status.LEFT_OUT]
    kept = [
        part.said.partition(" ")[0].partition("=")[0] if part.said.startswith("-") else part.said.partition("=")[0]
        for part in parts
        if part.status is Status.KEPT
    ]
    if kept:
        listed = ", ".join(kept)
        found.append(
            diagnostic(
                "AT210",
                f"{len(kept)} kept as written, because no config path means the same here: {listed}",
                path="misc.extra_args",
                writer=draft.writer,
                help="profiles and checks do not see what is kept so",
            )
        )
    return found


def _finding(draft: Draft, code: str, part: Part, advice: str | None) -> Diagnostic:
    path = part.targets[0] if part.targets else None
    said = "".join(letter if letter.isprintable() else " " for letter in part.said)
    return diagnostic(
        code,
        f"{said if len(said) <= _SHOWN else f'{said[:_SHOWN]}...'}: {part.note}",
        path=path,
        writer=draft.writer,
        help=advice,
    )
