"""Command lines as flags in one spelling: `-tp 2`, `--tensor_parallel_size=2` and `--tensor-parallel-size 2` are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.engines.flag_groups import split_flag_groups
from autotune.engines.known import known_flags, known_versions
from autotune.engines.spelling import spell_values
from autotune.importing.arguments import KEY, read_arguments
from autotune.importing.launch import find_launch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.engines.known import KnownFlags

#: Flags by which some engines take what others take without one.
_MODEL = ("--model", "--model-path", "--model-tag")
MODEL, COMMAND = "model", "command"

Flags = dict[str, tuple[str, ...]]


def read_flags(argv: Sequence[str], engine: str | None, version: str | None) -> Flags:
    """Flag -> its values, () for a bare one; the model stands under `model`, other words before the flags under `command`.

    The command itself and the way it is started (`vllm serve`, `python -m ...`) are left out where the engine is known.
    """
    launch = find_launch(argv)
    if engine is None or engine not in _engines() or (launch is None and _has_command(argv)):
        return _plain(argv)
    known = known_flags(engine, version if version in known_versions(engine) else known_versions(engine)[-1])
    words = list(argv if launch is None else argv[launch.arguments :])
    read = read_arguments(words, known)
    flags: Flags = {}
    if read.positionals:
        flags[MODEL] = tuple(read.positionals)
    for name, value in read.values.items():
        shown, values = _one(name, value, known)
        flags[MODEL if shown in _MODEL and MODEL not in flags else shown] = values
    return flags


def _engines() -> frozenset[str]:
    return frozenset(engine for engine in ("vllm", "sglang", "trtllm", "transformers") if known_versions(engine))


def _has_command(argv: Sequence[str]) -> bool:
    """Whether the words begin with a command of their own, rather than with what an image's entry point is given."""
    return bool(argv) and not argv[0].startswith("-") and len(argv) > 1 and not argv[1].startswith("-")


def _one(name: str, value: Any, known: KnownFlags) -> tuple[str, tuple[str, ...]]:
    """The name and values of one argument; a switch that is off is the flag with `false`, a key of JSON stands behind a dot."""
    spelling = known.find(name)
    values = tuple(spell_values(value))
    if spelling is not None and spelling.negative:
        return spelling.flag.name, ("false",)
    return name.replace(KEY, "."), values


def _plain(argv: Sequence[str]) -> Flags:
    flags: Flags = {}
    for flag, values in split_flag_groups(argv):
        name = flag or COMMAND
        flags[name] = (*flags.get(name, ()), *values)
    return flags
