"""autotune models: the models whose facts are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog import builtin_catalog
from autotune.cli.output import print_json
from autotune.cli.tables import print_table

if TYPE_CHECKING:
    import argparse

    from autotune.catalog.facts import ModelFacts


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="only models whose name holds this text")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    models = {model.id: model for model in builtin_catalog().models.values()}
    chosen = [model for name, model in sorted(models.items()) if args.name is None or args.name.lower() in name.lower()]
    if args.format == "json":
        from dataclasses import asdict

        print_json([asdict(model) for model in chosen])
        return 0
    print_table(
        ("model", "params", "active", "layers", "heads", "KV heads", "context", "experts", "checkpoint"),
        [_row(model) for model in chosen],
        right=range(1, 8),
    )
    return 0


def _row(model: ModelFacts) -> tuple[str, ...]:
    return (
        model.id,
        f"{model.params_b:.3g}B",
        f"{model.active_params_b:.3g}B" if model.is_moe else "",
        str(model.num_layers),
        str(model.num_heads),
        "MLA" if model.is_mla else str(model.num_kv_heads),
        str(model.max_context),
        f"{model.num_experts}/{model.experts_per_token}" if model.is_moe else "",
        model.quantization or model.dtype,
    )
