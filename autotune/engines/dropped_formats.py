"""Memory of a server whose number formats the engine cannot make, so that the checkpoint's own are served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.memory import plan_memory
from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config


def find_shortfall(asked: Config, served: Config, facts: Facts, title: str) -> Iterator[Diagnostic]:
    """AT016 where the model fits in the formats asked for, and not in those that are served.

    The checks of memory count the formats asked for; dropping one must not let an out-of-memory crash through.
    """
    if served is asked or plan_memory(served, facts).fits or not plan_memory(asked, facts).fits:
        return
    changed = asked.quantization.gemm_mode != served.quantization.gemm_mode
    yield diagnostic(
        "AT016",
        f"{facts.model.id} fits on {facts.gpu.name} only in the formats asked for, and {title} serves the checkpoint's own",
        path="quantization.gemm_mode" if changed else "quantization.kvcache_mode",
        help="name a quantized checkpoint, give it more GPUs, or choose another engine in system.backend",
    )
