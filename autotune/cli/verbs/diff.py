"""autotune diff: what differs between two servers, wherever they stand, and who set it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from autotune.cli.difference_table import print_differences
from autotune.cli.manifest_edits import edit_warnings
from autotune.cli.output import print_diagnostics, print_json
from autotune.cli.shown_command import printable
from autotune.cli.sides import Group, SideReader
from autotune.cli.store_option import add_store
from autotune.compare import compare_sides, pair_sides
from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from autotune.compare import Difference, Side

EPILOG = """\
A and B are each one of
  '+profile=fp8_quantized parallel.tp=2'    overrides, all in one quoted word; a sweep needs no -m
  task.yaml    'task.yaml parallel.tp=4'    a task file, with overrides or without
  fp8_quantized                             a profile
  k8s.yaml    out/    -                     a manifest or an emitted script, a folder of them, standard input
  RUN:POINT    POINT                        a point of a stored run
  'vllm serve Qwen/Qwen3-8B -tp 2'          a command line in one quoted word
  pid:1234                                  a server that runs on this machine

OVERRIDES after them hold for both sides, as far as they are compiled:
  autotune diff low_latency high_throughput model.id=Qwen/Qwen3-32B
  kubectl get pod NAME -o yaml | autotune diff task.yaml -

The exit code is 0 when both are the same, 1 when they differ, 2 when the input is wrong or a point has errors."""

SAME, DIFFERENT, WRONG = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="A B [OVERRIDE ...]", help="two sides, then overrides for both")
    parser.add_argument(
        "--config-dir", action="append", default=[], metavar="DIR", help="a further folder of config groups"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    if len(args.words) < 2:
        raise InputError(
            diagnostic(
                "AT044", "two sides are needed", help="autotune diff A B; `autotune diff --help` shows what they may be"
            )
        )
    first, second, *common = args.words
    if first == second == "-":
        raise InputError(diagnostic("AT044", "standard input can be one side only", help="name a file for the other"))
    reader = SideReader(common, args.config_dir, args.store)
    groups: list[Group] = []
    wrong: list[Any] = []
    for word in (first, second):
        try:
            groups.append(reader.read(word))
        except InputError as error:
            wrong += error.diagnostics
    if wrong:
        raise InputError(*wrong)
    before, after = groups
    pairing = pair_sides(before.sides, after.sides)
    if not pairing.pairs:
        raise InputError(_unpaired(before, after))
    compared = [(one, other, compare_sides(one, other)) for one, other in pairing.pairs]
    if args.format == "json":
        alone = {
            "before": [side.title for side in pairing.alone_before],
            "after": [side.title for side in pairing.alone_after],
        }
        print_json({"pairs": [_row(*item) for item in compared], "alone": alone})
    else:
        for number, (one, other, differences) in enumerate(compared):
            sys.stdout.write("\n" if number else "")
            _print_pair(one, other, differences, before, after)
        for side in pairing.alone_before:
            sys.stdout.write(f"\n- {printable(side.title)}\n  only in A: B has no point of {_key(side)}\n")
        for side in pairing.alone_after:
            sys.stdout.write(f"\n+ {printable(side.title)}\n  only in B: A has no point of {_key(side)}\n")
    edited = [item for group in groups for side in group.sides for item in edit_warnings(side)]
    print_diagnostics([*before.findings, *after.findings, *edited])
    if before.findings or after.findings:
        return WRONG
    differ = bool(pairing.alone_before or pairing.alone_after) or any(items for _, _, items in compared)
    return DIFFERENT if differ else SAME


def _print_pair(before: Side, after: Side, differences: list[Difference], *groups: Group) -> None:
    for mark, side in (("A", before), ("B", after)):
        details = ", ".join(text for text in (_engine(side), side.name) if text and text != side.title)
        sys.stdout.write(printable(f"{mark}  {side.title}  ({details})" if details else f"{mark}  {side.title}") + "\n")
    print_differences(differences)
    for note in _not_compared(before, after, groups):
        sys.stdout.write(f"  {note}\n")
    if not differences:
        sys.stdout.write("  the same\n")


def _not_compared(before: Side, after: Side, groups: tuple[Group, ...]) -> Iterator[str]:
    """What could not be compared, and why."""
    for mark, side, other, group in zip("AB", (before, after), (after, before), groups, strict=True):
        # A manifest mounts them; a command line may have none.
        if side.without_files and (other.files or group.what == "manifest"):
            yield f"config files are not compared: {mark} names them and does not hold them"
    bare = [
        f"{mark} ({group.what})"
        for mark, side, group in zip("AB", (before, after), groups, strict=True)
        if side.config is None and "role=" not in " ".join(side.key)
    ]
    if bare:
        things = (
            "only flags and environment are compared"
            if before.image is None or after.image is None
            else "config paths are not compared"
        )
        verb = "says nothing of its config" if len(bare) == 1 else "say nothing of their config"
        yield f"{things}: {' and '.join(bare)} {verb}"
    elif before.config is not None and after.config is not None and not (before.whole and after.whole):
        yield "config paths: what somebody set; a manifest does not name base defaults"


def _engine(side: Side) -> str:
    return f"{side.engine} {side.version}" if side.engine and side.version else side.engine or ""


def _key(side: Side) -> str:
    return printable(" ".join(sorted(side.key)) or side.name or side.title)


def _row(before: Side, after: Side, differences: list[Difference]) -> dict[str, Any]:
    return {
        "before": _side_data(before),
        "after": _side_data(after),
        "config_compared": before.config is not None and after.config is not None,
        "same": not differences,
        "differences": [item.as_dict() for item in differences],
    }


def _side_data(side: Side) -> dict[str, Any]:
    return {
        "title": side.title,
        "name": side.name,
        "point": side.point,
        "engine": side.engine,
        "engine_version": side.version,
        "key": sorted(side.key),
    }


def _unpaired(before: Group, after: Group) -> Any:
    one, other = (" | ".join(_key(side) for side in group.sides[:4]) for group in (before, after))
    return diagnostic(
        "AT044",
        f"the {len(before.sides)} points of A and the {len(after.sides)} of B share nothing that was swept: {one} against {other}",
        help="sweep over the same values on both sides, or give one point on one of them",
    )
