"""One streamed request to an OpenAI-compatible server, timed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotune.bench.emulated import DUE_KEY, SENT_HEADER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import httpx

    from autotune.bench.connections import Connections
    from autotune.bench.summary import RequestRecord

#: Request paths and the body's field for the prompt, the preferred one first.
CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"

_ERROR_CHARS = 300
_DELTA_FIELDS = ("content", "reasoning_content", "reasoning", "tool_calls")


class _StreamError(Exception):
    """The answer is no good; the message says why."""


@dataclass(frozen=True, slots=True)
class Sender:
    """How requests of one measurement are sent: over what, where to, and the fields that all bodies share."""

    connections: Connections
    base_url: str
    path: str
    model: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    emulated: bool = False

    async def send(
        self, record: RequestRecord, prompt: str, output_tokens: int, outlook: Mapping[str, str] | None = None
    ) -> None:
        """Send one request and fill its record. Failures go into `record.error`; only cancellation is raised.

        `outlook` holds the headers that tell an emulated server what is to follow.
        """
        import httpx  # here, since it is loaded by measuring alone

        content = self.body(prompt, output_tokens)
        headers = {"content-type": "application/json"}
        if self.emulated:
            headers |= {SENT_HEADER: repr(record.sent), **(outlook or {})}
        try:
            url = self.base_url + self.path
            async with (
                self.connections.client() as client,
                client.stream("POST", url, content=content, headers=headers) as answer,
            ):
                if answer.status_code == httpx.codes.OK:
                    await self._read(answer, record)
                else:
                    text = (await answer.aread()).decode(errors="replace")
                    record.error = f"HTTP {answer.status_code}: {text[:_ERROR_CHARS]}"
        except _StreamError as error:
            record.error = str(error)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            record.error = f"{type(error).__name__}: {str(error)[:_ERROR_CHARS]}".rstrip(": ")

    def body(self, prompt: str, output_tokens: int) -> bytes:
        data: dict[str, Any] = {"model": self.model, "max_tokens": output_tokens, "stream": True}
        data["stream_options"] = {"include_usage": True}
        if self.path == CHAT:
            data["messages"] = [{"role": "user", "content": prompt}]
        else:
            data["prompt"] = prompt
        return json.dumps(data | dict(self.fields)).encode()

    async def _read(self, answer: httpx.Response, record: RequestRecord) -> None:
        ended = False
        async for event, at in _events(answer):
            if event is None:
                ended = True
                continue
            if problem := event.get("error"):
                raise _StreamError(f"error in the stream: {json.dumps(problem)[:_ERROR_CHARS]}")
            for choice in event.get("choices") or ():
                delta = choice.get("delta") or choice
                if any(delta.get(name) for name in _DELTA_FIELDS) or choice.get("text"):
                    record.chunks.append(event.get(DUE_KEY, at) if self.emulated else at)
                ended = ended or bool(choice.get("finish_reason"))
            if usage := event.get("usage"):
                record.prompt_tokens = usage.get("prompt_tokens") or 0
                record.output_tokens = usage.get("completion_tokens") or 0
        if not record.chunks:
            raise _StreamError("the stream held no output")
        if not ended:
            raise _StreamError("the stream broke off")
        record.output_tokens = record.output_tokens or len(record.chunks)
        record.finished = record.chunks[-1]


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[dict[str, Any] | None, float]]:
    """Server-sent events with their arrival time (`time.monotonic` seconds); None stands for `[DONE]`."""
    rest = b""
    async for block in answer.aiter_bytes():
        at = time.monotonic()
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                yield None, at
                continue
            try:
                event = json.loads(data)
            except ValueError as error:
                raise _StreamError(f"not JSON in the stream: {data[:80]!r}") from error
            if not isinstance(event, dict):
                raise _StreamError(f"not an object in the stream: {data[:80]!r}")
            yield event, at
