"""`vllm bench serve` (vLLM 0.32) as load client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from autotune.bench.stream import CHAT
from autotune.bench.vllm_bench_result import parse_vllm_bench, runs_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.bench.file_fed import Order
    from autotune.metrics import Measurement


class VllmBench:
    """vLLM's own client, from an environment that has vLLM in it. It has no time limit of its own."""

    name = "vllm_bench"
    command = "vllm"
    install = "'vllm[bench]'"

    def prepare(self, order: Order) -> list[str]:
        rows = ({"prompt": prompt, "output_tokens": output} for prompt, output in order.requests)
        (order.folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        endpoint, load = order.job.endpoint, order.load
        argv = [
            order.command, "bench", "serve",
            "--backend", "openai-chat" if order.path == CHAT else "openai",
            "--base-url", endpoint.base_url,
            "--endpoint", order.path,
            "--model", endpoint.model,
            "--tokenizer", endpoint.tokenizer,
            "--dataset-name", "custom",
            "--dataset-path", "prompts.jsonl",
            "--custom-output-len", "-1",
            "--disable-shuffle",
            "--skip-chat-template",
            "--num-prompts", str(len(order.requests)),
            "--extra-body", json.dumps(dict(order.fields)),
            "--percentile-metrics", "ttft,tpot,itl,e2el",
            "--metric-percentiles", "50,90,95,99",
            "--save-result",
            "--save-detailed",
            "--result-dir", ".",
            "--result-filename", "result.json",
            "--disable-tqdm",
        ]  # fmt: skip
        if load.request_rate is not None:
            return [*argv, "--request-rate", repr(load.request_rate)]
        return [*argv, "--max-concurrency", str(order.slots)]

    def environment(self, order: Order) -> Mapping[str, str | None]:  # noqa: ARG002
        return {"VLLM_NO_USAGE_STATS": "1"}

    def read(self, order: Order) -> Measurement:
        [found] = parse_vllm_bench(_result(order), order.job.gpus, order.load.scenario, order.job.clock_limits_ms)
        return found

    def reasons(self, order: Order) -> Iterable[str]:
        [run] = runs_in(_result(order))
        # One that broke off comes with its traceback, whose last line says what it was.
        return (error.strip().rpartition("\n")[2] for error in run.get("errors") or () if error)


def _result(order: Order) -> str:
    return (order.folder / "result.json").read_text()
