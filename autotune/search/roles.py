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
#: Settings that bound what the others do, and mostly do nothing.
BOUNDS = frozenset({"seats", "step_tokens", "memory", "context"})
#: Settings that belong to the load and not to the server.
LOAD_NAMES = frozenset({*_ALIASES["load"], "scenario", "traffic_scenarios", "isl", "osl", "num_prompts"})
LOAD_GROUPS = frozenset({"benchmark", "optimization", "slo"})


class Belief(NamedTuple):
    """A coefficient before measuring: its mean and its standard deviation."""

    mean: float
    sd: float


#: The end of the name of a latency times GPUs.
TIMES_GPUS = "_x_gpus"
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
    """`tpot`, `ttft`, `e2e`, `per_gpu`, `total` or `per_user`, by the metric's name, a latency that is multiplied by the
    server's GPUs with TIMES_GPUS after it; None for anything else.
    """
    if metric.endswith(TIMES_GPUS):
        role = metric_role(metric.removesuffix(TIMES_GPUS))
        return f"{role}{TIMES_GPUS}" if role in ("tpot", "ttft", "e2e") else role
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


#: Natural logarithm of the metric for each doubling of the setting.
_TPOT = {
    "load": Belief(0.32, 0.10),
    "tp": Belief(-0.25, 0.13),
    "pp": Belief(0.0, 0.15),
    "dp": Belief(0.10, 0.10),
    "replicas": Belief(0.0, 0.10),
    "ep": Belief(0.05, 0.08),
    "moe_tp": Belief(-0.05, 0.08),
    "seats": Belief(0.02, 0.04),
    "step_tokens": Belief(0.0, 0.04),
    "memory": Belief(0.0, 0.03),
    "context": Belief(0.0, 0.03),
    "bits": Belief(0.15, 0.15),
}
_TTFT = {
    **_TPOT,
    "load": Belief(0.40, 0.15),
    "tp": Belief(-0.30, 0.15),
    "dp": Belief(0.15, 0.20),
    "ep": Belief(0.0, 0.15),
    "moe_tp": Belief(0.0, 0.12),
    "step_tokens": Belief(-0.05, 0.12),
}
_PER_GPU = {
    "load": Belief(0.37, 0.10),
    "tp": Belief(-0.36, 0.10),
    "pp": Belief(-0.50, 0.15),
    "dp": Belief(0.0, 0.08),
    "replicas": Belief(0.0, 0.10),
    "ep": Belief(-0.15, 0.10),
    "moe_tp": Belief(-0.12, 0.08),
    "seats": Belief(0.03, 0.04),
    "step_tokens": Belief(0.0, 0.04),
    "memory": Belief(0.0, 0.03),
    "context": Belief(0.0, 0.03),
    "bits": Belief(-0.15, 0.15),
}
_LN2 = 0.6931
_GPUS = ("tp", "pp", "dp", "replicas")


def _times_gpus(slopes: dict[str, Belief]) -> dict[str, Belief]:
    return slopes | {role: Belief(slopes[role].mean + _LN2, slopes[role].sd) for role in _GPUS}


_SLOPES = {
    "tpot": _TPOT,
    "ttft": _TTFT,
    "e2e": _TPOT,
    "per_user": {role: Belief(-belief.mean, belief.sd) for role, belief in _TPOT.items()},
    "per_gpu": _PER_GPU,
    "total": _times_gpus(_PER_GPU),
}
_SLOPES |= {f"{metric}{TIMES_GPUS}": _times_gpus(_SLOPES[metric]) for metric in ("tpot", "ttft", "e2e")}
#: How the slope over the load changes with each further doubling of the load, and with each doubling of another setting.
_CURVES = {
    "tpot": Belief(0.02, 0.012),
    "e2e": Belief(0.025, 0.015),
    "ttft": Belief(0.06, 0.04),
    "per_user": Belief(-0.02, 0.012),
    "per_gpu": Belief(-0.03, 0.015),
    "total": Belief(-0.03, 0.015),
}
_CROSSINGS = {
    "tpot": Belief(-0.01, 0.025),
    "e2e": Belief(-0.01, 0.025),
    "ttft": Belief(-0.02, 0.05),
    "per_user": Belief(0.01, 0.025),
    "per_gpu": Belief(0.01, 0.02),
    "total": Belief(0.01, 0.02),
}


def slope(metric: str | None, role: str | None, *, spread_load: bool = False) -> Belief:
    """What a doubling of a setting of this role does to a metric of that role. With `spread_load` the load is that of the
    whole server, so data-parallel replicas share it.
    """
    found = _SLOPES.get(metric or "", {}).get(role or "", UNKNOWN)
    if role in ("dp", "replicas") and spread_load and metric in _SLOPES:
        return Belief(found.mean - _SLOPES[metric]["load"].mean, found.sd + 0.05)
    return found


def curve(metric: str | None) -> Belief:
    """The square of the doublings of the load, from the middle of the space on."""
    return _CURVES.get((metric or "").removesuffix(TIMES_GPUS), Belief(0.0, 0.03))


def crossing(metric: str | None) -> Belief:
    """Doublings of the load times doublings of a parallelism."""
    return _CROSSINGS.get((metric or "").removesuffix(TIMES_GPUS), Belief(0.0, 0.03))
