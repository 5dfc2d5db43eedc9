"""What looks like a secret, so that no message repeats it."""

from __future__ import annotations

import re

HIDDEN = "(hidden)"

#: A name that ends like one of these holds a secret; `HF_TOKEN_PATH` or `--max-num-batched-tokens` does not.
_NAME = re.compile(
    r"(?:^|[_.\-])(?:token|secret|password|passwd|apikey|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)$",
    re.IGNORECASE,
)
#: Tokens with a form of their own: Hugging Face, OpenAI, GitHub, AWS, bearer headers.
_TEXT = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|AKIA[A-Z0-9]{16})\b|(?<=Bearer )[^\s\"',}]+"
)
_NO_SECRET = re.compile(r"\s*(?:-?\d+(?:\.\d+)?|true|false|null|none)?\s*", re.IGNORECASE)
_ENTRY = re.compile(r"(?P<name>[\w.\-]+)(?P<middle>['\"]?\s*[:=]\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^,{}\[\]]+)")
#: Holds the name of a Kubernetes Secret.
_REFERENCE = "hf_token_secret"


def holds_secret(name: str, value: str) -> bool:
    """Whether a variable, flag or path of this name and value holds a secret. Numbers, switches and nothing do not."""
    if _NO_SECRET.fullmatch(value.strip("'\"")):
        return False
    return _TEXT.search(value) is not None or (_NAME.search(name) is not None and not name.endswith(_REFERENCE))


def hide_secrets(text: str) -> str:
    """Text with the secrets in its `name=value` and `name: value` parts, and everything of a token's form, hidden."""
    return _TEXT.sub(HIDDEN, _ENTRY.sub(_hide_entry, text))


def _hide_entry(hit: re.Match[str]) -> str:
    name, value = hit["name"], hit["value"]
    if _NAME.search(name) is not None and holds_secret(name, value):
        return f"{name}{hit['middle']}{HIDDEN}"
    # `misc.env={A_TOKEN: x}` and `misc.env.A=b: c` hold further entries in their value.
    return f"{name}{hit['middle']}{hide_secrets(value)}"
