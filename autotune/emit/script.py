"""Shell scripts from the templates in templates/, with every value quoted."""

from __future__ import annotations

import functools
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.emit.heading import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jinja2 import Environment, Template

#: What is longer is rarely met twice, and would fill memory.
_LONGEST_KEPT = 512


#: Begins and ends a hole; no server with this character in any of its texts gets as far as a script.
_HOLE = "\0"


class Safe(str):
    """Text that may stand in a script as it is."""

    __slots__ = ()


def render_script(template: str, **values: Any) -> str:
    """The script that `templates/<template>` gives.

    Whatever an expression of the template yields is quoted for the shell, without the template having to ask for it; what
    `comments` and `words` give is Safe already. A name the template does not know is an error (StrictUndefined).
    """
    return _template(template).render(values)


def render_around(template: str, parts: Mapping[str, Safe], **values: Any) -> str:
    """The same of `values` and `parts`, for many servers that have the values in common: those are rendered once. All of them
    must be hashable.
    """
    pieces = list(_pieces(template, tuple(parts), tuple(values.items())))
    pieces[1::2] = [parts[name] for name in pieces[1::2]]
    return "".join(pieces)


@functools.lru_cache(maxsize=16)
def _pieces(template: str, parts: tuple[str, ...], values: tuple[tuple[str, Any], ...]) -> tuple[str, ...]:
    """Text, name of a part, text, ..., text."""
    holes = {name: Safe(f"{_HOLE}{name}{_HOLE}") for name in parts}
    return tuple(render_script(template, **holes, **dict(values)).split(_HOLE))


def comments(lines: Iterable[str]) -> Safe:
    """Lines for readers of the script."""
    return Safe("# " + "\n# ".join(map(one_line, lines)))


def words(words: Sequence[str]) -> Safe:
    """Further words of a command, each on a line of its own."""
    short = max(map(len, words), default=0) <= _LONGEST_KEPT
    start = " \\\n  "
    return Safe(start + start.join(map(_quoted if short else _quote, words)) if words else "")


@functools.cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


def _quote(value: object) -> str:
    if type(value) is Safe:
        return value
    text = str(value)
    return _quoted(text) if len(text) <= _LONGEST_KEPT else Safe(shlex.quote(text))


@functools.lru_cache(maxsize=4096)
def _quoted(text: str) -> Safe:
    return Safe(shlex.quote(text))


@functools.cache
def _environment() -> Environment:
    # Imported when the first script is rendered: most verbs never do.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    package = Path(__file__).parents[1]
    return Environment(
        loader=FileSystemLoader([package / "templates", package.parent / "templates"]),  # in a wheel, in a checkout
        undefined=StrictUndefined,
        finalize=_quote,
        autoescape=False,  # noqa: S701 - shell, not HTML; `finalize` does the quoting
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # templates come with the package
    )
