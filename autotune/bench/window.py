"""How much output falls into the window of a measurement."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.bench.summary import RequestRecord

#: Tokens a chunk up to which chunks are taken for single tokens and counted.
_SINGLE = 1.1


@dataclass(frozen=True, slots=True)
class Delivered:
    """What arrived until the end of the window; `requests` counts those that were still under way by their part."""

    output_tokens: float = 0.0
    prompt_tokens: float = 0.0
    requests: float = 0.0


def delivered_by(end: float, records: Sequence[RequestRecord]) -> Delivered:
    """The output of all records that arrived by `end` (seconds), and the parts of their prompts and of themselves with it.

    Where a chunk is a token, chunks are counted; where chunks hold several, a request's tokens are taken as evenly
    spread between its first and its last chunk. A request that was cut off, whose tokens nobody counted, is taken to
    have had the mean TPOT and the mean lengths of those that completed. Failed requests deliver nothing.
    """
    completed = [record for record in records if record.completed]
    if not completed:
        return Delivered()
    count = len(completed)
    mean_output = sum(record.output_tokens for record in completed) / count
    mean_prompt = sum(record.prompt_tokens for record in completed) / count
    chunks = sum(len(record.chunks) for record in completed)
    decode_s = sum(record.chunks[-1] - record.chunks[0] for record in completed)
    token_s = decode_s / max(sum(record.output_tokens - 1 for record in completed), 1)
    output = prompt = requests = 0.0
    for record in records:
        if record.error is not None or not record.chunks or record.chunks[0] > end:
            continue
        if record.completed:
            tokens = _tokens_by(end, record)
            share = tokens / record.output_tokens
            prompt += record.prompt_tokens * share
        else:
            single = chunks * _SINGLE >= mean_output * count
            last = min(end, record.chunks[-1])
            tokens = bisect_right(record.chunks, end) if single else 1 + (last - record.chunks[0]) / (token_s or 1.0)
            share = min(1.0, tokens / mean_output)
            prompt += mean_prompt * share
        output += tokens
        requests += share
    return Delivered(output, prompt, requests)


def _tokens_by(end: float, record: RequestRecord) -> float:
    first, last = record.chunks[0], record.chunks[-1]
    if end >= last:
        return record.output_tokens
    if len(record.chunks) * _SINGLE >= record.output_tokens:
        return record.output_tokens * bisect_right(record.chunks, end) / len(record.chunks)
    return 1 + (record.output_tokens - 1) * (end - first) / (last - first)
