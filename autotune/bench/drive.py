"""Closed and open loop: when the requests of one measurement are sent."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.bench.emulated import LOOP_HEADER, NEXT_HEADER
from autotune.bench.summary import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autotune.bench.stream import Sender

#: A prompt and the output tokens asked for.
Request = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Drive:
    """The records of one measurement and its window in seconds of `time.monotonic`."""

    records: list[RequestRecord]
    start: float
    end: float


class _TimeIsUpError(Exception):
    """The limit has passed on the clock of an emulated server."""


async def closed_loop(
    sender: Sender, requests: Iterator[Request], total: int, slots: int, limit_s: float, *, patience_s: float = 0.0
) -> Drive:
    """Keep `slots` requests in flight until all `total` have been sent, or for `limit_s`.

    An emulated server's clock stands while the client is busy: there `limit_s` is by that clock, and the wall clock may be
    later by `patience_s`.

    The window ends when the first slot finds nothing left to send: from then on the concurrency asked for is no
    longer there. What is in flight then still finishes, and counts for the latencies.
    """
    records: list[RequestRecord] = []
    dry: list[float] = []
    start = time.monotonic()

    async def slot() -> None:
        last = start
        for prompt, output_tokens in requests:
            record = RequestRecord(sent=last if sender.emulated else time.monotonic())
            records.append(record)
            await sender.send(record, prompt, output_tokens, {LOOP_HEADER: f"{slots} {total - len(records)}"})
            last = time.monotonic() if record.finished is None else record.finished
            if sender.emulated and last - start >= limit_s:
                raise _TimeIsUpError
        dry.append(last)

    if await _run([asyncio.create_task(slot()) for _ in range(slots)], start + limit_s + patience_s):
        dry.append(_give_up(records, emulated=sender.emulated))
    return Drive(records, start, min(dry))


async def open_loop(
    sender: Sender, requests: Iterator[Request], arrivals: Sequence[float], limit_s: float, *, patience_s: float = 0.0
) -> Drive:
    """Send each request at its time (s after the start), whatever is still in flight, for `limit_s` at most; what is in
    flight then has `patience_s` more.

    The window ends with the last arrival.
    """
    records: list[RequestRecord] = []
    start = last = time.monotonic()
    due = [start + arrival for arrival in arrivals if arrival < limit_s]
    tasks: list[asyncio.Task[None]] = []
    try:
        for (prompt, output_tokens), at, following in zip(requests, due, [*due[1:], None], strict=False):
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            record = RequestRecord(sent=at if sender.emulated else time.monotonic())
            records.append(record)
            outlook = {} if following is None else {NEXT_HEADER: repr(following)}
            tasks.append(asyncio.create_task(sender.send(record, prompt, output_tokens, outlook)))
            last = at
    except asyncio.CancelledError:
        await _cancel(tasks)
        raise
    if await _run(tasks, start + limit_s + patience_s):
        _give_up(records, emulated=sender.emulated)
    if not any(record.chunks and record.chunks[0] <= last for record in records):
        last = max([last, *(record.finished for record in records if record.finished is not None)])
    return Drive(records, start, last)


async def _run(tasks: list[asyncio.Task[None]], deadline: float) -> bool:
    """Wait for the tasks until the deadline, or until one says that the time is up; cut off what is left then, and say
    whether anything was. Raises what else a task raises.
    """
    if not tasks:
        return False
    left = max(0.0, deadline - time.monotonic())
    try:
        done, pending = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_EXCEPTION)
    except asyncio.CancelledError:
        await _cancel(tasks)
        raise
    await _cancel(pending)
    errors = [error for task in done if (error := task.exception()) is not None]
    for error in errors:
        if not isinstance(error, _TimeIsUpError):
            raise error
    return bool(pending or errors)


async def _cancel(tasks: Sequence[asyncio.Task[None]] | set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _give_up(records: list[RequestRecord], *, emulated: bool) -> float:
    """When it was cut off; marks as failed what had hung by then: twice as long as the slowest request that came back.

    On the emulated clock that is the last time that was heard from it, as it may be behind.
    """
    cut_at = time.monotonic()
    if emulated:
        cut_at = max((record.chunks[-1] for record in records if record.chunks), default=cut_at)
    slowest = max((record.finished - record.sent for record in records if record.finished is not None), default=0.0)
    for record in records:
        if record.finished is None and record.error is None and cut_at - record.sent > 2 * slowest:
            record.error = "no answer before the time limit"
    return cut_at
