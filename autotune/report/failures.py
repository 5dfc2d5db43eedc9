"""Failures for a reader: those that are alike once, with their points, their remedy and the end of one log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.report.masking import mask_text
from autotune.report.plain import clean, cut_log

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.store.result import Failure, Result

#: Logs in one report; the failures after these are shown without.
MAX_LOGS = 20
#: Numbers and ids make messages differ that say the same: bytes, ports, process ids.
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures of one class, phase and message, numbers aside. The texts are those of the first, masked and clean.

    `cut` says what of the log was left out; empty where it is whole.
    """

    kind: str
    phase: str
    message: str
    remedy: str
    results: tuple[Result, ...]
    log: str
    cut: str

    @property
    def name(self) -> str:
        """The class in words: `out of memory`."""
        return self.kind.replace("_", " ")


def group_failures(results: Iterable[Result]) -> list[FailureGroup]:
    """The failures in the order in which each group first occurs; those that never ran come last."""
    groups: dict[tuple[str, ...], list[tuple[Result, Failure]]] = {}
    for result in results:
        if (failure := result.failure) is not None:
            key = (failure.kind, failure.phase or "", _NUMBER.sub("#", failure.message), failure.remedy)
            groups.setdefault(key, []).append((result, failure))
    ordered = sorted(groups.values(), key=lambda group: group[0][0].status == "pruned")
    return [_group(group, with_log=place < MAX_LOGS) for place, group in enumerate(ordered)]


def _group(members: list[tuple[Result, Failure]], *, with_log: bool) -> FailureGroup:
    failure = members[0][1]
    log, cut = cut_log(failure.log_tail) if with_log else ("", "")
    return FailureGroup(
        failure.kind,
        failure.phase or "",
        mask_text(clean(failure.message)),
        mask_text(clean(failure.remedy)),
        tuple(result for result, _ in members),
        log,
        cut,
    )
