"""autotune systems: the GPUs known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog import builtin_catalog
from autotune.cli.output import print_json
from autotune.cli.tables import print_table

if TYPE_CHECKING:
    import argparse

    from autotune.catalog.facts import Gpu


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    gpus = {gpu.name: gpu for gpu in builtin_catalog().gpus.values()}
    if args.format == "json":
        from dataclasses import asdict

        print_json([asdict(gpu) for gpu in gpus.values()])
        return 0
    print_table(
        ("gpu", "product", "architecture", "memory GB", "GB/s", "bf16 TFLOPS", "fp8", "fp4", "in a node", "link GB/s"),
        [_row(gpu) for gpu in gpus.values()],
        right=range(3, 10),
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
    )
