"""autotune explain --from-manifest: what emitted files, running pods and containers say of the point they were made from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from autotune.cli.found_files import read_named
from autotune.cli.manifest_edits import edit_warnings
from autotune.cli.output import print_diagnostics, print_json
from autotune.cli.shown_command import printable, without_secrets
from autotune.cli.verbs.compile import wrap_command
from autotune.compare import found_side
from autotune.diagnostics import InputError, diagnostic, suggest
from autotune.engines.provenance import (
    CONFIG_HASH,
    EMITTED,
    LAYERS,
    POINT,
    PREFIX,
    PROFILES,
    SET_BY,
    VERSION,
    count_left_out,
    find_edits,
    read_set_by,
)
from autotune.schema import field_paths, is_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.compare import Side
    from autotune.importing.found_server import FoundServer

_TITLES = {
    "point": "point",
    "profiles": "profiles",
    "layers": "layers",
    "config_hash": "config hash",
    "version": "made by",
    "image": "image",
}


def explain_manifest(name: str, words: Sequence[str], form: str) -> int:
    """Print the provenance of every server there; `words` may name one config path. Edits are warnings (AT119).

    Raises InputError: AT044 where there is no server, AT001 for what cannot be read, AT002 for an unknown path.
    """
    path = _path(words)
    servers = read_named(name)
    sides = [found_side(server, server.where) for server in servers]
    entries = _merged([_explain(server, side, path) for server, side in zip(servers, sides, strict=True)])
    if form == "json":
        print_json(entries)
    else:
        sys.stdout.write("\n".join(_render(entry, path) for entry in entries))
    print_diagnostics([item for side in sides for item in edit_warnings(side)])
    return 0


def _path(words: Sequence[str]) -> str | None:
    if not words:
        return None
    if len(words) > 1 or "=" in words[0]:
        raise InputError(
            diagnostic(
                "AT004",
                f"`{words[-1]}` does not go with --from-manifest",
                help="give one config path or nothing; a manifest is compared with overrides by `autotune diff`",
            )
        )
    if not is_known(words[0]):
        raise InputError(
            diagnostic(
                "AT002", f"unknown config key `{words[0]}`", path=words[0], help=suggest(words[0], field_paths())
            )
        )
    return words[0]


def _explain(server: FoundServer, side: Side, path: str | None) -> dict[str, Any]:
    notes = server.annotations
    made = any(key in notes or key in server.labels for key in (POINT, CONFIG_HASH, EMITTED))
    set_by = read_set_by(notes.get(SET_BY, ""))
    edits = None
    if EMITTED in notes:
        files = None if side.without_files else server.files
        edits = find_edits(notes[EMITTED], server.argv, side.env, files, server.image, injected=server.injected)
    return {
        "where": [server.where],
        "name": side.name,
        "made_by_autotune": made,
        "point": notes.get(POINT, server.labels.get(POINT)),
        "profiles": _list(notes.get(PROFILES)),
        "layers": _list(notes.get(LAYERS)),
        "config_hash": notes.get(CONFIG_HASH),
        "version": notes.get(VERSION),
        "image": server.image,
        "argv": without_secrets(server.argv),
        "set_by": {
            name: {"value": entry.value, "writer": entry.writer}
            for name, entry in set_by.items()
            if path is None or name == path or name.startswith(f"{path}.")
        },
        "left_out": count_left_out(notes.get(SET_BY, "")),
        "annotated": any(key.startswith(PREFIX) for key in notes),
        "edits": None if edits is None else [{"kind": edit.kind, "name": edit.name, "how": edit.how} for edit in edits],
    }


def _merged(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same server in several files once, with all the places."""
    kept: list[dict[str, Any]] = []
    for entry in entries:
        for known in kept:
            same = ("name", "made_by_autotune", "point", "config_hash", "argv", "edits", "set_by")
            if entry["made_by_autotune"] and all(known[key] == entry[key] for key in same):
                known["where"] += entry["where"]
                known |= {key: entry[key] for key in ("image", "version") if known[key] is None}
                break
        else:
            kept.append(entry)
    return kept


def _list(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _render(entry: dict[str, Any], path: str | None) -> str:
    lines = [entry["name"] or entry["where"][0]]
    lines += [f"  in           {place}" for place in entry["where"]]
    if not entry["made_by_autotune"]:
        lines.append("  not made by autotune: it has neither its annotations nor its label")
    for key, title in _TITLES.items():
        if value := entry[key]:
            text = ", ".join(value) if isinstance(value, list) else f"autotune {value}" if key == "version" else value
            lines.append(f"  {title:<13}{text}")
    if entry["made_by_autotune"] and not entry["profiles"]:
        lines.append(f"  {'profiles':<13}none" if entry["annotated"] else "  its annotations were taken away")
    if path is None:
        lines += f"  {'command':<13}{wrap_command(tuple(entry['argv']), ' ' * 13)}".split("\n")
    if entry["made_by_autotune"]:
        lines += _set_by(entry, path)
        lines.append(f"  {'as emitted':<13}{_state(entry['edits'])}")
    return "".join(f"{printable(line)}\n" for line in lines)


def _set_by(entry: dict[str, Any], path: str | None) -> Iterable[str]:
    entries = entry["set_by"]
    if path is not None and not entries:
        yield f"  {path} was left as the base defaults have it, or to the engine"
        return
    if entries:
        yield "  set by"
    texts = {name: f"{name} = {_value(item['value'])}" for name, item in entries.items()}
    width = min(60, max((len(text) for text in texts.values()), default=0))
    for name, item in entries.items():
        yield f"    {texts[name]:<{width}}  {item['writer']}"
    if entry["left_out"]:
        yield f"    and {entry['left_out']} more, for which the annotation had no room"


def _state(edits: list[dict[str, str]] | None) -> str:
    if edits is None:
        return "not known: it has no checksums"
    if not edits:
        return "yes: image, flags, environment and files are those that autotune wrote"
    return "no: " + ", ".join(f"{edit['name']} {edit['how']}" for edit in edits)


def _value(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)
