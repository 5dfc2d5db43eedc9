"""What is lost when a tool reads YAML and prints it again with Go's YAML library, as Kustomize and Helm do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from autotune.emit.faults import fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic

#: Printed unescaped, and then refused by the reader or, U+0085, read as a space (seen with kubectl 1.32's kustomize 5.5).
_LOST = re.compile("[\x7f-\x9f\ufffe\uffff]")


def find_reprint_faults(data: Any, path: str = "") -> Iterator[Diagnostic]:
    """AT029 for every text of a document that would not come through; keys are never such texts."""
    if isinstance(data, str):
        if match := _LOST.search(data):
            yield fault(
                f"{path} holds U+{ord(match[0]):04X}, which tools that print YAML anew do not keep",
                remedy="remove it, or emit to k8s",
            )
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from find_reprint_faults(value, f"{path}.{key}" if path else key)
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield from find_reprint_faults(item, f"{path}[{number}]")
