"""Secrets that were typed where they do not belong are not printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MASK = "********"

_SECRET_NAME = re.compile(
    r"(?:^|[_.\-])(?:token|secret|password|passwd|apikey|api[_-]?key|access[_-]?key|credentials?)$", re.IGNORECASE
)
#: Tokens with a form of their own: Hugging Face, OpenAI, GitHub, bearer headers.
_SECRET_TEXT = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{16,})\b|(?<=Bearer )[^\s\"']+"
)
#: Names that end like a secret and hold a reference to one.
_REFERENCES = frozenset({"deploy.hf_token_secret", "hf_token_secret"})


def is_secret(name: str) -> bool:
    """Whether a variable, flag or path of this name holds a secret."""
    return name not in _REFERENCES and _SECRET_NAME.search(name) is not None


def mask_text(text: str) -> str:
    """The text with everything that looks like a token replaced."""
    return _SECRET_TEXT.sub(MASK, text)


def mask_value(name: str, value: str) -> str:
    """The value of one setting as it may be shown."""
    return MASK if value and is_secret(name) else mask_text(value)


def mask_data(name: str, value: Any) -> Any:
    """Plain data as it may be shown: each key of a map judged by its own name."""
    if isinstance(value, dict):
        return {key: mask_data(str(key), item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_data(name, item) for item in value]
    return mask_value(name, value) if isinstance(value, str) else value


def mask_env(env: Mapping[str, str]) -> dict[str, str]:
    return {name: mask_value(name, str(value)) for name, value in env.items()}


def mask_arguments(argv: Iterable[str]) -> list[str]:
    """A command line or list of overrides: `--api-key X`, `--api-key=X`, `misc.env.HF_TOKEN=X`, tokens anywhere."""
    shown: list[str] = []
    after_secret = False
    for argument in argv:
        name, equals, value = argument.partition("=")
        if after_secret and not argument.startswith("--"):
            shown.append(MASK)
        elif equals:
            shown.append(f"{name}={mask_value(name, value)}")
        else:
            shown.append(mask_text(argument))
        after_secret = argument.startswith("--") and not equals and is_secret(argument)
    return shown
