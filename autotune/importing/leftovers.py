"""What no config path gives: kept verbatim, and the whole compared once more with what was said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import hide_secrets, holds_secret
from autotune.importing.arguments import ENV, FILE, KEY, same
from autotune.importing.draft import NAME_FLAGS, has_variable, several
from autotune.importing.imported import Status
from autotune.importing.tables import TABLES
from autotune.layers import copy_tree, set_path, split_path
from autotune.schema import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.known import KnownFlags
    from autotune.importing.draft import Draft
    from autotune.importing.invert import Inverter
    from autotune.importing.target import Target

NOT_FILLED = "the variable is taken literally, nothing fills it in: write its value"


def take_apart(draft: Draft, target: Target) -> dict[str, Any]:
    """The arguments that the lowered task has to give again, without those that are decided otherwise."""
    values = target.values
    out: set[str] = set()
    for name in list(values):
        if name == "--host":
            draft.account.add(
                target.arguments.written[name],
                Status.NOTED,
                note="who runs the server sets it: all addresses in a container, loopback on this machine",
            )
            out.add(name)
        elif not name.startswith((ENV, FILE)) and any(
            holds_secret(name.partition(KEY)[0], str(item)) for item in several(values[name])
        ):
            draft.account.add(
                f"{name.partition(KEY)[0]} (hidden)",
                Status.LEFT_OUT,
                note="a secret is not copied; set it where the server runs",
            )
            out.add(name)
    for name in out:
        values.pop(name)
    return values


def write_paths(draft: Draft, inverter: Inverter, target: Target) -> None:
    """Comments and the account of what was found."""
    done: set[str] = set()
    for path, names in inverter.paths.items():
        said = list(dict.fromkeys(_said(name, target) for name in names))
        draft.comments[path] = f"from `{' '.join(said)}`"
        for text in said:
            if has_variable(text):
                draft.account.add(text, Status.LEFT_OUT, (path,), NOT_FILLED)
            else:
                draft.account.add(text, Status.MAPPED, (path,))
        done |= set(names)
    for name in inverter.target:
        if name in done or name in inverter.unmatched():
            continue
        path = {"--port": "deploy.port"}.get(name, "model.served_name" if name in NAME_FLAGS else "")
        note = "" if path else "every server of autotune has it"
        draft.account.add(_said(name, target), Status.MAPPED if path else Status.NOTED, (path,) if path else (), note)


def write_rest(draft: Draft, inverter: Inverter, target: Target, values: Mapping[str, Any]) -> None:
    """What no path gives stays as it is, in misc.extra_args and misc.env."""
    objects: dict[str, dict[str, Any]] = {}
    for name in inverter.unmatched():
        said = _said(name, target)
        if overridden := decided_by(draft, name):
            draft.account.add(
                said, Status.LEFT_OUT, (overridden,), f"{overridden} is said beside the command, and wins"
            )
            continue
        if name.startswith(ENV):
            keep(draft, f"misc.env.{name.removeprefix(ENV)}", values[name], said)
        elif KEY in name:
            flag, _, key = name.partition(KEY)
            objects.setdefault(flag, {})[key] = values[name]
        else:
            keep(draft, f"misc.extra_args.{name}", _extra(values[name], name, draft.known), said)
    for flag, entries in objects.items():
        keep(draft, f"misc.extra_args.{flag}", entries, target.arguments.written[f"{flag}{KEY}{next(iter(entries))}"])


def keep(draft: Draft, path: str, value: Any, said: str) -> None:
    """One verbatim flag or variable, if the schema can hold it."""
    data = copy_tree(draft.data)
    set_path(data, split_path(path), value)
    texts = json.dumps(value, ensure_ascii=False)
    reason = ""
    if path in draft.given:
        draft.account.add(said, Status.LEFT_OUT, (path,), f"{path} is said beside the command, and wins")
        return
    if "${" in texts:
        reason = "a task cannot hold `${`: write the value itself"
    else:
        try:
            Config.model_validate(data)
        except ValueError:
            reason = "a task cannot hold it: the name is not one of a flag or variable"
    if reason:
        draft.account.add(said, Status.REFUSED, (), reason)
        return
    draft.data = data
    draft.comments[path] = f"`{said}`" if said.partition(" ")[0] != path.rpartition(".")[2] else ""
    if has_variable(texts):
        draft.account.add(said, Status.LEFT_OUT, (path,), NOT_FILLED)
    elif doubt := _no_number(path.rpartition(".")[2], value, draft.known):
        draft.account.add(said, Status.LEFT_OUT, (path,), doubt)
    else:
        draft.account.add(said, Status.KEPT, (path,))


def _no_number(name: str, value: Any, known: KnownFlags) -> str:
    """What is to be said of text where the engine's parser reads a number."""
    spelling = known.find(name)
    if spelling is None or spelling.flag.kind not in ("int", "float"):
        return ""
    if not any(isinstance(item, str) and item not in spelling.flag.takes for item in several(value)):
        return ""
    return f"it is kept as written, and the engine may refuse it: it takes a value of type {spelling.flag.kind} there"


