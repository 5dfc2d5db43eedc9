"""All checks of one point, and who set what they complain about."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from autotune.check.access import check_gated, check_remote_code, check_secrets
from autotune.check.clients import check_client
from autotune.check.context import check_context
from autotune.check.dataset import check_dataset
from autotune.check.divisibility import (
    check_expert_ranks,
    check_heads,
    check_kv_heads,
    check_quantization_blocks,
    check_stages,
)
from autotune.check.drafts import check_draft, check_prediction_layers
from autotune.check.gpus import check_gpu_count, check_idle_gpus
from autotune.check.in_cluster import check_in_cluster
from autotune.check.kernels import check_kv_kernels
from autotune.check.layout import (
    check_attention_ranks,
    check_even_stages,
    check_expert_grid,
    check_span,
    check_token_ranks,
)
from autotune.check.load import check_admission, check_load_context, check_prefix
from autotune.check.memory import check_capped_fraction, check_fit, check_kv_room, check_static_fraction
from autotune.check.offload import check_offload
from autotune.check.quantization import check_checkpoint, check_experts_format, check_kv_format, check_weight_format
from autotune.diagnostics import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from autotune.diagnostics import Diagnostic, Writer
    from autotune.engines.engine import Facts
    from autotune.schema import Config

Check: TypeAlias = "Callable[[Config, Facts], Iterable[Diagnostic]]"

#: In the order in which their findings are reported.
CHECKS: tuple[Check, ...] = (
    check_gpu_count,
    check_idle_gpus,
    check_heads,
    check_kv_heads,
    check_stages,
    check_even_stages,
    check_token_ranks,
    check_expert_ranks,
    check_expert_grid,
    check_attention_ranks,
    check_span,
    check_quantization_blocks,
    check_checkpoint,
    check_experts_format,
    check_weight_format,
    check_kv_format,
    check_kv_kernels,
    check_prediction_layers,
    check_draft,
    check_context,
    check_load_context,
    check_prefix,
    check_static_fraction,
    check_capped_fraction,
    check_fit,
    check_kv_room,
    check_offload,
    check_admission,
    check_client,
    check_in_cluster,
    check_dataset,
    check_secrets,
    check_gated,
    check_remote_code,
)


def run_checks(config: Config, facts: Facts, origin: Mapping[str, Writer]) -> list[Diagnostic]:
    """Every finding of every check, each with the writer of the path it is about, where `origin` knows one.

    GPUs count as left idle only where someone reserved them: system.num_gpus that follows from the node is no reservation.
    """
    found = [item.at(origin.get(item.path or "")) for check in CHECKS for item in check(config, facts)]
    return [item for item in found if is_reported(item)]


def is_reported(item: Diagnostic) -> bool:
    """Whether a finding that knows its writer is one that people are told of."""
    return item.code != "AT103" or item.writer is None or item.writer.source is not Source.BASE
