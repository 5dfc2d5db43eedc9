"""What a form of the New pages holds: a sweep in the making, as text. It lives in the page's address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from autotune.compose.overrides import format_value
from autotune.compose.spelling import spell_field
from autotune.schema import Config
from autotune.schema.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.workspace.load import Workspace

PROFILE = "profile"
#: Further overrides, one a line, as typed on a command line.
ALSO = "also"


@dataclass(frozen=True, slots=True)
class Draft:
    """`values` maps config paths and groups to the text typed for them; `also` are further overrides as typed."""

    values: Mapping[str, str]
    profiles: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def overrides(self) -> list[str]:
        """The words of the command line that say the same, `-m` left out."""
        names = list(dict.fromkeys(self.profiles))
        words = [f"+profile={format_value(names[0] if len(names) == 1 else names)}"] if names else []
        fields = {field.path: field for group in Config.model_fields for field in fields_of(group)}
        words += [f"{name}={text}" for name, text in self.values.items() if "." not in name]
        known = [path for path in fields if path in self.values]
        words += [word for path in known for word in spell_field(fields[path], self.values[path])]
        words += [f"{name}={text}" for name, text in self.values.items() if "." in name and name not in fields]
        return [*words, *self.also]

    def items(self) -> list[tuple[str, str]]:
        """Names and values of the form's fields that hold something."""
        also = [(ALSO, "\n".join(self.also))] if self.also else []
        return [*self.values.items(), *((PROFILE, name) for name in self.profiles), *also]

    def query(self, **more: str) -> str:
        """The draft as a query string, beginning with `?`; with nothing in it, empty."""
        pairs = [*self.items(), *((key, value) for key, value in more.items() if value)]
        return f"?{urlencode(pairs)}" if pairs else ""


def read_draft(items: Iterable[tuple[str, str]], groups: Iterable[str]) -> Draft:
    """The draft of a query string or a form. A name that stands there several times is a sweep, the order kept.

    Names that are neither a path (with a dot) nor a config group are the page's own, and passed over.
    """
    known = frozenset(groups)
    values: dict[str, str] = {}
    profiles: list[str] = []
    also: list[str] = []
    for name, text in items:
        typed = text.strip()
        if not typed:
            continue
        if name == PROFILE:
            profiles.append(typed)
        elif name == ALSO:
            also += [line.strip() for line in typed.splitlines() if line.strip()]
        elif "." in name or name in known:
            values[name] = f"{values[name]},{typed}" if name in values else typed
    return Draft(values, tuple(profiles), tuple(also))


def first_draft(workspace: Workspace) -> Draft:
    """What the form begins with: the defaults, emulated where this machine has no GPU."""
    return Draft({} if workspace.world.detected_gpu else {"executor": "emulated"})
