"""What the emulated server sends back: server-sent events, or one JSON document."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from autotune.bench.emulated import DUE_KEY

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from autotune.run.emulated_engine import EmulatedEngine, Output, Stream
    from autotune.run.emulated_request import Generation

_WORD = " token"


class Answer(Response):
    """The answer to one generation request, streamed or whole. A client that leaves takes its request with it."""

    def __init__(self, engine: EmulatedEngine, stream: Stream, asked: Generation, model: str) -> None:
        super().__init__()
        self._engine = engine
        self._stream = stream
        self._asked = asked
        kind = ("chat.completion" if asked.chat else "text_completion") + (
            ".chunk" if asked.stream and asked.chat else ""
        )
        prefix = "chatcmpl-" if asked.chat else "cmpl-"
        self._frame = {"id": f"{prefix}{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watch = asyncio.create_task(self._drop_when_gone(receive))
        try:
            await (self._send_events(send) if self._asked.stream else self._send_whole(scope, receive, send))
        finally:
            self._engine.drop(self._stream)
            watch.cancel()

    async def _drop_when_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._engine.drop(self._stream)
        self._stream.close()

    async def _send_events(self, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while outputs := await self._stream.read():
            ended = outputs[-1].last
            body = b"".join(self._event(output) for output in outputs)
            if ended and self._asked.include_usage:
                body += _sse(self._frame | {"choices": [], "usage": self._usage()})
            if ended:
                body += b"data: [DONE]\n\n"
            await send({"type": "http.response.body", "body": body, "more_body": not ended})
            if ended:
                return
        # The server stops: ending here without a last body makes uvicorn cut the connection, as a crash would.

    async def _send_whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        while outputs := await self._stream.read():
            if outputs[-1].last:
                choice = self._choice(_WORD * self._asked.output_tokens, "length", key="message")
                await JSONResponse(self._frame | {"choices": [choice], "usage": self._usage()})(scope, receive, send)
                return

    def _event(self, output: Output) -> bytes:
        choice = self._choice(_WORD * output.tokens, "length" if output.last else None, key="delta")
        return _sse(self._frame | {"choices": [choice], DUE_KEY: output.due_s})

    def _choice(self, text: str, finish_reason: str | None, *, key: str) -> dict[str, Any]:
        content = {key: {"role": "assistant", "content": text}} if self._asked.chat else {"text": text}
        return {"index": 0, **content, "logprobs": None, "finish_reason": finish_reason}

    def _usage(self) -> dict[str, int]:
        prompt, output = self._asked.prompt_tokens, self._asked.output_tokens
        return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}


def _sse(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()
