"""What differs between two compiled points: flags, environment and files, in one list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autotune.compiled import CompiledPoint
    from autotune.engines.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other: `kind` is flag, env, file or image; None stands for its absence, () for a bare flag."""

    kind: str
    name: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "before": None if self.before is None else list(self.before),
            "after": None if self.after is None else list(self.after),
        }

    def __str__(self) -> str:
        """`- --old 1`, `+ --new 1`, `~ --flag 1 -> 2`."""
        before, after = (
            None if value is None else " ".join((self.name, *value)) for value in (self.before, self.after)
        )
        if before is None:
            return f"+ {after}"
        if after is None:
            return f"- {before}"
        return f"~ {before} -> {' '.join(self.after or ('(bare)',))}"


def compare_points(before: CompiledPoint, after: CompiledPoint) -> list[Difference]:
    """What changes from one point's server to the other's, flags in the order of the command lines."""
    if before.deployment is None or after.deployment is None:
        return []
    return list(_differences(before.deployment, after.deployment))


def _differences(before: Deployment, after: Deployment) -> Iterator[Difference]:
    if before.image != after.image:
        yield Difference("image", "image", (before.image,), (after.image,))
    for kind, old, new in (
        ("flag", split_flags(before.argv), split_flags(after.argv)),
        (
            "env",
            {key: (value,) for key, value in before.env.items()},
            {key: (value,) for key, value in after.env.items()},
        ),
        (
            "file",
            {key: (value,) for key, value in before.files.items()},
            {key: (value,) for key, value in after.files.items()},
        ),
    ):
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                yield Difference(kind, name, old.get(name), new.get(name))


def split_flags(argv: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Flag -> its values, `--x=v` as well as `--x v`; the words before the first flag stand under `command`."""
    flags: dict[str, tuple[str, ...]] = {}
    current = "command"
    for word in argv:
        if word.startswith("--"):
            current, equals, value = word.partition("=")
            flags[current] = (value,) if equals else ()
        else:
            flags[current] = (*flags.get(current, ()), word)
    return flags
