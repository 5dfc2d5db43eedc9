"""guidellm (`guidellm run`, 0.8.1) as load client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autotune.bench.guidellm_result import parse_guidellm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.bench.file_fed import Order
    from autotune.metrics import Measurement


class GuideLlm:
    """Driven by a config file, so that no value has to be quoted into its `kind=...,key=value` options."""

    name = "guidellm"
    command = "guidellm"
    install = "guidellm==0.8.1"

    def prepare(self, order: Order) -> list[str]:
        (order.folder / "prompts.jsonl").write_text(
            "".join(json.dumps(_row(order, *item)) + "\n" for item in order.requests)
        )
        (order.folder / "config.json").write_text(json.dumps({"spec": config(order)}, indent=1))
        return [order.command, "run", "--config", "config.json", "--disable-console"]

    def environment(self, order: Order) -> Mapping[str, str | None]:  # noqa: ARG002
        return {}

    def read(self, order: Order) -> Measurement:
        [found] = parse_guidellm(_report(order), order.job.gpus, order.job.clock_limits_ms)
        return found

    def reasons(self, order: Order) -> Iterable[str]:
        [benchmark] = json.loads(_report(order))["benchmarks"]
        for request in benchmark["requests"]["errored"]:
            yield str((request.get("info") or {}).get("error") or "no reason given").replace("\\n", " ")


def config(order: Order) -> dict[str, Any]:
    """The `spec` of guidellm's config file."""
    endpoint, load = order.job.endpoint, order.load
    backend: dict[str, Any] = {
        "kind": "openai_http",
        "target": endpoint.base_url,
        "model": endpoint.model,
        "request_format": order.path,
        "validate_backend": False,
        "extras": {"body": dict(order.fields)},
    }
    if not _asks_per_request(order):
        backend["max_tokens"] = order.requests[0][1]
    profile: dict[str, Any] = (
        {"kind": "poisson", "rate": [load.request_rate]}
        if load.request_rate is not None
        else {"kind": "concurrent", "streams": [order.slots]}
    )
    return {
        "backend": backend,
        "profile": profile,
        "constraints": [
            {"kind": "max_requests", "count": len(order.requests)},
            {"kind": "max_duration", "seconds": order.job.benchmark.max_time_s},
        ],
        "data": [{"kind": "json_file", "path": "prompts.jsonl"}],
        "tokenizer": {"kind": "huggingface_auto", "model": endpoint.tokenizer},
        "outputs": [{"kind": "json", "path": "benchmarks.json"}],
    }


def _report(order: Order) -> str:
    return (order.folder / "benchmarks.json").read_text()


def _row(order: Order, prompt: str, output_tokens: int) -> dict[str, Any]:
    return {"prompt": prompt} | ({"output_tokens_count": output_tokens} if _asks_per_request(order) else {})


def _asks_per_request(order: Order) -> bool:
    """Whether each row says its own output tokens: guidellm then adds `ignore_eos`, which not every engine takes."""
    return "ignore_eos" in order.fields
