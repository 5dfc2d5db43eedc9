"""How long one engine step takes: the roofline of every part of it, added up."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple


class Part(NamedTuple):
    """One part of a step on one GPU: seconds of arithmetic a token, and seconds to read its weights once."""

    token_s: float
    read_s: float

    def seconds(self, tokens: float, share: float = 1.0, overlap: float = math.inf) -> float:
        """The arithmetic for `tokens` and the reading of that share of the weights, one behind the other: the longer of
        the two where they hide perfectly, more where both are near (the `overlap`-norm, at most their sum).
        """
        arithmetic, traffic = tokens * self.token_s, self.read_s * share
        longer, shorter = (arithmetic, traffic) if arithmetic > traffic else (traffic, arithmetic)
        if longer <= 0.0:
            return 0.0
        return longer * math.pow(1.0 + math.pow(shorter / longer, overlap), 1.0 / overlap)


class Cache(NamedTuple):
    """Attention of all layers of one kind over cached tokens, on one GPU, in seconds.

    `read_s` reads one cached token; `pair_s` and `decode_pair_s` are the arithmetic of one query against one cached
    token in prefill and decode; `window` is how far back a query sees, None for all.
    """

    read_s: float
    pair_s: float
    decode_pair_s: float
    window: float | None = None

    def decode_seconds(self, requests: float, cached: float, queries: float) -> float:
        """`requests` that hold `cached` tokens in all, with `queries` new tokens each."""
        seen = cached if self.window is None else min(cached, requests * self.window)
        return seen * max(self.read_s, self.decode_pair_s * queries)

    def prefill_seconds(self, tokens: float, pairs: float) -> float:
        """`tokens` new tokens that make `pairs` query-key pairs in all."""
        return self.pair_s * (pairs if self.window is None else min(pairs, tokens * self.window))


@dataclass(frozen=True, slots=True)
class RooflineTiming:
    """The `Timing` of one server. Limits and `step_ms` are of the whole server; `pass_s` is of one replica.

    A step of a replica takes

        dense + experts + head + attention + collectives + layers * gaps + scheduling

    each part the longer of its arithmetic and its memory traffic (the roofline of Williams et al., CACM 2009), because
    kernels run one after the other and each is bound by one of the two.
    """

    max_running_requests: int
    max_batched_tokens: int
    kv_capacity_tokens: int
    replicas: int
    """Independent request streams; requests are dealt evenly."""
    stages: int
    dense: Part
    experts: Part
    head: Part
    caches: tuple[Cache, ...]
    miss: float
    """Chance that one token misses one expert, 1 - experts_per_token / num_experts; 0 without experts."""
    sharing: int
    """Replicas whose tokens meet in the same experts."""
    collective_token_s: float
    fixed_s: float
    """Per pass: latency of collectives, gaps between kernels, scheduling, reading of offloaded weights."""
    floor_s: float
    """Least time of a pass: kernels launched one by one, without CUDA graphs."""
    prefill_floor_s: float
    """The same of a pass with a prefill that no CUDA graph was captured for: of more than `graph_tokens` tokens."""
    graph_tokens: int
    overlap: float
    """See `Efficiency.overlap`."""
    request_s: float
    first_token_s: float
    cohort: float
    """Requests of a closed loop that come back at once."""
    stage_factor: float
    drafted: int
    """Tokens speculated per request and step."""
    draft_share: float
    """Time of drafting them, as a share of a decode pass."""
    accepted: float
    """Tokens that one decode step yields per request, at least 1."""
    mixed: bool = True
    """Whether prefill and decode share a pass; else decoding waits while a prefill has a pass of its own."""
    poll_passes: float = 1.0
    """Decode passes from one look at newly arrived requests to the next."""
    reserved: float = 0.5
    """Share of a request's output that its place in the KV cache is counted with; a request decoding has half on average."""

    def without_limits(self) -> RooflineTiming:
        """The same pass times, whatever the server holds: equal for servers that differ in their limits alone."""
        return replace(self, max_running_requests=0, max_batched_tokens=0, kv_capacity_tokens=0)

    def step_ms(self, prefill_tokens: int, decode_requests: int, kv_tokens: int) -> float:
        """See `Timing`. Decoding is spread evenly over replicas; prefill fills one replica's budget after the other,
        since the tokens of one request cannot be shared.
        """
        decode = 0.0 if decode_requests <= 0 else max(1.0, decode_requests / self.replicas)
        budget = self.max_batched_tokens / self.replicas
        prefill = min(float(prefill_tokens), max(budget, prefill_tokens / self.replicas))
        cached = kv_tokens * decode / decode_requests if decode_requests > 0 else 0.0
        return 1e3 * self.pass_s(prefill, decode, cached)

    def pass_s(self, prefill: float, decode: float, cached: float, pairs: float | None = None) -> float:
        """Seconds for one replica to prefill `prefill` tokens and give each of `decode` requests one token on average.

        `cached` is what the decoding requests hold in all; `pairs` the query-key pairs of the prefill, default those
        of one causal sequence. Over pipeline stages the decoding requests are cut into micro-batches that keep all
        stages busy, so the pass through all stages carries one of them; a prefill is not cut.
        """
        if decode > 0:
            base = self._work_s(0.0, decode, cached, 0.0) * (1.0 + self.draft_share) / self.accepted
            if prefill <= 0:
                return base
            return base + self._work_s(prefill, decode, cached, pairs) - self._work_s(0.0, decode, cached, 0.0)
        return self._work_s(prefill, 0.0, 0.0, pairs)

    def _work_s(self, prefill: float, decode: float, cached: float, pairs: float | None) -> float:
        batches = max(1.0, min(float(self.stages), decode))
        requests, held = decode / batches, cached / batches
        queries = 1.0 + self.drafted
        tokens = prefill + requests * queries
        if pairs is None:
            pairs = prefill * prefill / 2
        seconds = self.dense.seconds(tokens, 1.0, self.overlap) + tokens * self.collective_token_s
        seconds += self.head.seconds(requests * queries + (1.0 if prefill > 0 else 0.0), 1.0, self.overlap)
        if self.miss > 0:
            routed = tokens * self.sharing
            seconds += self.experts.seconds(routed, 1.0 - self.miss**routed, self.overlap)
        for cache in self.caches:
            seconds += cache.decode_seconds(requests, held, queries) + cache.prefill_seconds(prefill, pairs)
        floor = self.prefill_floor_s if prefill > 0 and tokens > self.graph_tokens else self.floor_s
        seconds = max(seconds + self.fixed_s, floor) * self.stage_factor
        return seconds + decode * self.request_s
