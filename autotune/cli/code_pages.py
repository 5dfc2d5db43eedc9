"""The pages of diagnostic codes, with what their examples print."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from autotune.cli.output import print_json
from autotune.cli.tables import print_table
from autotune.diagnostics import CODES, InputError, diagnostic, render_page, suggest

#: Code -> the lines that its example prints; written by `pytest tests/cli/test_codes.py --update-golden`.
OUTPUTS = Path(__file__).with_name("example_outputs.json")


def read_outputs() -> dict[str, list[str]]:
    """What each example prints, in lines, by code."""
    outputs: dict[str, list[str]] = json.loads(OUTPUTS.read_text(encoding="utf-8"))
    return outputs


def explain_code(name: str, form: str) -> None:
    """The page of one code to stdout, as text or as JSON. Raises InputError (AT002) for an unknown code."""
    if name not in CODES:
        raise InputError(diagnostic("AT002", f"there is no diagnostic code {name}", help=suggest(name, CODES)))
    if form == "json":
        print_json(_page_data(name))
    else:
        sys.stdout.write(render_page(name, read_outputs().get(name, ())))


def print_codes(form: str) -> None:
    """All codes to stdout: a line each, or all pages as JSON."""
    if form == "json":
        print_json([_page_data(name) for name in CODES])
        return
    print_table(("code", "severity", "title"), [(name, code.severity, code.title) for name, code in CODES.items()])


def _page_data(name: str) -> dict[str, Any]:
    code = CODES[name]
    data: dict[str, Any] = {
        "code": name,
        "severity": code.severity,
        "title": code.title,
        "why": code.why,
        "remedy": code.remedy,
    }
    if code.example is not None:
        output = read_outputs().get(name, [])
        data["example"] = {"command": code.example.command, "files": dict(code.example.files), "output": output}
    return data
