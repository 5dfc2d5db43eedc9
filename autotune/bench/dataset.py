"""Files of prompts, in the formats that people have them in. Pure: text in, prompts out."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where the prompt of a record stands, the first that is there; the names that ShareGPT, vLLM, SGLang, aiperf, guidellm,
#: genai-bench and common instruction sets use.
PROMPT_FIELDS = ("prompt", "text", "text_input", "instruction", "question", "input", "content")
#: Where the output tokens to ask for stand, in the same tools' spelling.
OUTPUT_FIELDS = ("output_tokens", "output_len", "output_length", "output_tokens_count", "max_tokens", "max_completion_tokens", "osl")  # fmt: skip

#: A token is about three quarters of an English word (https://platform.openai.com/tokenizer); for answers that are text.
_TOKENS_PER_WORD = 4 / 3
_PERSON = ("human", "user")
_JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt, and the output tokens that its record asks for, if any."""

    text: str
    output_tokens: int | None = None


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with the file, and where."""


def read_dataset(name: str, content: bytes) -> list[Prompt]:
    """The prompts of a file. Raises InputError (AT048) when it cannot be read, or holds none.

    Told by its suffix: `.jsonl` and `.ndjson` one record a line, `.json` a list, `.csv` with a head line, `.txt` one
    prompt a line; without a known one, by its first character. A record is a text, or an object with one of
    PROMPT_FIELDS or `messages` or (ShareGPT) `conversations`, of which the first turn of the user is taken. Output
    tokens are one of OUTPUT_FIELDS; those of a ShareGPT answer are guessed from its words.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(name, f"it is not UTF-8 text (byte {error.start})") from error
    try:
        prompts = [prompt for prompt in _read(name, text) if prompt.text.strip()]
    except _Unreadable as error:
        raise _bad(name, str(error)) from error
    if not prompts:
        raise _bad(name, "it holds no prompt")
    return prompts


def _read(name: str, text: str) -> Iterator[Prompt]:
    suffix = "." + name.rsplit(".", 1)[-1].lower()
    start = text.lstrip()[:1]
    if suffix == ".csv":
        return _csv(text)
    if suffix in _JSON_LINES or (suffix not in (".json", ".txt") and start == "{"):
        return _json_lines(text)
    if suffix == ".json" or (suffix != ".txt" and start == "["):
        return _json(text)
    return (Prompt(line.strip()) for line in text.splitlines())


def _csv(text: str) -> Iterator[Prompt]:
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), strict=True), 1):
            yield _record({key: value for key, value in row.items() if key and value}, f"row {number}", tuple(row))
    except csv.Error as error:
        raise _Unreadable(f"it is no CSV: {error}") from error


def _json_lines(text: str) -> Iterator[Prompt]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise _Unreadable(f"line {number} is not JSON: {error}") from error
        yield _record(record, f"line {number}")


def _json(text: str) -> Iterator[Prompt]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise _Unreadable(f"it is not JSON: {error}") from error
    if not isinstance(data, list):
        raise _Unreadable("its JSON is not a list of prompts")
    for number, record in enumerate(data, 1):
        # Some of the published ShareGPT conversations are empty.
        if isinstance(record, dict) and (record.get("conversations") == [] or record.get("messages") == []):
            continue
        yield _record(record, f"entry {number}")


def _record(record: Any, where: str, columns: tuple[str, ...] = ()) -> Prompt:
    if isinstance(record, str):
        return Prompt(record)
    if not isinstance(record, dict):
        raise _Unreadable(f"{where} is neither a text nor an object")
    for field in ("conversations", "messages"):
        if isinstance(turns := record.get(field), list) and turns:
            return _conversation(turns, record, where)
    for field in PROMPT_FIELDS:
        if isinstance(value := record.get(field), str):
            return Prompt(value, _output_tokens(record, where))
    if columns and any(column in PROMPT_FIELDS for column in columns):
        return Prompt("")  # an empty cell
    found = ", ".join(map(str, columns or record)) or "nothing"
    raise _Unreadable(f"{where} has no prompt: it has {found}, and one of {', '.join(PROMPT_FIELDS)} is looked for")


def _conversation(turns: list[Any], record: dict[str, Any], where: str) -> Prompt:
    """The first turn of the user and the answer to it, in ShareGPT's spelling (from, value) or the API's (role, content)."""
    said = [
        (str(turn.get("from") or turn.get("role")), text)
        for turn in turns
        if isinstance(turn, dict) and isinstance(text := turn.get("value") or turn.get("content"), str)
    ]
    at = next((index for index, (who, _) in enumerate(said) if who in _PERSON), None)
    if at is None:
        return Prompt("")
    tokens = _output_tokens(record, where)
    if tokens is None and at + 1 < len(said):
        tokens = max(1, round(len(said[at + 1][1].split()) * _TOKENS_PER_WORD))
    return Prompt(said[at][1], tokens)


def _output_tokens(record: dict[str, Any], where: str) -> int | None:
    for field in OUTPUT_FIELDS:
        if record.get(field) is None:
            continue
        try:
            tokens = int(record[field])
        except (TypeError, ValueError) as error:
            raise _Unreadable(f"{where}: {field}={record[field]!r} is no number of tokens") from error
        if tokens < 1:
            raise _Unreadable(f"{where}: {field}={tokens} is less than one token")
        return tokens
    return None


def _bad(name: str, reason: str) -> InputError:
    return InputError(
        diagnostic("AT048", f"the data set {name} cannot be used: {reason}", path="benchmark.dataset",
                   help="give text lines, JSON lines, a JSON list (ShareGPT's too) or CSV; see docs/benchmarking.md")
    )  # fmt: skip
