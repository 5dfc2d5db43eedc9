"""What the quick client finds out about a server before it puts load on it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autotune.bench.emulated import EMULATED_HEADER, SPEED_HEADER
from autotune.bench.prompts import PromptSource
from autotune.bench.stream import COMPLETIONS, Sender
from autotune.bench.summary import RequestRecord

if TYPE_CHECKING:
    from autotune.bench.connections import Connections

#: Words of the two prompts that the tokens of a word are found with.
_SHORT, _LONG = 16, 112
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class WordCount:
    """How many words make a prompt of so many tokens: tokens = `fixed` + `per_word` * words."""

    fixed: float = 0.0
    per_word: float = 1.0

    def words(self, tokens: int) -> int:
        return max(1, round((tokens - self.fixed) / self.per_word))


async def emulated_speed(connections: Connections, base_url: str) -> float | None:
    """How many times faster than emulated time the server runs, None for a real one."""
    import httpx  # here, since it is loaded by measuring alone

    try:
        async with connections.client() as client:
            answer = await client.get(f"{base_url}/health", timeout=_TIMEOUT_S)
    except httpx.HTTPError:
        return None  # the load itself will say what is wrong
    if answer.headers.get(EMULATED_HEADER) != "true":
        return None
    return float(answer.headers.get(SPEED_HEADER, "1"))


async def calibrate(sender: Sender) -> tuple[Sender, WordCount]:
    """Two tiny requests (one output token each) that show how many tokens a word has, chat template included.

    A server that refuses chat (a base model without a chat template) is spoken to through /v1/completions from then
    on. Where the server gives no usage, or answers neither, one word is taken for one token.
    """
    source = PromptSource("calibrate", _LONG)
    for candidate in (sender, replace(sender, path=COMPLETIONS)):
        counts = []
        for words in (_SHORT, _LONG):
            record = RequestRecord(sent=time.monotonic())
            await candidate.send(record, source.prompt(words), 1)
            if record.error is not None:
                break
            counts.append(record.prompt_tokens)
        if len(counts) == 2:
            per_word = (counts[1] - counts[0]) / (_LONG - _SHORT)
            if per_word <= 0:
                return candidate, WordCount()
            return candidate, WordCount(counts[0] - per_word * _SHORT, per_word)
    return sender, WordCount()
