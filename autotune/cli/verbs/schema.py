"""autotune schema: the JSON Schema of a task file, so that editors complete and check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.cli.output import print_json
from autotune.schema.json_schema import profile_schema, task_schema

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind",
        nargs="?",
        choices=("task", "profile", "config"),
        default="task",
        help="of a task file (default), a profile, or the config itself",
    )


def run(args: argparse.Namespace) -> int:
    from autotune.schema import Config

    print_json({"task": task_schema, "profile": profile_schema, "config": Config.model_json_schema}[args.kind]())
    return 0
