"""autotune compile --diff-version A B: what changes for this config between two versions of its engine."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.cli.difference_table import print_differences
from autotune.cli.output import print_diagnostics, print_json
from autotune.compare import compare_points
from autotune.compose.settings import Assign, Dimension
from autotune.diagnostics import Severity, Source, Writer
from autotune.inputs import labels

if TYPE_CHECKING:
    from autotune.compiled import CompiledPoint
    from autotune.inputs import Inputs


def show_version_diff(inputs: Inputs, old: str, new: str, form: str) -> int:
    """Compile every point for both versions and show flags that appear, go or change, and settings that are dropped."""
    before, after = (_compile_for(inputs, version) for version in (old, new))
    names = labels([*before, *after])
    if form == "json":
        print_json([_row(one, other) for one, other in zip(before, after, strict=True)])
    else:
        for one, other in zip(before, after, strict=True):
            differences = compare_points(one, other)
            sys.stdout.write(f"{' '.join(one.swept) or 'this config'}: {_version(one)} -> {_version(other)}\n")
            print_differences(differences)
            if not differences and one.runnable and other.runnable:
                sys.stdout.write("  the same\n")
    known = {(item.code, item.message) for point in before for item in point.diagnostics}
    wrong = [item for point in before for item in point.diagnostics if item.severity is Severity.ERROR]
    news = [item for point in after for item in point.diagnostics if (item.code, item.message) not in known]
    print_diagnostics([*wrong, *news], labels=names)
    return 0 if all(point.runnable for point in (*before, *after)) else 2


def _compile_for(inputs: Inputs, version: str) -> list[CompiledPoint]:
    path = ("system", "backend_version")
    text = f"system.backend_version='{version}'"
    said = Dimension(((Assign(path, version, Writer(Source.USER, override=text), text),),))
    return replace(inputs, dimensions=(*inputs.dimensions, said)).compile()


def _version(point: CompiledPoint) -> str:
    return (
        "cannot be compiled"
        if point.deployment is None
        else f"{point.deployment.engine} {point.deployment.engine_version}"
    )


def _row(before: CompiledPoint, after: CompiledPoint) -> dict[str, object]:
    return {
        "overrides": list(before.overrides),
        "swept": list(before.swept),
        "before": _version(before),
        "after": _version(after),
        "differences": [item.as_dict() for item in compare_points(before, after)],
        "diagnostics": [item.as_dict() for item in after.diagnostics],
    }
