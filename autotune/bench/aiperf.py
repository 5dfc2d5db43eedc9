"""aiperf (0.13.0) as load client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.bench.aiperf_result import RECORDS, SUMMARY, parse_aiperf
from autotune.bench.stream import CHAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.bench.file_fed import Order
    from autotune.metrics import Measurement


class AiPerf:
    """NVIDIA's client. Tokens are counted by the server: its own count splits the text chunk by chunk and is too high."""

    name = "aiperf"
    command = "aiperf"
    install = "aiperf==0.13.0"

    def prepare(self, order: Order) -> list[str]:
        rows = ({"text": prompt, "output_length": output} for prompt, output in order.requests)
        (order.folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        endpoint, load = order.job.endpoint, order.load
        argv = [
            order.command, "profile",
            "--model", endpoint.model,
            "--tokenizer", endpoint.tokenizer,
            "--url", endpoint.base_url,
            "--endpoint-type", "chat" if order.path == CHAT else "completions",
            "--streaming",
            "--input-file", "prompts.jsonl",
            "--custom-dataset-type", "single_turn",
            "--dataset-sampling-strategy", "sequential",
            "--request-count", str(len(order.requests)),
            "--benchmark-duration", repr(order.job.benchmark.max_time_s),
            "--extra-inputs", json.dumps(dict(order.fields)),
            "--use-server-token-count",
            "--use-legacy-max-tokens",
            "--no-server-metrics",
            "--no-gpu-telemetry",
            "--ui", "None",
            "--artifact-dir", "artifacts",
        ]  # fmt: skip
        if load.request_rate is not None:
            return [*argv, "--request-rate", repr(load.request_rate), "--arrival-pattern", "poisson"]
        return [*argv, "--concurrency", str(order.slots)]

    def environment(self, order: Order) -> Mapping[str, str | None]:
        # With these set, 0.13.0 refuses a tokenizer that is a folder on this machine.
        if Path(order.job.endpoint.tokenizer).is_dir():
            return {"HF_HUB_OFFLINE": None, "TRANSFORMERS_OFFLINE": None}
        return {}

    def read(self, order: Order) -> Measurement:
        [found] = parse_aiperf(_files(order), order.job.gpus, order.job.clock_limits_ms)
        return found

    def reasons(self, order: Order) -> Iterable[str]:
        files = _files(order)
        if SUMMARY not in files:  # that is how it ends when every request failed
            records = (json.loads(line) for line in files[RECORDS].splitlines())
            return [_reason(record["error"]) for record in records if record.get("error")]
        summary = json.loads(files[SUMMARY]).get("error_summary") or ()
        return [_reason(item["error_details"]) for item in summary for _ in range(int(item["count"]))]


def _files(order: Order) -> dict[str, str]:
    """The artifacts that count; raises FileNotFoundError where there is neither."""
    folder = order.folder / "artifacts"
    files = {name: (folder / name).read_text() for name in (SUMMARY, RECORDS) if (folder / name).exists()}
    if not files:
        raise FileNotFoundError(folder / SUMMARY)
    return files


def _reason(details: Mapping[str, Any]) -> str:
    return " ".join(str(details[key]) for key in ("code", "type", "message") if details.get(key))
