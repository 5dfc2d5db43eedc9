"""autotune systems: the GPUs known, and one of them in full."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from autotune.catalog import find_gpu, measurements
from autotune.cli.output import print_json
from autotune.cli.tables import print_table
from autotune.diagnostics import InputError, diagnostic
from autotune.workspace.catalog_files import load_catalog
from autotune.workspace.described import describe_gpu

if TYPE_CHECKING:
    import argparse

    from autotune.catalog.facts import Gpu
    from autotune.workspace.catalog_files import UserCatalog


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="FILTER | show NAME", help="only GPUs whose name holds this text; one GPU in full"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    known = load_catalog()
    match args.words:
        case ["show", name]:
            return _show(known, find_gpu(known.catalog, name), args.format)
        case [] | [_] if args.words != ["show"]:
            return _list(known, args.words[0] if args.words else "", args.format)
        case words:
            raise InputError(
                diagnostic(
                    "AT004",
                    f"`systems {' '.join(words)}` is not understood",
                    help="autotune systems [FILTER], autotune systems show NAME",
                )
            )


def _list(known: UserCatalog, text: str, form: str) -> int:
    gpus = {gpu.name: gpu for gpu in known.catalog.gpus.values()}
    chosen = [
        gpu for gpu in gpus.values() if any(text.casefold() in name.casefold() for name in (gpu.name, gpu.product))
    ]
    if not chosen:
        chosen = [find_gpu(known.catalog, text)]
    if form == "json":
        print_json([describe_gpu(known, gpu) for gpu in chosen])
        return 0
    mine = any(known.entry("gpus", gpu.name) for gpu in chosen)
    head = (
        "gpu",
        "product",
        "architecture",
        "memory GB",
        "GB/s",
        "16 bit TFLOPS",
        "fp8",
        "fp4",
        "in a node",
        "link GB/s",
        "NVLink",
        "between nodes",
    )
    print_table(
        (*head, *(("from",) if mine else ())),
        [_row(gpu) + ((_origin(known, gpu.name),) if mine else ()) for gpu in chosen],
        right=(*range(3, 10), 11),
    )
    return 0


def _row(gpu: Gpu) -> tuple[str, ...]:
    return (
        gpu.name,
        gpu.product,
        gpu.architecture,
        f"{gpu.memory_gb:.0f}",
        f"{gpu.bandwidth_gb_s:.0f}",
        f"{gpu.tflops.get('bf16', 0):.0f}",
        f"{gpu.tflops['fp8']:.0f}" if gpu.supports_fp8 else "",
        f"{gpu.tflops['fp4']:.0f}" if gpu.supports_fp4 else "",
        str(gpu.gpus_per_node),
        f"{gpu.link_gb_s:.0f}",
        "yes" if gpu.nvlink else "",
        f"{gpu.node_link_gb_s:.0f}",
    )


def _show(known: UserCatalog, gpu: Gpu, form: str) -> int:
    if form == "json":
        print_json(describe_gpu(known, gpu))
        return 0
    facts: dict[str, Any] = asdict(gpu) | {"memory_bytes": f"{gpu.memory_bytes} ({gpu.memory_gb:.1f} GB)"}
    facts["tflops"] = ", ".join(f"{form} {value:g}" for form, value in gpu.tflops.items())
    facts["node_labels"] = ", ".join(f"{key}={value}" for key, value in gpu.node_labels.items())
    facts["aliases"] = ", ".join(gpu.aliases)
    facts["nvlink"] = "yes" if gpu.nvlink else "no"
    facts["from"] = _origin(known, gpu.name)
    width = max(len(key) for key in facts)
    for key, value in facts.items():
        sys.stdout.write(f"{key:<{width}}  {value}\n")
    if rows := measurements(gpu=gpu.name):
        sys.stdout.write("\nMeasured on it\n")
        table = [
            (row.model, row.engine, row.version, row.precision, str(row.gpus), f"{row.output_tokens_per_s_per_gpu:.0f}")
            for row in rows
        ]
        print_table(("model", "engine", "version", "precision", "GPUs", "tok/s/GPU"), table, right=(4, 5))
    return 0


def _origin(known: UserCatalog, name: str) -> str:
    entry = known.entry("gpus", name)
    if entry is None:
        return "built in"
    return f"{entry.file}, shadows a built-in" if entry.shadows else entry.file
