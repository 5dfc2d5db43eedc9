"""The command line's overrides, read with Hydra's own grammar, as dimensions of a sweep."""

from __future__ import annotations

import functools
import itertools
import random
import re
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from autotune.compose.plain_override import read_plain
from autotune.compose.settings import Alternative, Dimension, HydraOnly, setting_for
from autotune.diagnostics import Diagnostic, InputError, Source, Writer, diagnostic

# Hydra is imported where it is needed: most command lines are read without it, and importing it takes 0.2 s.
if TYPE_CHECKING:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import Override

_EXTRA = re.compile(r"^\+{0,2}misc\.extra_args\.(--[A-Za-z0-9][\w.-]*)=(.*)$", re.DOTALL)
_VERSION = re.compile(r"(?<![\w.'\"])(\d+(?:\.\d+)+)(?![\w.'\"])")
_TIED = re.compile(r"^\+{0,2}[A-Za-z_][\w./]*(,[A-Za-z_][\w./]*)+$")

Options = Callable[[str], list[str]]


#: Which of Hydra's launchers runs the jobs. Its own, `basic`, runs them in this process, which autotune does itself.
LAUNCHER = "hydra/launcher="
_BASIC = f"{LAUNCHER}basic"
#: Values of one override; more would fill the memory before anything is compiled.
_MOST_VALUES = 100_000


