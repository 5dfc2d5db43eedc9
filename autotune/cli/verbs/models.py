"""autotune models: the models whose facts are known, one of them in full, and adding one from its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.catalog import find_model, measurements, statuses
from autotune.cli.output import print_json
from autotune.cli.tables import print_table
from autotune.cli.verbs.models_add import add_model
from autotune.cli.verbs.models_show import show_model
from autotune.diagnostics import InputError, diagnostic
from autotune.workspace.catalog_files import load_catalog
from autotune.workspace.described import describe_model

if TYPE_CHECKING:
    import argparse

    from autotune.catalog.facts import ModelFacts
    from autotune.workspace.catalog_files import UserCatalog

EPILOG = """\
Examples
  autotune models llama
  autotune models show qwen3-32b
  autotune models add ./my-model --id mine/my-model
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="FILTER | show NAME | add FOLDER",
        help="only models whose name holds this text; one model in full; write an entry from a folder's config.json",
    )
    parser.add_argument("--id", metavar="NAME", help="add: the name of the entry (default: the folder's)")
    parser.add_argument("-o", "--output", metavar="FILE", help="add: where to write it (default: the user's catalog)")
    parser.add_argument("--force", action="store_true", help="add: overwrite the file")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    match args.words:
        case ["show", name]:
            return show_model(load_catalog(), name, args.format)
        case ["add", folder]:
            return add_model(folder, args.id, args.output, force=args.force, form=args.format)
        case [] | [_]:
            return _list(load_catalog(), args.words[0] if args.words else "", args.format)
        case words:
            raise InputError(
                diagnostic(
                    "AT004",
                    f"`models {' '.join(words)}` is not understood",
                    help="autotune models [FILTER], autotune models show NAME, autotune models add FOLDER",
                )
            )


def _list(known: UserCatalog, text: str, form: str) -> int:
    if text in ("show", "add"):
        what = "NAME" if text == "show" else "FOLDER"
        raise InputError(
            diagnostic("AT004", f"`models {text}` needs one more word", help=f"autotune models {text} {what}")
        )
    models = {model.id: model for model in known.catalog.models.values()}
    names = sorted((name for name in models if text.casefold() in name.casefold()), key=str.casefold)
    if not names and text:
        # A short name, or an error that names the nearest.
        names = [find_model(known.catalog, text).id]
    if form == "json":
        print_json([describe_model(known, models[name]) for name in names])
        return 0
    mine = any(known.entry("models", name) for name in names)
    head = (
        "model",
        "params",
        "active",
        "layers",
        "heads",
        "KV heads",
        "context",
        "experts",
        "checkpoint",
        "login",
        "production on",
        "tok/s/GPU",
    )
    print_table(
        (*head, *(("from",) if mine else ())),
        [_row(models[name]) + ((_origin(known, name),) if mine else ()) for name in names],
        right=(*range(1, 8), 11),
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
        "yes" if model.gated else "",
        ", ".join(gpu for gpu, status in statuses(model).items() if status == "production"),
        _best(model.id),
    )


def _best(name: str) -> str:
    """The best that was measured of a model, over all GPUs."""
    rows = measurements(name)
    return f"{max(row.output_tokens_per_s_per_gpu for row in rows):.0f}" if rows else ""


def _origin(known: UserCatalog, name: str) -> str:
    entry: Any = known.entry("models", name)
    if entry is None:
        return "built in"
    return f"{entry.file}, shadows a built-in" if entry.shadows else str(entry.file)
