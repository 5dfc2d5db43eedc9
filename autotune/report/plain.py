"""Text from outside, as it may be shown: no control characters, no secrets, no more of it than a reader takes in."""

from __future__ import annotations

import re

from autotune.report.masking import mask_text

#: Escape sequences and other control characters, which text from a log must not bring to a terminal or a page.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
#: Halves of surrogate pairs and code points that are no characters: they cannot be written as UTF-8, or not into a page.
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")

LOG_LINES, LOG_CHARACTERS = 40, 6_000
"""What a report shows of the end of a log."""


def clean(text: str) -> str:
    """Text without escape sequences and control characters; line ends and tabs stay."""
    return _NO_CHARACTER.sub("\ufffd", _CONTROL.sub("", text))


def cut_log(log: str) -> tuple[str, str]:
    """The end of a log, masked and clean, and a note on what was left out, empty where nothing was."""
    shown = mask_text(clean(log)).strip("\n")
    lines = shown.splitlines()
    kept = "\n".join(lines[-LOG_LINES:])[-LOG_CHARACTERS:]
    if len(kept) == len(shown):
        return kept, ""
    return kept, f"the last {len(kept.splitlines())} of the {len(lines)} lines that were kept"
