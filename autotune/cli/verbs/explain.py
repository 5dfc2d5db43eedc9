"""autotune explain: who set a value and why, or what diagnostic codes mean."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.code_pages import explain_code, print_codes
from autotune.cli.inputs import add_inputs, read_inputs
from autotune.cli.manifest_explanation import explain_manifest
from autotune.cli.output import print_diagnostics, print_json
from autotune.diagnostics import InputError, diagnostic, suggest
from autotune.explanation import explain_path, explain_point, render_explanation
from autotune.schema import field_paths, is_known

if TYPE_CHECKING:
    import argparse

EPILOG = """\
  autotune explain AT016        what a diagnostic code means, with an example and the remedy
  autotune explain codes        all of them
  autotune explain quantization.gemm_mode +profile=fp8_quantized system.gpu=a100_sxm
  autotune explain +profile=balanced
  autotune explain --from-manifest k8s.yaml
  kubectl get pod NAME -o yaml | autotune explain --from-manifest -"""


def configure(parser: argparse.ArgumentParser) -> None:
    add_inputs(parser, formats=("text", "json"))
    parser.add_argument(
        "--from-manifest",
        metavar="FILE|DIR|-",
        help="who set what in a manifest, an emitted script or folder, or what `kubectl get` and `docker inspect` print",
    )


def run(args: argparse.Namespace) -> int:
    words = list(args.words)
    if args.from_manifest is not None:
        return explain_manifest(args.from_manifest, words, args.format)
    path = None
    if words and "=" not in words[0] and not words[0].startswith("~") and not Path(words[0]).exists():
        subject = words.pop(0)
        if subject == "codes":
            print_codes(args.format)
            return 0
        if re.fullmatch(r"[Aa][Tt]\d+", subject):
            explain_code(subject.upper(), args.format)
            return 0
        if not is_known(subject):
            raise InputError(
                diagnostic(
                    "AT002", f"unknown config key `{subject}`", path=subject, help=suggest(subject, field_paths())
                )
            )
        path = subject
    inputs = read_inputs(args, words)
    points = inputs.compile()
    explained = [
        explain_point(point) if path is None else {"id": point.id, "paths": explain_path(point, path)}
        for point in points
    ]
    if args.format == "json":
        print_json(explained)
    else:
        for point, data in zip(points, explained, strict=True):
            if len(points) > 1:
                sys.stdout.write(f"{point.id}  {' '.join(point.swept)}\n")
            sys.stdout.write(render_explanation(data))
    print_diagnostics([*inputs.notes(), *(item for point in points for item in point.diagnostics)])
    return 0 if any(point.runnable for point in points) else 2
