"""Speculative decoding against the model and the drafts named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

NEEDS_DRAFT = frozenset({"draft_model", "eagle", "eagle3"})


def check_prediction_layers(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT035: the model's own multi-token prediction needs layers for it in the checkpoint, or a draft that has them."""
    speculative, nextn = config.misc.speculative, config.runtime.nextn
    if facts.model.num_nextn_layers or facts.engine == "transformers":
        return
    if nextn:
        path, said = "runtime.nextn", f"runtime.nextn={nextn}"
    elif speculative is not None and speculative.method == "mtp" and speculative.model is None:
        path, said = "misc.speculative.method", "misc.speculative.method=mtp"
    else:
        return
    yield diagnostic(
        "AT035",
        f"{said}, but `{facts.model.id}` has no multi-token-prediction layers",
        path=path,
        help="use misc.speculative.method=ngram, or eagle3 with a draft model in misc.speculative.model",
    )


def check_draft(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT035: a method that runs a draft model has one. vLLM's own findings say it for vLLM (AT003)."""
    speculative = config.misc.speculative
    if speculative is None or speculative.model is not None or facts.engine in ("vllm", "transformers"):
        return
    if speculative.method in NEEDS_DRAFT:
        yield diagnostic(
            "AT035",
            f"misc.speculative.method={speculative.method} needs a draft model, and none is named",
            path="misc.speculative.model",
            help="name it in misc.speculative.model",
        )
