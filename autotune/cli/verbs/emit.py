"""autotune emit: deployable manifests on disk or on stdout; nothing is started."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.inputs import add_inputs, announce, read_inputs
from autotune.cli.output import say
from autotune.cli.store_option import add_store
from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.emit import EMITTERS, find_emitters, stream_sweep
from autotune.engines.deployment import Servers
from autotune.workspace.files import shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from autotune.compiled import CompiledPoint

EPILOG = """\
Points that share a server share its manifests. Of several servers, kustomize makes one base with an overlay each, and helm
one chart with values each. The same input gives the same bytes."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_inputs(parser)
    parser.add_argument(
        "-t", "--target", default="k8s", metavar="T[,T...]", help=f"one or more of {', '.join(EMITTERS)} (default k8s)"
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="folder to write to; without it the texts go to stdout")
    parser.add_argument(
        "--run",
        metavar="RUN",
        help="instead of overrides: a stored run, of which one point is packed as it was measured",
    )
    parser.add_argument(
        "--pick",
        metavar="best|knee|slo|POINT",
        help="which point of the run (default best); -o names a folder or a .tar.gz",
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    targets = tuple(dict.fromkeys(part.strip() for part in args.target.split(",") if part.strip()))
    find_emitters(targets)
    if args.run is not None or args.pick is not None:
        return _emit_winner(args, targets)
    inputs = read_inputs(args)
    servers = Servers()
    points = [_brief(point, servers) for point in inputs.stream()]
    announce(points, inputs.notes())
    deployments = servers.merged()
    del points
    count = 0
    for files in stream_sweep(deployments, targets):
        count += len(files)
        if args.output is not None:
            write_files(Path(args.output), files)
            continue
        alone = len(deployments) == len(files) == 1
        for name, text in files.items():
            sys.stdout.write(text if alone else f"# file: {name}\n{text}\n")
    if args.output is not None:
        said = f"{len(deployments)} server{'s' if len(deployments) > 1 else ''}"
        say(f"{count} files for {said} in {shown(Path(args.output))}")
    return 0


def _brief(point: CompiledPoint, servers: Servers) -> CompiledPoint:
    """What of a point is kept: all of a hundred thousand would fill the memory."""
    if point.runnable:
        servers.add(point)
    return point.brief()


def _emit_winner(args: argparse.Namespace, targets: tuple[str, ...]) -> int:
    from autotune.cli.winner import pack_winner, write_package

    if args.words or args.output is None:
        what = (
            "a package is of a stored run as it was measured: it takes no overrides"
            if args.words
            else "a package has many files"
        )
        raise InputError(
            diagnostic("AT004", what, path="--run", help="emit --run RUN --pick best --target k8s,compose -o FOLDER or FILE.tar.gz")
        )  # fmt: skip
    files = pack_winner(args.store, args.run, args.pick or "best", targets)
    say(f"{write_package(files, args.output)} files in {shown(Path(args.output))}")
    return 0


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write each file whole or not at all, and leave alone those that hold what they should. Raises InputError (AT001) where the
    folder cannot be written to.
    """
    fresh: dict[str, bool] = {}
    said: list[str] = []
    try:
        for name, text in files.items():
            target = os.path.join(folder, name)  # noqa: PTH118 - for ten thousand files, Path costs as much as writing
            parent = os.path.dirname(target)  # noqa: PTH120
            if parent not in fresh:
                fresh[parent] = _make_folder(parent)
            mode, content = 0o755 if name.endswith(".sh") else 0o644, text.encode()
            if fresh[parent] or not _holds(target, content, mode):
                _replace(target, f"{parent}/.{os.getpid()}-{len(said)}", content, mode)
            said.append(f"{target}\n")
    except OSError as error:
        raise InputError(
            diagnostic(
                "AT001",
                f"{folder} cannot be written to: {(error.strerror or str(error)).lower()}",
                writer=Writer(Source.USER, str(folder)),
                help="choose another folder with -o",
            )
        ) from None
    finally:
        sys.stdout.writelines(said)


def _make_folder(path: str) -> bool:
    """Make a folder, if need be; whether it was not there."""
    try:
        os.mkdir(path)  # noqa: PTH102
    except OSError:
        os.makedirs(path, exist_ok=True)  # noqa: PTH103
        return False
    return True


def _holds(path: str, content: bytes, mode: int) -> bool:
    """Whether there is such a file already: what watches it need not be told that it changed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with open(descriptor, "rb") as file:  # noqa: PTH123
        found = os.fstat(descriptor)
        if (found.st_mode, found.st_size) != (stat.S_IFREG | mode, len(content)):
            return False
        return file.read() == content


def _replace(target: str, draft: str, content: bytes, mode: int) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        try:
            os.fchmod(descriptor, mode)
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)
        os.replace(draft, target)  # noqa: PTH105
    except OSError:
        with suppress(OSError):
            os.unlink(draft)  # noqa: PTH108
        raise
