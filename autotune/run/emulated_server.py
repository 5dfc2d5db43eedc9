"""An OpenAI-compatible server whose answers take as long as a predictor says, for trying everything on a laptop."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from autotune.bench.emulated import EMULATED_HEADER, LOOP_HEADER, NEXT_HEADER, SENT_HEADER, SPEED_HEADER
from autotune.run.emulated_answer import Answer
from autotune.run.emulated_engine import EmulatedEngine, Outlook
from autotune.run.emulated_request import ApiError, parse_generation

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.requests import Request

    from autotune.predict.predictor import Timing

_START_TIMEOUT_S = 30.0
#: Turns of the event loop in which idle connections close; uvicorn waits for those that are busy.
_TURNS_TO_CLOSE = 20


class EmulatedServer:
    """The server in a thread of its own, on a free port of 127.0.0.1.

    Every answer carries `x-autotune-emulated: true`. It runs `speed` times faster than `timing`. A token is a word, in
    and out, and the model gives as many as asked for. `max_context` is in tokens, input and output together.
    """

    def __init__(self, timing: Timing, model: str, speed: float = 1.0, max_context: int = 131072) -> None:
        self._timing = timing
        self._model = model
        self._max_context = max_context
        self._speed = speed
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen, and return the base URL (no trailing slash, no `/v1`) once requests are answered."""
        engine = EmulatedEngine(self._timing, self._speed)
        config = uvicorn.Config(
            _Api(engine, self._model, self._max_context).app(),
            http="h11", ws="none", loop="asyncio", lifespan="off", log_config=None, log_level="critical",
            access_log=False, server_header=False, date_header=False, timeout_graceful_shutdown=5,
            headers=[(EMULATED_HEADER, "true"), (SPEED_HEADER, repr(self._speed))],
        )  # fmt: skip
        # Named, because asyncio turns off Nagle's delay (40 ms here) only where the protocol says TCP.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        self._server = server = _Server(config, engine)
        self._thread = threading.Thread(target=server.run, args=([listener],), name="emulated-server", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                listener.close()
                raise RuntimeError("the emulated server did not start")
            time.sleep(0.005)
        return f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """End every stream and stop listening; nothing to do when it is not running."""
        if self._server is None or self._thread is None:
            return
        self._server.end()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """Ends within milliseconds: uvicorn itself looks for that ten times a second, and then waits a tenth more, which in a sweep
    of short measurements was most of the time that did not go into measuring.
    """

    def __init__(self, config: uvicorn.Config, engine: EmulatedEngine) -> None:
        super().__init__(config)
        self._engine = engine
        self._asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """Ask it to end, from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._asked.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        if not await self.on_tick(0):
            await self._asked.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._engine.close()
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(_TURNS_TO_CLOSE):
            if not self.server_state.connections and not self.server_state.tasks:
                for listener in sockets or []:
                    listener.close()
                return
            await asyncio.sleep(0)
        await super().shutdown(sockets)


class _Api:
    """The routes."""

    def __init__(self, engine: EmulatedEngine, model: str, max_context: int) -> None:
        self._engine = engine
        self._model = model
        self._max_context = max_context

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/health", self._health),
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/completions", self._text, methods=["POST"]),
            ]
        )

    async def _health(self, _: Request) -> Response:
        return Response()

    async def _models(self, _: Request) -> Response:
        card = {"id": self._model, "object": "model", "owned_by": "autotune", "max_model_len": self._max_context}
        return JSONResponse({"object": "list", "data": [card]})

    async def _chat(self, request: Request) -> Response:
        return await self._generate(request, chat=True)

    async def _text(self, request: Request) -> Response:
        return await self._generate(request, chat=False)

    async def _generate(self, request: Request, *, chat: bool) -> Response:
        body = await request.body()
        # Nothing is awaited from here to `submit`, so that the clock cannot move on between the two.
        outlook = _outlook(request.headers)
        self._engine.announce(outlook)
        try:
            asked = parse_generation(_json(body), self._model, self._max_context, chat=chat)
            stream = self._engine.submit(asked.prompt_tokens, asked.output_tokens, outlook)
        except ApiError as error:
            return JSONResponse(error.as_dict(), error.status)
        except ValueError as error:
            return JSONResponse(ApiError(400, str(error)).as_dict(), 400)
        return Answer(self._engine, stream, asked, self._model)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise ApiError(400, f"the body is not JSON: {error}") from error


def _outlook(headers: Headers) -> Outlook:
    return Outlook(
        _number(headers.get(SENT_HEADER)), _pair(headers.get(LOOP_HEADER)), _number(headers.get(NEXT_HEADER))
    )


def _number(text: str | None) -> float | None:
    try:
        number = math.nan if text is None else float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _pair(text: str | None) -> tuple[int, int] | None:
    numbers = (text or "").split()
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 and all(map(str.isdecimal, numbers)) else None
