"""A timing for tests: what a step takes is linear in what it does."""

from dataclasses import dataclass


@dataclass
class LinearTiming:
    base_ms: float = 6.0
    prefill_ms: float = 0.02
    decode_ms: float = 0.01
    kv_ms: float = 2e-5
    max_running_requests: int = 256
    max_batched_tokens: int = 8192
    kv_capacity_tokens: int = 500_000

    def step_ms(self, prefill_tokens: int, decode_requests: int, kv_tokens: int) -> float:
        return (
            self.base_ms + self.prefill_ms * prefill_tokens + self.decode_ms * decode_requests + self.kv_ms * kv_tokens
        )
