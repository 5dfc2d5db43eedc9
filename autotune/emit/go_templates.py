"""Text for controllers that run what they are given through Go's text/template before they make a pod of it.

KServe does so with a runtime's container (`ReplacePlaceholders`) and with the whole spec of an LLMInferenceService
(`ReplaceVariables`), OME with its containers.
"""

from __future__ import annotations

from typing import Any

#: An action that prints its own opening. A raw string, because quotes would be escaped when the text is put into JSON.
_OPENING = "{{`{{`}}"


def escape_templates(data: Any) -> Any:
    """The same plain data with every text such that the template gives it back unchanged; keys are left alone."""
    if isinstance(data, str):
        return data.replace("{{", _OPENING)
    if isinstance(data, dict):
        return {key: escape_templates(value) for key, value in data.items()}
    if isinstance(data, list):
        return [escape_templates(item) for item in data]
    return data


def unescape_templates(data: Any) -> Any:
    """The inverse of `escape_templates`; other actions stay as they are."""
    if isinstance(data, str):
        return data.replace(_OPENING, "{{")
    if isinstance(data, dict):
        return {key: unescape_templates(value) for key, value in data.items()}
    if isinstance(data, list):
        return [unescape_templates(item) for item in data]
    return data
