"""The simulation, paced by the wall clock."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from autotune.run.simulation import Sequence, Simulation

if TYPE_CHECKING:
    from autotune.predict.predictor import Timing

#: Streams are written to at most this often each, and this many writes are made per second over all of them: what is
#: due sooner goes out together.
_WRITE_INTERVAL_S = 0.005
_WRITES_PER_S = 4000.0
#: How long the clock stands for requests that a client announced and that do not come.
_HOLD_S = 5.0
#: Taken off every arrival, so that one at the very end of a step does not miss the next by the last bit of a float.
_ROUNDING_MS = 1e-3
_STEPS_PER_TURN = 32


class Output(NamedTuple):
    """Some output tokens of one request, when the last of them was due (`time.monotonic` s), and whether it ends it."""

    tokens: int
    due_s: float
    last: bool


class Outlook(NamedTuple):
    """What clients that know of the emulation say with a request (see `autotune.bench.emulated`).

    When it was sent, how many requests its closed loop keeps in flight and has left to send, and when the next one of
    its open loop is sent. Times are `time.monotonic` s.
    """

    sent_s: float | None = None
    loop: tuple[int, int] | None = None
    next_s: float | None = None


class Stream:
    """The output of one request, to be read as it comes."""

    def __init__(self, sequence: Sequence, *, in_loop: bool) -> None:
        self.sequence = sequence
        self.in_loop = in_loop
        self.queued_tokens = 0
        self._queue: deque[Output] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    async def read(self) -> list[Output]:
        """Everything there is, at least one; empty when the server stops."""
        if not self._queue and not self._closed:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        outputs = list(self._queue)
        self._queue.clear()
        return outputs

    def push(self, step: int, due_s: float, *, last: bool) -> None:
        """Queue what the sequence has produced up to this step."""
        tokens = self.sequence.produced(step) - self.queued_tokens
        if tokens:
            self.queued_tokens += tokens
            self._queue.append(Output(tokens, due_s, last))
            self._wake()

    def close(self) -> None:
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class EmulatedEngine:
    """One engine that takes as long as its timing says, divided by `speed`. Lives on one event loop.

    Steps have absolute due times, so that no delay adds up: a late step gives its tokens at once. A step is fixed when
    it is due, not when it starts, so that a request that says it was sent before the start still joins it.
    """

    def __init__(self, timing: Timing, speed: float) -> None:
        self.simulation = Simulation(timing)
        self.speed = speed
        self._origin_s = time.monotonic()
        self._streams: dict[Sequence, Stream] = {}
        self._timer: asyncio.Handle | None = None
        self._flushed_s = 0.0
        self._unflushed = False
        self._slots = self._left = self._in_loop = 0
        self._loop_event_s = 0.0
        # Announced requests of an open loop by the time they are sent, less those that came; -1 for one that overtook
        # its announcement.
        self._expected: dict[float, int] = {}

    def announce(self, outlook: Outlook) -> None:
        """Take note of what is to follow, for a request that is refused too."""
        now_s = time.monotonic()
        if outlook.loop is not None:
            slots, left = outlook.loop
            # Of two sent at once over two connections, the later may overtake: what came says that no more is left.
            self._left = min(self._left, left) if self._in_loop and slots == self._slots else left
            self._slots = slots
            self._loop_event_s = now_s
        elif outlook.sent_s is not None:
            self._expected = {at_s: count for at_s, count in self._expected.items() if at_s > now_s - _HOLD_S}
            self._expect(outlook.sent_s, -1)
            if outlook.next_s is not None:
                self._expect(outlook.next_s, 1)

    def submit(self, prompt_tokens: int, output_tokens: int, outlook: Outlook) -> Stream:
        """Queue a request; ValueError when it can never fit into the KV cache."""
        now_s = time.monotonic()
        arrival_ms = self._clock_ms(now_s if outlook.sent_s is None else min(outlook.sent_s, now_s)) - _ROUNDING_MS
        sequence = self.simulation.add(prompt_tokens, output_tokens, max(0.0, arrival_ms))
        stream = self._streams[sequence] = Stream(sequence, in_loop=outlook.loop is not None)
        self._in_loop += stream.in_loop
        self._schedule_now()
        return stream

    def drop(self, stream: Stream) -> None:
        """Forget a request whose client is gone."""
        if self._streams.pop(stream.sequence, None) is not None:
            self.simulation.remove(stream.sequence)
            self._in_loop -= stream.in_loop
            self._slots = self._left = 0  # whoever leaves a stream before its end has stopped, and sends no more
            self._expected.clear()
            self._schedule_now()

    def close(self) -> None:
        """End every stream where it is."""
        if self._timer is not None:
            self._timer.cancel()
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()

    def _schedule_now(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        try:
            self._run_due_steps()
        except Exception:
            self.close()  # or every client would wait for ever
            raise

    def _run_due_steps(self) -> None:
        """Run every step that is due, then sleep until the next one is."""
        self._timer = None
        loop = asyncio.get_running_loop()
        for _ in range(_STEPS_PER_TURN):
            step = self.simulation.plan()
            now_s = time.monotonic()
            if step is None:
                return
            wait_s = max(self._wall_s(step.end_ms) - now_s, self._hold_s(step.start_ms, now_s))
            if wait_s > 0:
                if self._unflushed and (wait_s > self._interval_s or now_s - self._flushed_s > self._interval_s):
                    self._flush(now_s)
                self._timer = loop.call_later(wait_s, self._turn)
                return
            self._run_step()
        self._flush(time.monotonic())
        self._timer = loop.call_soon(self._turn)

    def _run_step(self) -> None:
        step = self.simulation.advance()
        if step is None:
            return
        due_s = self._wall_s(step.end_ms)
        for sequence in step.finished:
            stream = self._streams.pop(sequence)
            stream.push(step.number, due_s, last=True)
            if stream.in_loop:
                self._in_loop -= 1
                self._loop_event_s = time.monotonic()
        for sequence in step.started:
            if (started := self._streams.get(sequence)) is not None:
                started.push(step.number, due_s, last=False)
        self._unflushed = True

    def _flush(self, now_s: float) -> None:
        due_s = self._wall_s(self.simulation.clock_ms)
        for stream in self._streams.values():
            stream.push(self.simulation.step, due_s, last=False)
        self._flushed_s, self._unflushed = now_s, False

    def _hold_s(self, start_ms: float, now_s: float) -> float:
        """How much longer the clock stands, because a request that belongs into this step or before is on its way."""
        hold_s = 0.0
        first_s = min((at_s for at_s, count in self._expected.items() if count > 0), default=math.inf)
        if start_ms >= self._clock_ms(first_s) - _ROUNDING_MS:
            hold_s = first_s + _HOLD_S - now_s
        if min(self._slots - self._in_loop, self._left) > 0:
            hold_s = max(hold_s, self._loop_event_s + _HOLD_S - now_s)
        return hold_s

    def _expect(self, at_s: float, count: int) -> None:
        self._expected[at_s] = self._expected.get(at_s, 0) + count

    @property
    def _interval_s(self) -> float:
        return max(_WRITE_INTERVAL_S, len(self._streams) / _WRITES_PER_S)

    def _wall_s(self, clock_ms: float) -> float:
        return self._origin_s + clock_ms / 1000 / self.speed

    def _clock_ms(self, wall_s: float) -> float:
        return (wall_s - self._origin_s) * 1000 * self.speed
