"""Which model a command serves, under which names, and on which port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.catalog import find_model
from autotune.diagnostics import InputError
from autotune.importing.draft import NAME_FLAGS, has_variable, several
from autotune.importing.imported import Status
from autotune.importing.refuse import refuse
from autotune.layers import get_path

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts
    from autotune.importing.draft import Draft
    from autotune.importing.target import Target

#: Ports that servers listen on unless told otherwise (each engine's own command line).
PORTS = {"vllm": 8000, "sglang": 30000, "trtllm": 8000, "transformers": 8000}


def name_model(draft: Draft, target: Target) -> ModelFacts | None:
    """model.id, and model.path where the engine is given something else than the name that facts are known by; gives the facts."""
    typed = target.model
    chosen = draft.given.get("model.id")
    if typed is None and chosen is None:
        raise refuse(
            f"the command of {draft.engine} names no model",
            draft.server.where,
            "give the whole command, or name the model beside it: model.id=org/name",
        )
    if typed is not None and has_variable(typed) and chosen is None and not draft.given.get("model.path"):
        raise refuse(
            f"the model is `{typed}`, and nothing says what that is",
            draft.server.where,
            "write the model's name, or set the variable before the command",
        )
    labelled = draft.server.annotations.get("autotune/model")
    if typed is None or has_variable(typed):
        return find_facts(draft, str(chosen), None)
    said = f"model {typed}"
    if draft.engine == "transformers" and chosen is None and "@" in typed and not typed.startswith(("/", ".")):
        name, _, revision = typed.partition("@")
        draft.put("model.id", name, f"from `{typed}`")
        draft.put("model.revision", revision, f"from `{typed}`")
        draft.account.add(said, Status.MAPPED, ("model.id", "model.revision"))
        return find_facts(draft, name, None)
    known = str(chosen or labelled or typed)
    facts = find_facts(draft, known, typed if known != typed else None)
    if chosen is None and facts is not None and draft.catalog.models.get(facts.id) is facts:
        # A short name is the catalog's alone; the engine is given what was typed.
        known = facts.id
    draft.put("model.id", known, f"from `{typed}`" if known == typed else "the name that facts are known by")
    if known != typed:
        draft.put("model.path", typed, f"from `{typed}`")
    draft.account.add(said, Status.MAPPED, ("model.id",) if known == typed else ("model.id", "model.path"))
    if facts is None:
        draft.comments["model.id"] += "; no facts are known about it"
    return facts


def find_facts(draft: Draft, name: str, path: str | None) -> ModelFacts | None:
    """As the compiler finds them: a folder on this machine, else the catalog."""
    for place in (path, name):
        if place is not None and (facts := draft.read_model(place)) is not None:
            return facts
    try:
        return find_model(draft.catalog, name)
    except InputError:
        return None


def take_port(draft: Draft, target: Target, values: dict[str, Any]) -> None:
    """deploy.port: as said, else the engine's own."""
    port = values.get("--port")
    if isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65535:
        draft.put("deploy.port", port, f"from `{target.arguments.written['--port']}`")
    elif port is not None:
        values.pop("--port")
        draft.account.add(
            target.arguments.written["--port"], Status.LEFT_OUT, note="that is no port number: add deploy.port=..."
        )
    elif PORTS[draft.engine] != 8000:
        draft.put("deploy.port", PORTS[draft.engine], f"{draft.engine} listens there unless told otherwise")


def take_names(draft: Draft, target: Target, values: dict[str, Any]) -> None:
    """model.served_name and model.aliases; without them the name that the engine would take."""
    flag = next((name for name in NAME_FLAGS if name in values), None)
    if flag is not None:
        names = [str(item) for item in several(values[flag])]
        identity = get_path(draft.data, ("model", "id"))
        if names[:1] != [identity] or names[1:]:
            draft.put("model.served_name", names[0], f"from `{target.arguments.written[flag]}`")
        if names[1:]:
            draft.put("model.aliases", names[1:], f"from `{target.arguments.written[flag]}`")
    elif (
        target.model is not None
        and draft.engine != "transformers"
        and target.model != get_path(draft.data, ("model", "id"))
        and not has_variable(target.model)
    ):
        draft.put("model.served_name", target.model, "the name that the engine gives it")
