"""A found server as the settings of a v2 task: every argument at a config path that gives it again, or kept as it is.

The steps: the engine's command and version; where the server runs and what it serves; the table read backwards (`invert`);
what is left stays verbatim in misc.extra_args and misc.env; and at the end the whole is lowered once more and compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.diagnostics import Source, Writer
from autotune.engines import ENGINES
from autotune.engines.known import known_flags
from autotune.importing.arguments import FILE, KEY
from autotune.importing.draft import Draft
from autotune.importing.findings import find_problems
from autotune.importing.hardware import count_gpus, find_variants, place_server
from autotune.importing.imported import Account, Imported, Status
from autotune.importing.invert import Inverter
from autotune.importing.launch import find_launch
from autotune.importing.leftovers import take_apart, verify, write_paths, write_rest
from autotune.importing.naming import name_model, take_names, take_port
from autotune.importing.placing import place_secrets, place_unread
from autotune.importing.refuse import refuse
from autotune.importing.target import Target, read_target
from autotune.importing.unwrap import unwrap
from autotune.importing.version import choose_version
from autotune.layers import copy_tree, get_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autotune.catalog.facts import Catalog, ModelFacts
    from autotune.engines.engine import Facts
    from autotune.engines.known import KnownFlags
    from autotune.importing.found_server import FoundServer

_CONFIG_FLAGS = ("--config", "--extra_llm_api_options")


def _no_folder(_: str) -> ModelFacts | None:
    return None


def to_settings(
    server: FoundServer,
    catalog: Catalog,
    *,
    given: Mapping[str, Any] | None = None,
    read_model: Callable[[str], ModelFacts | None] = _no_folder,
    base: Mapping[str, Any] | None = None,
) -> Imported:
    """The server as settings, with the account of everything that it says.

    `given` are config paths that the user decides (`system.gpu`, `system.backend_version`, `model.id` ...); they win over the
    command. `base` is the config that a task file is laid over, where it is not the schema's defaults. Raises InputError:
    AT042 where no engine is started or no model named, AT020 for a version that is not known, AT011 for an unknown GPU.
    """
    decided = dict(given or {})
    backend = decided.get("system.backend")
    engine, words, server = unwrap(server, backend if isinstance(backend, str) else None)
    if backend not in (None, engine):
        raise refuse(
            f"the command starts {engine}, and system.backend={backend} is said",
            server.where,
            "drop one of them; an import changes no engine",
        )
    account = Account()
    secret, env = place_secrets(server, account)
    wanted = decided.get("system.backend_version")
    version, target = choose_version(
        engine,
        None if wanted is None else str(wanted),
        server.image,
        lambda number: read_target(engine, words, env, server.files, known_flags(engine, number)),
    )
    writer = Writer(Source.USER, server.where)
    data = copy_tree(dict(base or {})) | {"model": {}}
    draft = Draft(
        server, engine, known_flags(engine, version.known), catalog, decided, read_model, writer, data, account=account
    )
    launched = find_launch(server.argv) is not None
    draft.put("system.backend", engine, f"from `{' '.join(server.argv[:2])}`" if launched else "from the image")
    for path, value in decided.items():
        draft.put(path, value, "said beside the command")
    if version.asked is not None:
        draft.put("system.backend_version", version.asked, f"from {version.why}")
    facts = name_model(draft, target)
    if secret is not None:
        draft.put("deploy.hf_token_secret", secret, "only the reference is ever written")
    place_server(draft, target)
    variants = find_variants(draft, facts)
    values = take_apart(draft, target)
    take_port(draft, target, values)
    take_names(draft, target, values)
    inverter = _invert(draft, target, values, variants, lambda: read_target(engine, words, env, {}, draft.known))
    draft.data = inverter.data
    write_paths(draft, inverter, target)
    write_rest(draft, inverter, target, values)
    added = verify(draft, inverter, target, values)
    count_gpus(draft, variants[0])
    place_unread(server, account)
    _note(draft, target)
    return Imported(
        where=server.where,
        name=server.name or f"{engine}-{str(get_path(draft.data, ('model', 'id'))).rpartition('/')[2]}",
        engine=engine,
        version=version.known,
        settings=draft.settings(),
        parts=tuple(account.parts),
        values=values,
        added=added,
        keeps_file=FILE in inverter.kept,
        variants=tuple(variants),
        diagnostics=tuple(draft.found + find_problems(draft)),
    )


def _invert(
    draft: Draft,
    target: Target,
    values: dict[str, Any],
    variants: Sequence[Facts],
    without_file: Callable[[], Target],
) -> Inverter:
    """Read the table backwards. A JSON flag or a file of which a part has no path is kept whole, and the rest read anew."""
    kept: set[str] = set()
    start = copy_tree(draft.data)
    while True:
        inverter = Inverter(
            ENGINES[draft.engine],
            draft.known,
            variants,
            values,
            copy_tree(start),
            frozenset(draft.given),
            frozenset(kept),
        )
        inverter.run()
        rest = inverter.unmatched()
        found = {name.partition(KEY)[0] for name in values if KEY in name and name not in rest}
        more = {flag for name in rest if KEY in name and (flag := name.partition(KEY)[0]) in found} - kept
        if any(name.startswith(FILE) for name in rest) and FILE not in kept:
            keys = [name.removeprefix(FILE) for name in rest if name.startswith(FILE)]
            draft.account.add(
                f"{', '.join(keys)} in {target.file}",
                Status.LEFT_OUT,
                (f"misc.extra_args.{_file_flag(draft.known)}",),
                "no config path gives it here, so the file stays as it is: it must lie at that path where the server runs",
            )
            again = without_file()
            for name in [name for name in values if name not in again.values]:
                values.pop(name)
            values |= {name: item for name, item in again.values.items() if name in _CONFIG_FLAGS}
            target.arguments.written |= again.arguments.written
            more.add(FILE)
        if not more:
            return inverter
        kept |= more


def _note(draft: Draft, target: Target) -> None:
    """What was learnt while reading the command."""
    for note in target.arguments.notes:
        draft.account.add(note, Status.NOTED, note="read as the engine's parser would")
    if target.missing is not None:
        draft.account.add(
            f"the file {target.missing}",
            Status.LEFT_OUT,
            (f"misc.extra_args.{_file_flag(draft.known)}",),
            "it was not there to be read, and stays a path: it must lie there where the server runs",
        )


def _file_flag(known: KnownFlags) -> str:
    return next((name for name in _CONFIG_FLAGS if name in known.flags), _CONFIG_FLAGS[0])
