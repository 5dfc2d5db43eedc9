"""Findings in SARIF 2.1.0, the form that code hosts take to annotate a change.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; the levels of SARIF have the names of our severities.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from autotune.diagnostics.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.diagnostics.diagnostic import Diagnostic

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: What addresses are relative to: the root of the repository.
ROOT = "%SRCROOT%"


def render_sarif(
    diagnostics: Iterable[Diagnostic], *, version: str, places: Mapping[str, str], elsewhere: str | None = None
) -> dict[str, Any]:
    """One run with a rule for each code found and a result for each finding, as plain data.

    `places` gives the files that writers name their paths from the repository's root; a file without one has no place in the
    repository. Such findings, and those that no file wrote, are put on line 1 of `elsewhere` where that is given.
    """
    found = list(diagnostics)
    codes = sorted({item.code for item in found})
    driver = {
        "name": "autotune",
        "semanticVersion": version,
        "rules": [_rule(code) for code in codes],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
                "results": [_result(item, codes.index(item.code), places, elsewhere) for item in found],
            }
        ],
    }


def _rule(name: str) -> dict[str, Any]:
    code = CODES[name]
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in code.title.split() if word.isalpha()),
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.why},
        "help": {"text": f"{code.why} {code.remedy}", "markdown": f"{code.why}\n\n**What to do**: {code.remedy}"},
        "defaultConfiguration": {"level": code.severity},
    }


def _result(item: Diagnostic, rule: int, places: Mapping[str, str], elsewhere: str | None) -> dict[str, Any]:
    text = item.message if item.help is None else f"{item.message}\nhelp: {item.help}"
    writer = item.writer
    place = None if writer is None or writer.file is None else places.get(writer.file)
    if writer is not None and place is None:
        # The annotation stands on another file, or on none: say who wrote it.
        text += f"\nset by: {writer}"
    result: dict[str, Any] = {
        "ruleId": item.code,
        "ruleIndex": rule,
        "level": item.severity.value,
        "message": {"text": text},
    }
    location: dict[str, Any] = {}
    if writer is not None and place is not None:
        location["physicalLocation"] = _physical(place, writer.line or 1)
    elif elsewhere is not None:
        location["physicalLocation"] = _physical(elsewhere, 1)
    if item.path is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": item.path, "kind": "property"}]
    if location:
        result["locations"] = [location]
    if item.point is not None:
        result["properties"] = {"point": item.point}
    # Lines move; the same mistake stays the same alert while code, path and message do.
    result["partialFingerprints"] = {"autotune/v1": "|".join((item.code, item.path or "", _origin(item)))}
    return result


def _origin(item: Diagnostic) -> str:
    return "" if item.writer is None else (item.writer.file or item.writer.location)


def _physical(path: str, line: int) -> dict[str, Any]:
    uri = quote(posixpath.normpath(path.replace("\\", "/")))
    return {"artifactLocation": {"uri": uri, "uriBaseId": ROOT}, "region": {"startLine": line}}
