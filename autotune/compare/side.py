"""One server as a side of a comparison, whatever it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from autotune.diagnostics import InputError, Source, hide_secrets
from autotune.engines.deployment import INSTANCE
from autotune.engines.disagg import ROLE_LABEL
from autotune.engines.known import known_versions
from autotune.engines.provenance import EMITTED, POINT, SET_BY, read_set_by, shown_value
from autotune.engines.spelling import spell_value
from autotune.importing.command_line import read_command
from autotune.importing.launch import engine_of_image, find_launch, find_script, tag_of
from autotune.layers import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.compiled import CompiledPoint
    from autotune.engines.deployment import Deployment
    from autotune.importing.found_server import FoundServer
    from autotune.store.result import Result


@dataclass(frozen=True, slots=True)
class Side:
    """A server and, as far as it is known, the config behind it.

    `config` maps dotted paths to values as `shown_value` gives them, None where nothing is known of it; `whole` says whether
    base defaults are in it. `said` are the paths that somebody set, `writers` who. `key` is what sets the server apart from the
    others of its side, as texts `path=value`. `version` is None where the engine is known and its version is not.
    """

    title: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    files: Mapping[str, str]
    image: str | None = None
    name: str | None = None
    engine: str | None = None
    version: str | None = None
    config: Mapping[str, Any] | None = None
    whole: bool = False
    said: frozenset[str] = frozenset()
    writers: Mapping[str, str] = field(default_factory=dict)
    key: frozenset[str] = frozenset()
    point: str | None = None
    injected: bool = False
    without_files: bool = False
    """Its config files are elsewhere, so nothing is known of them."""
    where: str | None = None
    """The place that a found server stands at."""
    emitted: str | None = None
    """The annotation with the checksums that autotune wrote, and the command line that they are for."""
    emitted_argv: tuple[str, ...] = ()


def point_sides(point: CompiledPoint, title: str) -> list[Side]:
    """The server of a compiled point; with disaggregated serving the router and each server behind it. Empty without one."""
    if point.deployment is None:
        return []
    config = {path: shown_value(path, value) for path, value in _leaves(point.data)}
    said = {path for path, writer in point.origin.items() if writer.source is not Source.BASE}
    writers = {path: str(writer) for path, writer in point.origin.items()}
    key = frozenset(hide_secrets(text) for text in point.swept)
    sides: list[Side] = []
    for role, server in _servers(point.deployment):
        sides.append(
            Side(
                title=f"{title}, {role}" if role else title,
                argv=server.argv,
                env=server.env,
                files=server.files,
                image=server.image,
                name=server.name,
                engine=server.engine,
                version=server.engine_version,
                # The config is the point's: it is compared once, with the server that clients talk to.
                config=None if sides else config,
                whole=True,
                said=frozenset(said),
                writers=writers,
                key=key | ({f"role={role}"} if role else set()),
                point=point.id,
            )
        )
    return sides


def result_side(result: Result, title: str) -> Side:
    """The server of a stored result."""
    server = result.deployment
    said = {path for path, writer in result.origin.items() if not writer.startswith(("conf/", "default", "the "))}
    return Side(
        title=title,
        argv=tuple(server.get("argv", ())),
        env=server.get("env", {}),
        files=server.get("files", {}),
        image=server.get("image"),
        name=server.get("name"),
        engine=server.get("engine"),
        version=server.get("engine_version"),
        config={path: shown_value(path, value) for path, value in _leaves(result.config)},
        whole=True,
        said=frozenset(said),
        writers=result.origin,
        point=result.point_id,
    )


def found_side(found: FoundServer, title: str) -> Side:
    """A server that somebody wrote down; its annotations say who set what, where autotune has made it."""
    argv, env = found.argv, dict(found.env)
    if find_launch(argv) is None and (script := find_script(argv)) is not None:
        try:
            inner = read_command(script[1], found.where)
            argv, env = inner.argv, env | inner.env
        except InputError:
            pass  # more than one simple command: the words are compared as they stand
    launch = find_launch(argv)
    engine = engine_of_image(found.image) if launch is None else launch.engine
    entries = read_set_by(found.annotations[SET_BY]) if SET_BY in found.annotations else None
    role = found.labels.get(ROLE_LABEL)
    return Side(
        title=title,
        argv=argv,
        env=env,
        files=found.files,
        image=found.image,
        name=found.labels.get(INSTANCE, found.name),
        engine=engine,
        version=None if engine is None else _version_of(engine, found.image),
        config=None if entries is None else {path: entry.value for path, entry in entries.items()},
        said=frozenset(entries or ()),
        writers={path: entry.writer for path, entry in (entries or {}).items()},
        key=frozenset({f"role={role}"} if role else ()),
        point=found.annotations.get(POINT, found.labels.get(POINT)),
        injected=found.injected,
        without_files=found.files_elsewhere,
        where=found.where,
        emitted=found.annotations.get(EMITTED),
        emitted_argv=found.argv,
    )


def keyed(sides: Iterable[Side]) -> dict[str, frozenset[str]]:
    """For sides without sweeps of their own: by title, the settings that not all of them share."""
    texts = {
        side.title: frozenset(f"{path}={spell_value(value)}" for path, value in (side.config or {}).items()) | side.key
        for side in sides
    }
    shared = frozenset.intersection(*texts.values()) if texts else frozenset()
    return {title: text - shared for title, text in texts.items()}


def _servers(deployment: Deployment) -> Iterable[tuple[str, Deployment]]:
    if not deployment.parts:
        yield "", deployment
        return
    yield "router", deployment
    counts: dict[str, int] = {}
    for part in deployment.parts:
        role = part.labels.get(ROLE_LABEL, "server")
        counts[role] = counts.get(role, 0) + 1
        yield (role if counts[role] == 1 else f"{role} {counts[role]}"), part


def _leaves(data: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Paths with values; a map without entries is none, as it goes when it gets its first one."""
    return ((".".join(path), value) for path, value in flatten(data) if value is not None and value != {})


def _version_of(engine: str, image: str | None) -> str | None:
    """The newest known version that the image's tag does not contradict, from its numbers; None where it has none."""
    tag = (tag_of(image or "") or "").lstrip("v").partition("-")[0]
    try:
        wanted = Version(tag)
    except InvalidVersion:
        return None
    versions = known_versions(engine)
    same = [item for item in versions if Version(item).release == wanted.release]
    near = [item for item in versions if Version(item) <= wanted]
    chosen = same or near
    return chosen[-1] if chosen else None
