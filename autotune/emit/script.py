"""Shell scripts from the templates in templates/, with every value quoted."""

from __future__ import annotations

import functools
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.emit.heading import one_line_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment, Template

#: What is longer is rarely met twice, and would fill memory.
_LONGEST_KEPT = 512


class _Safe(str):
    """Text that may stand in a script as it is."""

    __slots__ = ()


def render_script(template: str, **values: Any) -> str:
    """The script that `templates/<template>` gives.

    Whatever an expression of the template yields is quoted for the shell, without the template having to ask for it. The
    filter `comments` makes lines of it that begin with `#`, `words` further words of a command, each on a line of its own.
    A name the template does not know is an error (StrictUndefined).
    """
    return _template(template).render(values)


@functools.cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


def _quote(value: object) -> str:
    if type(value) is _Safe:
        return value
    text = str(value)
    return _quoted(text) if len(text) <= _LONGEST_KEPT else _Safe(shlex.quote(text))


@functools.lru_cache(maxsize=4096)
def _quoted(text: str) -> _Safe:
    return _Safe(shlex.quote(text))


def _comments(lines: Sequence[str]) -> _Safe:
    return _Safe("# " + "\n# ".join(one_line_each(lines)))


def _words(words: Sequence[str]) -> _Safe:
    short = max(map(len, words), default=0) <= _LONGEST_KEPT
    return _Safe("".join([f" \\\n  {word}" for word in map(_quoted if short else _quote, words)]))


@functools.cache
def _environment() -> Environment:
    # Imported when the first script is rendered: most verbs never do.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    package = Path(__file__).parents[1]
    environment = Environment(
        loader=FileSystemLoader([package / "templates", package.parent / "templates"]),  # in a wheel, in a checkout
        undefined=StrictUndefined,
        finalize=_quote,
        autoescape=False,  # noqa: S701 - shell, not HTML; `finalize` does the quoting
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # templates come with the package
    )
    environment.filters |= {"comments": _comments, "words": _words}
    return environment
