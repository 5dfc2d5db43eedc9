"""Context length against the model and the workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: What people set to stretch a context on purpose; the model's own limit does not bind then.
_STRETCHING_FLAGS = ("--hf-overrides", "--rope-scaling", "--json-model-override-args")
_STRETCHING_ENV = ("VLLM_ALLOW_LONG_MAX_MODEL_LEN", "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN")


def check_context(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT019: the context is longer than the model's, the workload does not fit into it, or the prefix not into the input."""
    runtime, asked, longest = config.runtime, config.misc.context_length, facts.model.max_context
    stretched = any(flag in config.misc.extra_args for flag in _STRETCHING_FLAGS) or any(
        config.misc.env.get(name, "0") not in ("", "0", "false") for name in _STRETCHING_ENV
    )
    if asked is not None and asked > longest and not stretched:
        yield diagnostic(
            "AT019", f"misc.context_length={asked} is longer than the model's context of {longest} tokens", path="misc.context_length",
            help=f"use {longest} or less, or stretch the context with the engine's own flag in misc.extra_args",
        )  # fmt: skip
    if runtime.isl is not None and runtime.prefix is not None and runtime.prefix > runtime.isl:
        yield diagnostic(
            "AT019", f"runtime.prefix={runtime.prefix} is longer than runtime.isl={runtime.isl}, of which it is a part", path="runtime.prefix",
            help=f"use {runtime.isl} or less",
        )  # fmt: skip
    room = asked if asked is not None else longest
    if stretched and asked is None:
        return
    tokens = (runtime.isl or 0) + (runtime.osl or 0)
    if tokens > room:
        limit = f"misc.context_length={asked}" if asked is not None else f"the model's context of {longest} tokens"
        parts = " + ".join(
            f"runtime.{name}={value}"
            for name, value in (("isl", runtime.isl), ("osl", runtime.osl))
            if value is not None
        )
        cure = (
            f"raise misc.context_length to {tokens}"
            if asked is not None and tokens <= longest
            else "lower runtime.isl or runtime.osl"
        )
        yield diagnostic(
            "AT019",
            f"{parts} does not fit into {limit}",
            path="runtime.isl" if runtime.isl is not None else "runtime.osl",
            help=cure,
        )
