"""What looks like a secret, taken out of what is stored and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = "(hidden)"

_SECRET_NAME = re.compile(
    r"(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)(?!S?_?(COUNT|LIMIT|LEN|NUM))",
    re.IGNORECASE,
)
#: A count of tokens is no token: values that are numbers stay.
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")
_OVERRIDE = re.compile(r"^(?P<path>[+~]*(misc|executor)\.env\.(?P<name>\w+))=(?P<value>.*)$", re.DOTALL)
_IN_MAP = re.compile(r"(?P<name>\w+)(?P<colon>['\"]?\s*:\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^,{}]+)")
_PASSWORD_IN_URL = re.compile(
    r"(?P<before>\b[a-z][\w+.-]*://[^/@:\s]*:)(?P<password>[^/\s]+)(?P<after>@)", re.IGNORECASE
)
#: Shorter values would hide half of a log by chance.
_SHORTEST = 8


def hide_env(env: Mapping[str, Any]) -> dict[str, Any]:
    """An environment with the values of variables that are named like secrets hidden."""
    return {name: HIDDEN if _is_secret(name, str(value)) else value for name, value in env.items()}


def hide_config(data: Mapping[str, Any]) -> dict[str, Any]:
    """A config as plain data with the secrets of `misc.env` and `executor.env` hidden."""
    shown = dict(data)
    for group in ("misc", "executor"):
        values = shown.get(group)
        if isinstance(values, dict) and isinstance(values.get("env"), dict):
            shown[group] = {**values, "env": hide_env(values["env"])}
    return shown


def hide_override(text: str) -> str:
    """An override as typed, with the value of an environment variable hidden when it is named like a secret."""
    hit = _OVERRIDE.match(text)
    if hit is not None:
        return f"{hit['path']}={HIDDEN}" if _is_secret(hit["name"], hit["value"]) else text
    if re.match(r"^[+~]*(misc|executor)\.env=", text):
        path, _, value = text.partition("=")
        return f"{path}={_IN_MAP.sub(_hide_entry, value)}"
    return text


def mask(text: str, env: Mapping[str, str]) -> str:
    """Text with the value of every secret of an environment hidden wherever it stands, passwords in URLs among them."""
    for name, value in env.items():
        if len(value) >= _SHORTEST and _is_secret(name, value):
            text = text.replace(value, HIDDEN)
        elif hidden := _PASSWORD_IN_URL.search(value):
            text = text.replace(value, hide_url(value))
            if len(hidden["password"]) >= _SHORTEST:
                text = text.replace(hidden["password"], HIDDEN)
    return text


def hide_url(text: str) -> str:
    """A URL without its password."""
    return _PASSWORD_IN_URL.sub(rf"\g<before>{HIDDEN}\g<after>", text)


def _hide_entry(hit: re.Match[str]) -> str:
    return f"{hit['name']}{hit['colon']}{HIDDEN}" if _is_secret(hit["name"], hit["value"]) else hit[0]


def _is_secret(name: str, value: str) -> bool:
    return _SECRET_NAME.search(name) is not None and _NUMBER.match(value.strip("'\" ")) is None
