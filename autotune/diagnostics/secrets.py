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
#: `name=` and `name: `, quotes around the name included. It is tried once a word, so that long texts take no longer than others.
_HEAD = re.compile(r"(?<![\w.\-])(?P<name>[\w.\-]++)['\"]?\s*[:=]\s*")
_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'|[^,{}\[\]]+")
#: Holds the name of a Kubernetes Secret.
_REFERENCE = "hf_token_secret"


def holds_secret(name: str, value: str) -> bool:
    """Whether a variable, flag or path of this name and value holds a secret. Numbers, switches and nothing do not."""
    if _NO_SECRET.fullmatch(value.strip("'\"")):
        return False
    return _TEXT.search(value) is not None or (_NAME.search(name) is not None and not name.endswith(_REFERENCE))


def hide_secrets(text: str) -> str:
    """Text with the secrets in its `name=value` and `name: value` parts, and everything of a token's form, hidden."""
    parts: list[str] = []
    at = 0
    while head := _HEAD.search(text, at):
        parts.append(text[at : head.end()])
        at = head.end()
        # The value of a name that is no secret may hold further entries: `misc.env={A_TOKEN: x}`, `misc.env.A=b: c`.
        if _NAME.search(head["name"]) and (value := _VALUE.match(text, at)) and holds_secret(head["name"], value[0]):
            parts.append(HIDDEN)
            at = value.end()
    return _TEXT.sub(HIDDEN, "".join(parts) + text[at:])