def decided_by(draft: Draft, name: str) -> str | None:
    """The path that the user decided and that would write this argument."""
    flag = name.partition(KEY)[0]
    for row in TABLES[draft.engine].rows:
        if row.path in draft.given and row.holds_for(draft.known.version):
            names = {item.flag.name for text in (row.flag, row.off) if text and (item := draft.known.find(text))}
            if flag in names or name in (f"{ENV}{row.env}", f"{FILE}{row.key}"):
                return row.path
    return "deploy.port" if name == "--port" and "deploy.port" in draft.given else None


def verify(draft: Draft, inverter: Inverter, target: Target, values: dict[str, Any]) -> tuple[str, ...]:
    """Lower the whole once more; what does not come back is refused. Gives the flags that come beside them."""
    added: dict[str, None] = {}
    gone: dict[str, str] = {}
    decided = {name for name in values if decided_by(draft, name)}
    for facts in inverter.variants:
        done = inverter.lower(draft.data, facts)
        assert done is not None
        lowered = inverter.values(done[1])
        why = {item.path or "": item for item in done[1].diagnostics}
        for name, value in values.items():
            if name in decided or (name in lowered and same(lowered[name], value)):
                continue
            finding = why.get(f"misc.extra_args.{name.partition(KEY)[0]}") or why.get(
                f"misc.env.{name.removeprefix(ENV)}"
            )
            gone[name] = (
                f"{finding.message}{'; ' + finding.help if finding.help else ''}"
                if finding
                else target.arguments.wrong.get(name, "it does not come back when the task is compiled")
            )
        added |= {name: None for name in lowered if name not in values and not name.startswith((ENV, FILE))}
    for name in decided:
        values.pop(name)
    wrong = target.arguments.wrong
    gone |= {word: wrong[word] for word in wrong if word not in values and not word.startswith("-")}
    for name, reason in gone.items():
        said = hide_secrets(_said(name, target))
        if any(part.said == said and part.status is Status.REFUSED for part in draft.account.parts):
            continue
        draft.account.parts = [part for part in draft.account.parts if part.said != said]
        draft.account.add(said, Status.REFUSED, (), reason)
    return tuple(added)


def _said(name: str, target: Target) -> str:
    """An argument as it was written."""
    if name.startswith(ENV):
        key = name.removeprefix(ENV)
        return f"env {key}={target.env.get(key, '')}"
    return target.arguments.written.get(name, name)


def _extra(value: Any, name: str, known: KnownFlags) -> Any:
    """A value as misc.extra_args holds it: what is no plain value is the JSON text of it."""
    spelling = known.find(name)
    if spelling is None and isinstance(value, tuple) and len(value) == 1:
        return value[0]
    if isinstance(value, tuple):
        return [item if isinstance(item, bool | int | float | str) else json.dumps(item) for item in value]
    if spelling is not None and spelling.flag.kind == "json" and not isinstance(value, dict | bool | str):
        return json.dumps(value)
    return value
