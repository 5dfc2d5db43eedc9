"""The fields that every request of a benchmark has beside its prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autotune.schema import Benchmark

#: Engines whose API knows `ignore_eos`, without which an answer may end before the output length asked for.
IGNORE_EOS_ENGINES = frozenset({"vllm", "sglang", "trtllm"})


def request_fields(engine: str, benchmark: Benchmark) -> dict[str, Any]:
    """`benchmark.request_params` over a temperature of 0 and, for the engines that know it, `ignore_eos`.

    `ignore_eos` never goes to another engine, though the shipped defaults hold it: transformers answers 422 to it.
    """
    fields: dict[str, Any] = {"temperature": 0.0, "ignore_eos": True} | benchmark.request_params
    if engine not in IGNORE_EOS_ENGINES:
        fields.pop("ignore_eos")
    return fields