def split_launcher(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """What is said to Hydra about where jobs run, and the rest. The first is empty where no launcher is chosen."""
    words = list(words)
    to_hydra = [word for word in words if word.lstrip("+").startswith(("hydra/", "hydra."))]
    chosen = [word for word in to_hydra if word.lstrip("+").startswith(LAUNCHER)]
    if not chosen:
        return [], words
    rest = [word for word in words if word not in to_hydra]
    return ([] if chosen[-1] == _BASIC else to_hydra), rest


def parse_overrides(
    texts: Iterable[str], groups: Collection[str], options: Options, *, sweeps: bool
) -> list[Dimension]:
    """Each override as a dimension, in the order typed.

    `groups` are the config groups known, `options(group)` their options (for `glob(*)`). `sweeps` says whether a sweep
    was asked for (-m). Raises InputError with every override that is wrong: AT004 grammar, AT005 a sweep without -m.
    """
    found: list[Diagnostic] = []
    dimensions: list[Dimension] = []
    for text in texts:
        try:
            dimension = _parse(text, groups, options)
        except InputError as error:
            found += error.diagnostics
            continue
        if dimension.swept and not sweeps:
            found.append(
                diagnostic(
                    "AT005",
                    f"`{text}` holds {len(dimension.alternatives)} values, and no sweep was asked for",
                    writer=Writer(Source.USER, override=text),
                    help="add -m to run one point for each, write a list as [a,b], or quote the value if the comma belongs to it",
                )
            )
        dimensions.append(dimension)
    if found:
        raise InputError(*found)
    return dimensions


def _parse(text: str, groups: Collection[str], options: Options) -> Dimension:
    key, equals, right = text.partition("=")
    if equals and _TIED.match(key):
        return _parse_tied(text, key.lstrip("+").split(","), right, groups)
    if key.lstrip("+") == "system.backend_version":
        # Hydra reads 0.10 as the number 0.1; a version is text.
        grammatical, name = key + "=" + _VERSION.sub(r"'\1'", right), "system.backend_version"
    elif extra := _EXTRA.match(text):
        # Hydra's grammar has no dashes at the start of a key, and engine flags begin with two.
        grammatical, name = f"flag={extra[2]}", f"misc.extra_args.{extra[1]}"
    else:
        grammatical, name = text, ""
    if (plain := read_plain(grammatical)) is not None:
        return _dimension(name or plain.key, list(plain.values), groups, text, swept=plain.swept)
    override = _parse_one(grammatical, text)
    name = name or override.key_or_group.replace("/", ".")
    writer = Writer(Source.USER, override=text)
    if override.is_delete() or override.package is not None or name.split(".")[0] == "hydra":
        if override.is_sweep_override():
            raise _wrong(text, "Hydra's own settings and deletions cannot be swept")
        return Dimension(((HydraOnly(text, writer),),))
    swept = override.is_sweep_override()
    values = _sweep_values(override, options) if swept else [override.value()]
    return _dimension(name, values, groups, text, swept=swept)


def _dimension(name: str, values: list[Any], groups: Collection[str], text: str, *, swept: bool) -> Dimension:
    if not swept:
        return Dimension((_alternative(name, values[0], groups, Writer(Source.USER, override=text), text),))
    writer = Writer(Source.SWEEP, override=text)
    return Dimension(
        tuple(_alternative(name, value, groups, writer, f"{name}={format_value(value)}") for value in values),
        swept=True,
    )


def _parse_tied(text: str, names: list[str], right: str, groups: Collection[str]) -> Dimension:
    """`parallel.tp,parallel.dp=[1,8],[2,4]`: the parameters move together."""
    if (plain := read_plain(f"tied={right}")) is not None:
        values = list(plain.values)
    else:
        override = _parse_one(f"tied={right}", text)
        values = _sweep_values(override, lambda _: []) if override.is_sweep_override() else [override.value()]
    writer = Writer(Source.SWEEP, override=text)
    return tie(names, values, groups, writer, text)


def tie(names: list[str], rows: Iterable[Any], groups: Collection[str], writer: Writer, text: str) -> Dimension:
    """One alternative a row, each row holding one value for each name. Raises InputError (AT004) for a row that does not."""
    alternatives = []
    for row in rows:
        if not isinstance(row, list) or len(row) != len(names):
            raise InputError(
                diagnostic(
                    "AT004",
                    f"tied parameters {', '.join(names)} need {len(names)} values each time, and {format_value(row)} is not that",
                    writer=writer,
                    help=f"for example `{','.join(names)}=[{','.join('1' * len(names))}],[{','.join('2' * len(names))}]`",
                )
            )
        alternatives.append(
            tuple(
                setting_for(name, value, groups, writer, f"{name}={format_value(value)}")
                for name, value in zip(names, row, strict=True)
            )
        )
    if not alternatives:
        raise InputError(
            diagnostic("AT004", f"`{text}` sweeps over nothing", writer=writer, help="give at least one value")
        )
    return Dimension(tuple(alternatives), swept=True)


@functools.cache
def _parser() -> OverridesParser:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create()


def _parse_one(text: str, shown: str) -> Override:
    if "=" not in text and not text.startswith("~"):
        raise _wrong(
            shown,
            "it has no `=`",
            help="overrides are `path=value`; a task file must exist and end in .yaml, .yml or .json",
        )
    from hydra.errors import HydraException

    try:
        parsed = _parser().parse_override(text)
    except HydraException as error:
        raise _wrong(shown, str(error).strip().splitlines()[0]) from None
    if not parsed.key_or_group:
        raise _wrong(shown, "nothing stands before the `=`")
    return parsed


def _sweep_values(override: Override, options: Options) -> list[Any]:
    from hydra.core.override_parser.types import Glob, IntervalSweep, RangeSweep

    sweep: Any = override._value  # noqa: SLF001 - Hydra's public iterator yields text, which loses types
    if isinstance(sweep, IntervalSweep):
        raise _wrong(
            override.input_line or "",
            "an interval has no end of values",
            help="use range(start,stop,step) or choice(a,b)",
        )
    if isinstance(sweep, Glob):
        values: list[Any] = sweep.filter(options(override.key_or_group))
    elif isinstance(sweep, RangeSweep):
        values = list(itertools.islice(sweep.range(), _MOST_VALUES + 1))
    else:
        values = [_plain(item) for item in sweep.list]
    if getattr(sweep, "shuffle", False):
        random.Random(0).shuffle(values)  # noqa: S311 - an order, not a secret; the same each time
    if not values:
        raise _wrong(override.input_line or "", "it sweeps over nothing")
    if len(values) > _MOST_VALUES:
        raise _wrong(override.input_line or "", f"it sweeps over more than {_MOST_VALUES:,} values")
    return values


def _plain(value: Any) -> Any:
    """Hydra's parsed value as plain data."""
    from hydra.core.override_parser.types import QuotedString

    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    return value


def _alternative(name: str, value: Any, groups: Collection[str], writer: Writer, text: str) -> Alternative:
    if "${" in str(value):
        return (HydraOnly(text, writer),)
    return (setting_for(name, value, groups, writer, text),)


def format_value(value: Any) -> str:
    """A value as it can be typed again in an override."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{','.join(format_value(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{format_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str) and not _reads_back(value):
        # Hydra takes backslashes as they are, but for those before a quote.
        return "'" + re.sub(r"(\\+)(?=')|(\\+)\Z", lambda found: found[0] * 2, value).replace("'", "\\'") + "'"
    return str(value)


def _reads_back(text: str) -> bool:
    """Whether unquoted text is read as that text, not as a number, a list or an error."""
    return bool(re.fullmatch(r"[A-Za-z_/][\w./@:-]*", text, re.ASCII)) and text.lower() not in {
        "null",
        "true",
        "false",
        "nan",
        "inf",
    }


def _wrong(text: str, why: str, help: str | None = None) -> InputError:  # noqa: A002
    return InputError(
        diagnostic(
            "AT004",
            f"override `{text}` cannot be understood: {why}",
            writer=Writer(Source.USER, override=text),
            help=help
            or "write `path=value`, `group=option`, `+profile=name` or `~key`; quote values with special characters: `'path=\"a b\"'`",
        )
    )
