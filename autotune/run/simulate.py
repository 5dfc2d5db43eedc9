"""A load on the simulation alone, in virtual time: no server, no sockets, no waiting."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from autotune.bench.loads import arrival_times, request_sizes
from autotune.bench.summary import RequestRecord, summarize
from autotune.run.simulation import Sequence, Simulation

if TYPE_CHECKING:
    from autotune.metrics import Load, Measurement
    from autotune.predict.predictor import Timing


def simulate(timing: Timing, load: Load, requests: int, *, gpus: int = 1) -> Measurement:
    """What the quick client would measure on a server of this timing, were the client and the wire free of cost.

    The same requests, arrivals, window and statistics as the client's; `kind` is "predicted". ValueError when a
    request does not fit into the KV cache.
    """
    run = _VirtualRun(timing, load, requests)
    while (step := run.simulation.advance()) is not None:
        run.ends_s.append(step.end_ms / 1000)
        for sequence in step.finished:
            run.finish(sequence)
    return summarize(run.records, load, start=0.0, end=run.window_end(), gpus=gpus, kind="predicted")


class _VirtualRun:
    def __init__(self, timing: Timing, load: Load, requests: int) -> None:
        self.simulation = Simulation(timing)
        self.ends_s: list[float] = []
        self.records: list[RequestRecord] = []
        self._sizes = deque(request_sizes(load, requests))
        self._records: dict[Sequence, RequestRecord] = {}
        self._closed = load.request_rate is None
        self._dry: float | None = None
        self._last_arrival = 0.0
        if load.request_rate is None:
            for _ in range(min(load.concurrency or 1, requests)):
                self._send(0.0)
        else:
            for arrival in arrival_times(load.request_rate, requests):
                self._send(arrival * 1000)
                self._last_arrival = arrival

    def finish(self, sequence: Sequence) -> None:
        record = self._records.pop(sequence)
        first = (sequence.first_step or 1) - 1
        record.chunks = self.ends_s[first : first + sequence.output_tokens]
        record.finished = record.chunks[-1]
        record.prompt_tokens, record.output_tokens = sequence.prompt_tokens, sequence.output_tokens
        if not self._closed:
            return
        if self._sizes:
            self._send(self.simulation.clock_ms)
        elif self._dry is None:
            self._dry = record.finished

    def window_end(self) -> float:
        if self._dry is not None:
            return self._dry
        if any(record.chunks[0] <= self._last_arrival for record in self.records):
            return self._last_arrival
        return max(record.chunks[-1] for record in self.records)

    def _send(self, at_ms: float) -> None:
        prompt_tokens, output_tokens = self._sizes.popleft()
        record = RequestRecord(sent=at_ms / 1000)
        self.records.append(record)
        self._records[self.simulation.add(prompt_tokens, output_tokens, at_ms)] = record
