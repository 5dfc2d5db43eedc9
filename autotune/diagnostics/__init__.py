"""What is wrong, where, who set it and what to do instead."""

from autotune.diagnostics.codes import CODES, FAMILIES, Code, Example
from autotune.diagnostics.deny import deny, read_denied
from autotune.diagnostics.diagnostic import (
    Diagnostic,
    InputError,
    Severity,
    UnknownNameError,
    diagnostic,
    has_errors,
    ordered,
    unique,
)
from autotune.diagnostics.nearest import nearest, suggest
from autotune.diagnostics.page import render_page, render_pages
from autotune.diagnostics.provenance import Source, Writer
from autotune.diagnostics.render import render_json, render_text
from autotune.diagnostics.sarif import render_sarif
from autotune.diagnostics.secrets import hide_secrets, holds_secret

__all__ = [
    "CODES",
    "FAMILIES",
    "Code",
    "Diagnostic",
    "Example",
    "InputError",
    "Severity",
    "Source",
    "UnknownNameError",
    "Writer",
    "deny",
    "diagnostic",
    "has_errors",
    "hide_secrets",
    "holds_secret",
    "nearest",
    "ordered",
    "read_denied",
    "render_json",
    "render_page",
    "render_pages",
    "render_sarif",
    "render_text",
    "suggest",
    "unique",
]
