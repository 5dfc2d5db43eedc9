"""Continuous batching as a pure state machine: which requests share which step, and when each step ends.

The scheduler is that of vLLM V1 and its kin, simplified: every step decodes one token for each running request and
fills the rest of its token budget with prefill, first come first served, cutting long prompts into chunks. A request
is admitted when the KV cache has room for all its tokens, input and output, so nothing is ever preempted. There is no
prefix cache.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.predict.predictor import Timing


@dataclass(slots=True, eq=False)
class Sequence:
    """One request in the simulation. Times are ms on the simulation's clock.

    Its first output token appears at the end of step number `first_step`, then one with each step up to `last_step`.
    """

    prompt_tokens: int
    output_tokens: int
    arrival_ms: float
    prefilled: int = 0
    first_step: int | None = None
    removed: bool = False

    @property
    def last_step(self) -> int | None:
        return None if self.first_step is None else self.first_step + self.output_tokens - 1

    @property
    def kv_tokens(self) -> int:
        """KV cache that the whole request needs, in tokens."""
        return self.prompt_tokens + self.output_tokens

    def produced(self, step: int) -> int:
        """Output tokens there are when step number `step` has ended."""
        return 0 if self.first_step is None else min(step - self.first_step + 1, self.output_tokens)


@dataclass(frozen=True, slots=True)
class Step:
    """One engine step: when it runs (ms), what it prefills, and, once it has run, whose first and last tokens it gave."""

    number: int
    start_ms: float
    end_ms: float
    chunks: tuple[tuple[Sequence, int], ...]
    started: tuple[Sequence, ...] = ()
    finished: tuple[Sequence, ...] = ()


class Simulation:
    """The state of one engine, moved on step by step.

    `plan` says what the next step would be if nothing more arrives; `advance` runs it. The cost of a step does not
    grow with the number of running requests.
    """

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.clock_ms = 0.0
        self.step = 0
        self._arrivals: list[tuple[float, int, Sequence]] = []
        self._added = 0
        self._waiting: deque[Sequence] = deque()
        self._prefilling: deque[Sequence] = deque()
        self._decoding = 0
        self._decoding_kv = 0
        self._reserved_kv = 0
        self._ending: dict[int, list[Sequence]] = {}
        self._stale = False

    def fits(self, prompt_tokens: int, output_tokens: int) -> bool:
        """Whether the KV cache could ever hold such a request."""
        return prompt_tokens + output_tokens <= self.timing.kv_capacity_tokens

    def add(self, prompt_tokens: int, output_tokens: int, arrival_ms: float) -> Sequence:
        """A new request (both counts at least 1), which joins the first step that starts at its arrival or later.

        One that arrived in the past joins the next step. ValueError when it does not fit into the KV cache.
        """
        if not self.fits(prompt_tokens, output_tokens):
            raise ValueError(f"{prompt_tokens} + {output_tokens} tokens exceed the KV cache")
        sequence = Sequence(max(prompt_tokens, 1), max(output_tokens, 1), arrival_ms)
        self._added += 1
        heapq.heappush(self._arrivals, (arrival_ms, self._added, sequence))
        return sequence

    def remove(self, sequence: Sequence) -> None:
        """Drop a request whose client has gone; nothing happens to one that has finished."""
        if sequence.removed or (sequence.last_step is not None and sequence.last_step <= self.step):
            return
        sequence.removed = True
        if sequence.first_step is not None:
            self._leave(sequence)
            self._ending[sequence.last_step or 0].remove(sequence)
        elif sequence in self._prefilling:
            self._prefilling.remove(sequence)
            self._reserved_kv -= sequence.kv_tokens
        else:
            self._stale = True

    def plan(self) -> Step | None:
        """The next step as things stand, None when there is nothing to do."""
        running = self._decoding + len(self._prefilling)
        start = self.clock_ms
        if not running:
            self._absorb(start)
            if not self._waiting and not self._arrivals:
                return None
            start = max(start, self._waiting[0].arrival_ms if self._waiting else self._arrivals[0][0])
        self._absorb(start)
        chunks = self._chunks(running)
        kv_tokens = self._decoding_kv + sum(sequence.prefilled for sequence, _ in chunks)
        tokens = sum(count for _, count in chunks)
        duration = self.timing.step_ms(tokens, self._decoding, kv_tokens)
        return Step(self.step + 1, start, start + duration, tuple(chunks))

    def advance(self) -> Step | None:
        """Run the next step and say what came of it."""
        step = self.plan()
        if step is None:
            return None
        self.clock_ms, self.step = step.end_ms, step.number
        self._decoding_kv += self._decoding
        started = []
        for sequence, count in step.chunks:
            if not sequence.prefilled:
                self._waiting.popleft()
                self._prefilling.append(sequence)
                self._reserved_kv += sequence.kv_tokens
            sequence.prefilled += count
            if sequence.prefilled == sequence.prompt_tokens:
                self._prefilling.remove(sequence)
                self._enter(sequence)
                started.append(sequence)
        finished = self._ending.pop(self.step, [])
        for sequence in finished:
            self._leave(sequence)
        return Step(step.number, step.start_ms, step.end_ms, step.chunks, tuple(started), tuple(finished))

    def _absorb(self, now_ms: float) -> None:
        """Move what has arrived into the queue."""
        while self._arrivals and (self._arrivals[0][0] <= now_ms or self._arrivals[0][2].removed):
            self._waiting.append(heapq.heappop(self._arrivals)[2])
        if self._stale:
            self._waiting = deque(sequence for sequence in self._waiting if not sequence.removed)
            self._stale = any(sequence.removed for _, _, sequence in self._arrivals)

    def _chunks(self, running: int) -> list[tuple[Sequence, int]]:
        limit = min(self.timing.max_running_requests, self.timing.max_batched_tokens)
        budget = self.timing.max_batched_tokens - self._decoding
        free_kv = self.timing.kv_capacity_tokens - self._reserved_kv
        chunks: list[tuple[Sequence, int]] = []
        for sequence in self._prefilling:
            if budget <= 0:
                return chunks
            count = min(budget, sequence.prompt_tokens - sequence.prefilled)
            chunks.append((sequence, count))
            budget -= count
        for sequence in self._waiting:
            if budget <= 0 or running >= limit or sequence.kv_tokens > free_kv:
                break
            count = min(budget, sequence.prompt_tokens)
            chunks.append((sequence, count))
            budget, running, free_kv = budget - count, running + 1, free_kv - sequence.kv_tokens
        return chunks

    def _enter(self, sequence: Sequence) -> None:
        """The prompt is done: the step just run gave the first token."""
        sequence.first_step = self.step
        self._decoding += 1
        self._decoding_kv += sequence.prompt_tokens + 1
        self._ending.setdefault(self.step + sequence.output_tokens - 1, []).append(sequence)

    def _leave(self, sequence: Sequence) -> None:
        self._decoding -= 1
        self._decoding_kv -= sequence.prompt_tokens + sequence.produced(self.step)
        self._reserved_kv -= sequence.kv_tokens
