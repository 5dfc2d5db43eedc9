"""A made-up space with the shape of real ones: 324 points whose metrics follow from how decoding works."""

from __future__ import annotations

import itertools

from autotune.score.hypervolume import hypervolume, worst_of

OBJECTIVES = {"output_tokens_per_s_per_gpu": "max", "tpot_ms": "min"}
POINTS = [
    {
        "parallel.tp": tp,
        "quantization.gemm_mode": gemm,
        "scheduling.max_running_requests": seats,
        "memory.mem_fraction_static": memory,
        "benchmark.num_concurrency": concurrency,
    }
    for tp, gemm, seats, memory, concurrency in itertools.product(
        (1, 2, 4, 8), ("bf16", "fp8", "fp4"), (64, 128, 256), (0.85, 0.9, 0.95), (4, 32, 128)
    )
]


def measure(point):
    """Milliseconds and tokens: weights read once a token, a KV cache each request, collectives for each doubling of tp."""
    tp, requests = (
        point["parallel.tp"],
        min(point["benchmark.num_concurrency"], point["scheduling.max_running_requests"]),
    )
    bits = {"bf16": 16, "fp8": 8, "fp4": 4}[point["quantization.gemm_mode"]]
    tpot = (20.0 * bits / 16 + 0.25 * requests) / tp + 1.0 + 0.8 * (tp.bit_length() - 1)
    return {
        "tpot_ms": tpot,
        "ttft_ms": 20.0 + 12.0 * point["benchmark.num_concurrency"] / tp,
        "output_tokens_per_s_per_gpu": requests * 1000 / tpot / tp,
    }


def row(metrics):
    return (-metrics["output_tokens_per_s_per_gpu"], metrics["tpot_ms"])


def share(found, points=POINTS):
    """The share of the whole hypervolume that these indices have."""
    rows = [row(measure(point)) for point in points]
    reference = worst_of(rows)
    return hypervolume([rows[index] for index in found], reference) / hypervolume(rows, reference)


def drive(strategy, measure_at, most=1000):
    """Ask and tell to the end; the indices in order."""
    asked = []
    while len(asked) < most and (index := strategy.ask()) is not None:
        asked.append(index)
        strategy.tell(index, measure_at(index))
    return asked
