"""What a server in steady state gives its clients: a fixed point over any replica's pass time.

In steady state D requests of a replica decode while others are being prefilled. With t(D) the time of a pass that only
decodes, and d(D) what the prefill of one request adds to the passes it shares,

    step        s = t(D) + D * d(D) / (osl - 1)      every request brings one prefill in its osl - 1 decode steps
    rate        X = D / ((osl - 1) * s)
    prefill     P = passes * t(D) + d(D) + polls * s / 2 + wait
    in service  B = D + X * P                        (Little's law)

`wait` is the time behind other prefills, d * rho / (1 - rho) with rho = X * d (M/M/1), and in a closed loop (1 - rho) * d
for every further request of a cohort: requests that were prefilled together come back together. A request does not wait for
itself: the interference terms carry (B - 1) / B, the arrival theorem of closed networks. B grows with D, so D is
found by bisection. `polls` is how many steps an engine makes from one look at new requests to the next; those that arrived
between are prefilled together. Where prefill has passes of its own (SGLang, unless chunks are mixed), d(D) is that pass, and
P lacks passes * t(D).

A closed loop starts with all its clients at once: the first round waits for half of all its prefills on average, and weighs
in the mean as much as it has requests (`first_round`).
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autotune.predict.timing import RooflineTiming
    from autotune.predict.traffic import Traffic

_BISECTIONS = 24


class Steady(NamedTuple):
    """One replica: seconds, and requests per second. `step_s` is NaN where a request has one output token."""

    ttft_s: float
    step_s: float
    requests_per_s: float
    saturated: bool = False


class _Replica:
    """The functions above for one replica under one traffic."""

    def __init__(
        self,
        timing: RooflineTiming,
        traffic: Traffic,
        *,
        chunked: bool,
        cohort: float = 1.0,
        budget: float | None = None,
    ) -> None:
        self.timing, self.traffic, self.cohort = timing, traffic, cohort
        self.steps = max(0.0, traffic.osl - 1.0)
        self.budget = timing.max_batched_tokens / timing.replicas if budget is None else budget
        self.chunked = chunked
        held = timing.kv_capacity_tokens / timing.replicas - traffic.cached
        context = traffic.new + traffic.osl * timing.reserved
        slots = min(timing.max_running_requests / timing.replicas, held / context)
        self.slots = max(1.0, slots)

    def decode_s(self, decoding: float) -> float:
        """t(D): at least one request decodes, whatever the average."""
        requests = max(1.0, decoding)
        return self.timing.pass_s(0.0, requests, requests * self.traffic.mean_context)

    def prefill_s(self, decoding: float) -> tuple[float, float]:
        """Passes that one prefill takes, and d(D), the seconds it adds to them together.

        Where outputs are short, several prefills fall into each pass; then d is the share of one.
        """
        new, cached, mixed = self.traffic.new, self.traffic.cached, self.timing.mixed
        room = max(1.0, self.budget - decoding) if mixed else self.budget
        passes = float(math.ceil(new / room)) if self.chunked else 1.0
        due = self.timing.poll_passes * decoding / self.steps if self.steps > 0 else 1.0
        count = max(1.0, min(due, room / new))
        chunk, pairs = count * new / passes, count * new * (new / 2 + cached) / passes
        if decoding <= 0 or not mixed:
            return passes, passes * self.timing.pass_s(chunk, 0.0, 0.0, pairs) / count
        held = decoding * self.traffic.mean_context
        extra = self.timing.pass_s(chunk, decoding, held, pairs) - self.timing.pass_s(0.0, decoding, held)
        return passes, passes * extra / count

    def at(self, decoding: float, others: float, together: float = 1.0) -> tuple[Steady, float]:
        """Steady state with D decoding, and how many requests are then in service.

        `others` is (B - 1) / B, `together` how many requests come back at once.
        """
        base = self.decode_s(decoding)
        passes, added = self.prefill_s(max(1.0, decoding) if others > 0 else 0.0)
        occupied = added / self.timing.stages
        step = base + decoding * others * occupied / self.steps
        rate = decoding / (self.steps * step)
        busy = min(rate * occupied * others, 0.999)
        poll = self.timing.poll_passes * step
        together = max(self.still_together(together, step, occupied), min(decoding, rate * poll))
        ttft = added + occupied * (busy / (1.0 - busy) + (together - 1.0) * (1.0 - busy))
        if others > 0:
            ttft += ((passes * base if self.timing.mixed else 0.0) + poll / 2) * others
        ttft += self.timing.first_token_s
        return Steady(ttft, step, rate), decoding + rate * ttft

    def still_together(self, together: float, step: float, prefill: float) -> float:
        """How many of `together` that were prefilled together also end within one prefill time.

        Two evenly distributed times of width w differ by less than p with chance 2x - x^2, x = p / w.
        """
        width = self.traffic.spread * step
        share = min(1.0, prefill / width) if width > 0 else 1.0
        return 1.0 + (together - 1.0) * share * (2.0 - share)

    def round_s(self, count: float) -> tuple[float, float]:
        """`count` prompts at once, nothing decoding: (seconds of one pass, how many passes), as many prompts in a pass as
        its budget holds.
        """
        new, cached = self.traffic.new, self.traffic.cached
        passes = max(1.0, count * new / max(new, self.budget))
        chunk, pairs = count * new / passes, count * new * (new / 2 + cached) / passes
        return self.timing.pass_s(chunk, 0.0, 0.0, pairs), passes

    def prefill_only(self, in_service: float) -> Steady:
        """Requests with one output token: nothing decodes, each waits for one round of all the others."""
        one, passes = self.round_s(in_service)
        ttft = self.timing.first_token_s + one + (passes - 1.0) * one / self.timing.stages
        return Steady(ttft, math.nan, in_service / ttft)

    def filled(self, in_service: float) -> Steady:
        """Steady state with `in_service` requests always in the batch."""
        if self.steps == 0:
            return self.prefill_only(in_service)
        others, together = (in_service - 1.0) / in_service, min(in_service, self.cohort)
        low, high = 0.0, in_service
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            if self.at(middle, others, together)[1] > in_service:
                high = middle
            else:
                low = middle
        return self.at(high, others, together)[0]

    def burst_s(self, in_service: float) -> float:
        """TTFT when `in_service` requests arrive together, averaged over them."""
        one, passes = self.round_s(in_service)
        return self.timing.first_token_s + one + (passes - 1.0) / 2 * one / self.timing.stages


def closed_loop(
    timing: RooflineTiming, traffic: Traffic, concurrency: float, *, first_round: float = 0.0, chunked: bool = True
) -> Steady:
    """One replica with `concurrency` clients (at least 1) that send the next request when the last one is answered.

    `first_round` is the share of all requests that are sent at the start, 0 to 1. More clients than the batch or the KV
    cache holds wait outside: their time is what Little's law leaves over.
    """
    replica = _Replica(timing, traffic, chunked=chunked, cohort=timing.cohort)
    inside = min(concurrency, replica.slots)
    served, start = _full(timing.without_limits(), traffic, replica.budget, chunked, inside)
    served = served._replace(ttft_s=served.ttft_s + first_round * (start - served.ttft_s))
    if concurrency <= replica.slots:
        return served
    waiting = (concurrency - replica.slots) / served.requests_per_s
    return served._replace(ttft_s=served.ttft_s + waiting, saturated=True)


@functools.lru_cache(maxsize=4096)
def _full(
    timing: RooflineTiming, traffic: Traffic, budget: float, chunked: bool, inside: float
) -> tuple[Steady, float]:
    """(`filled`, mean TTFT of the first round) with `inside` requests, shared by all points that differ in limits which do
    not bind: most points of a sweep.
    """
    replica = _Replica(timing, traffic, chunked=chunked, cohort=timing.cohort, budget=budget)
    served = replica.filled(inside)
    return served, max(served.ttft_s, replica.burst_s(inside))


def open_loop(
    timing: RooflineTiming, traffic: Traffic, request_rate: float, requests: int, *, chunked: bool = True
) -> Steady:
    """One replica with `request_rate` requests per second arriving at random, `requests` of them in all.

    Below capacity the batch settles where it leaves as fast as it is joined. At or above it the queue grows to the end
    of the benchmark, and the mean wait is half the last one's: requests / 2 * (1 / capacity - 1 / rate).
    """
    replica = _Replica(timing, traffic, chunked=chunked)
    full = replica.filled(replica.slots)
    if request_rate >= full.requests_per_s:
        waiting = requests / 2 * (1.0 / full.requests_per_s - 1.0 / request_rate)
        return full._replace(ttft_s=full.ttft_s + waiting, saturated=True)
    low, high = 0.0, replica.slots
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _rate(replica, middle) > request_rate:
            high = middle
        else:
            low = middle
    if replica.steps == 0:
        return replica.prefill_only(max(1.0, high))._replace(requests_per_s=request_rate)
    return replica.at(high, 1.0)[0]._replace(requests_per_s=request_rate)


def _rate(replica: _Replica, load: float) -> float:
    if replica.steps == 0:
        return replica.prefill_only(max(1.0, load)).requests_per_s * min(1.0, load)
    return replica.at(load, 1.0)[0].requests_per_s
