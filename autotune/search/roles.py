"""What settings and metrics of known names are, and which way a metric goes when a setting grows.

These are the strategy's expectations before anything was measured: slopes of the natural logarithm of a metric for each
doubling of a setting, with a standard deviation that says how readily measurements may correct them. They follow from how
decoding works. Reading the weights is shared by the batch, so the time of a token grows slowly with the load at first and
in proportion in the end; more tensor parallelism divides that reading and adds collectives; throughput is the load divided
by the time a request takes. The figures were set on half of the landscapes of benchmarks/search.py and are reported on the
other half.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ALIASES = {
    "load": ("batch", "batch_size", "concurrency", "num_concurrency", "max_concurrency", "request_rate"),
    "tp": ("tp", "tp_size", "tensor_parallel", "tensor_parallel_size"),
    "pp": ("pp", "pp_size", "pipeline_parallel", "pipeline_parallel_size"),
    "dp": ("dp", "dp_size", "attention_dp", "attention_dp_size", "data_parallel", "data_parallel_size"),
    "replicas": ("replicas", "workers", "num_workers"),
    "ep": ("ep", "ep_size", "moe_ep", "moe_ep_size", "expert_parallel_size"),
    "moe_tp": ("moe_tp", "moe_tp_size"),
    "seats": ("max_running_requests", "max_num_seqs", "max_batch_size"),
    "step_tokens": ("max_batched_tokens", "max_num_batched_tokens", "max_num_tokens", "chunked_prefill_size"),
    "memory": ("memory_fraction", "gpu_memory_utilization", "mem_fraction_static", "gpu_memory_fraction"),
    "context": ("context_length", "max_model_len", "max_seq_len"),
}
_ROLE_OF = {alias: role for role, names in _ALIASES.items() for alias in names}

#: A server that runs out of memory does so with a larger value of these, all else being equal, ...
GROWING = frozenset({"load", "seats", "step_tokens", "context"})
#: ... and with a smaller value of these.
SHRINKING = frozenset({"tp", "pp"})
#: Settings that belong to the load and not to the server.
LOAD_NAMES = frozenset({*_ALIASES["load"], "scenario", "traffic_scenarios", "isl", "osl", "num_prompts"})
LOAD_GROUPS = frozenset({"benchmark", "optimization"})


class Belief(NamedTuple):
    """A coefficient before measuring: its mean and its standard deviation."""

    mean: float
    sd: float


#: Anything that nothing is known of.
UNKNOWN = Belief(0.0, 0.15)


def role_of(name: str) -> str | None:
    """The role of a setting by its last word: `parallel.tp` and `tp_size` are both "tp". `batch` and `batch_size` are
    requests of each data-parallel replica where the point also says dp; see `per_replica`.
    """
    return _ROLE_OF.get(name.rpartition(".")[2].lstrip("-").replace("-", "_"))


def per_replica(name: str) -> bool:
    """Whether a load setting counts the requests of one data-parallel replica, as engines' static batches do."""
    return name.rpartition(".")[2] in ("batch", "batch_size")


def belongs_to_load(name: str) -> bool:
    """Whether a setting can change while the server stays."""
    group, _, word = name.rpartition(".")
    return group.partition(".")[0] in LOAD_GROUPS or word in LOAD_NAMES


def metric_role(metric: str) -> str | None:
    """`tpot`, `ttft`, `e2e`, `per_gpu`, `total` or `per_user`, by the metric's name; None for anything else."""
    name = metric.lower()
    for pattern, role in (
        (r"tpot|itl|time_per_output|inter_token", "tpot"),
        (r"ttft|first_token", "ttft"),
        (r"e2e|latency", "e2e"),
        (r"per_user", "per_user"),
        (r"per_gpu", "per_gpu"),
        (r"throughput|tokens_per_s|tok_s|goodput|requests_per_s|tps\b", "total"),
    ):
        if re.search(pattern, name):
            return role
    return None
