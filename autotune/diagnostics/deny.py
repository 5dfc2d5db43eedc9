"""Raising the severity of chosen findings, so that a pipeline stops on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.diagnostics.codes import CODES
from autotune.diagnostics.diagnostic import Diagnostic, InputError, Severity, diagnostic
from autotune.diagnostics.nearest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Stands for every warning.
ALL_WARNINGS = "warnings"


def read_denied(words: Iterable[str]) -> frozenset[str]:
    """The codes that `--deny` names: codes in any case, comma lists of them, and `warnings`.

    Raises InputError (AT002) with every word that is neither.
    """
    names = [part.strip() for word in words for part in word.split(",") if part.strip()]
    codes = {name.upper() for name in names if name.lower() != ALL_WARNINGS}
    if unknown := sorted(codes - CODES.keys()):
        raise InputError(
            *(
                diagnostic(
                    "AT002", f"there is no diagnostic code {name} to deny", help=suggest(name, [*CODES, ALL_WARNINGS])
                )
                for name in unknown
            )
        )
    if any(name.lower() == ALL_WARNINGS for name in names):
        codes |= {name for name, code in CODES.items() if code.severity == Severity.WARNING.value}
    return frozenset(codes)


def deny(diagnostics: Iterable[Diagnostic], codes: frozenset[str]) -> list[Diagnostic]:
    """The findings, those of the given codes as errors. Severity only rises."""
    return [
        _raised(item) if item.code in codes and item.severity is not Severity.ERROR else item for item in diagnostics
    ]


def _raised(item: Diagnostic) -> Diagnostic:
    said = f"a {item.severity.value} made an error by --deny"
    return replace(item, severity=Severity.ERROR, help=said if item.help is None else f"{item.help} ({said})")
