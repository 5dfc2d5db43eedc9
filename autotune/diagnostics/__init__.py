"""What is wrong, where, who set it and what to do instead."""

from autotune.diagnostics.codes import CODES, Code
from autotune.diagnostics.diagnostic import Diagnostic, InputError, Severity, diagnostic, has_errors, unique
from autotune.diagnostics.nearest import nearest, suggest
from autotune.diagnostics.provenance import Source, Writer
from autotune.diagnostics.render import render_json, render_text

__all__ = [
    "CODES",
    "Code",
    "Diagnostic",
    "InputError",
    "Severity",
    "Source",
    "Writer",
    "diagnostic",
    "has_errors",
    "nearest",
    "render_json",
    "render_text",
    "suggest",
    "unique",
]
