"""The task while it is put together: settings with their comments, and the account of what was said."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from autotune.compiler.validate import validate
from autotune.diagnostics import InputError, Source, Writer, hide_secrets
from autotune.importing.imported import Account, Status
from autotune.importing.refuse import refuse, shorten
from autotune.layers import copy_tree, get_path, set_path, split_path
from autotune.schema import field_paths
from autotune.schema.task_text import Setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.catalog.facts import Catalog, ModelFacts
    from autotune.diagnostics import Diagnostic
    from autotune.engines.known import KnownFlags
    from autotune.importing.found_server import FoundServer

#: A variable of a shell or of a manifest.
_VARIABLE = re.compile(r"\$(?:[A-Za-z_{(]|\d)")
NAME_FLAGS = ("--served-model-name", "--served_model_name")


@dataclass(slots=True)
class Draft:
    """What is decided so far. `data` is the config, `comments` say of each path that is set where its value is from.

    `given` are the paths that the user decided beside the command, `found` the findings that no part of the account is.
    """

    server: FoundServer
    engine: str
    known: KnownFlags
    catalog: Catalog
    given: dict[str, Any]
    read_model: Callable[[str], ModelFacts | None]
    writer: Writer
    data: dict[str, Any]
    comments: dict[str, str] = field(default_factory=dict)
    account: Account = field(default_factory=Account)
    found: list[Diagnostic] = field(default_factory=list)

    def put(self, path: str, value: Any, comment: str) -> None:
        """One setting. What the user decided stays; what the schema cannot hold is left out.

        Raises InputError for a wrong value of the user's (AT002, AT003) and for a model that cannot be one (AT042).
        """
        if path in self.given and value != self.given[path]:
            return
        data = copy_tree(self.data)
        set_path(data, split_path(path), value)
        wrong = [item for item in validate(data, {})[1] if _touches(item.path, path)]
        if wrong and path in self.given:
            raise InputError(*(replace(item, writer=Writer(Source.USER, override=f"{path}={value}")) for item in wrong))
        if wrong and path in ("model.id", "model.path"):
            raise refuse(f"this cannot be a model: {shorten(str(value))}", self.server.where, "write the model's name")
        if wrong:
            self.account.add(f"{path} {shorten(str(value))}", Status.LEFT_OUT, note=shorten(wrong[0].message))
            return
        self.data = data
        self.comments[path] = comment

    def settings(self) -> tuple[Setting, ...]:
        """In the order of the schema, each with its comment."""
        ranks = {path: index for index, path in enumerate(field_paths())}
        found: list[tuple[int, Setting]] = []
        for path, comment in self.comments.items():
            keys = split_path(path)
            rank = ranks.get(path, ranks.get(".".join(keys[:2]), len(ranks)))
            found.append((rank, Setting(keys, get_path(self.data, keys), hide_secrets(comment))))
        return tuple(item for _, item in sorted(found, key=lambda pair: pair[0]))


def _touches(found: str | None, path: str) -> bool:
    """Whether a finding's path is the path, lies in it, or is the unknown key on the way to it."""
    return found is not None and (f"{found}.".startswith(f"{path}.") or f"{path}.".startswith(f"{found}."))


def has_variable(text: str) -> bool:
    """Whether a text holds a variable that nothing has filled in."""
    return _VARIABLE.search(text) is not None


def several(value: Any) -> tuple[Any, ...]:
    """An argument's values, however many."""
    return value if isinstance(value, tuple) else (value,)
