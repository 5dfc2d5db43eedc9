"""Manifests of many servers that are alike but for their name, labels, annotations and arguments.

What servers of one shape have in common is laid out once, as a frame with holes, and filled with what is each server's own.
A frame is drawn from documents in which the objects that are a server's own stand as holes, never by looking for texts that
are alike; it is drawn twice, for two servers with nothing of their own in common, and used where both give the same frame.
"""

from __future__ import annotations

from dataclasses import fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from autotune.emit.labels import label_set, object_annotations, pod_annotations, selector
from autotune.emit.manifest import HOLE, Hole, dump_documents, lay_below
from autotune.emit.pod import arguments
from autotune.emit.scalars import value_text
from autotune.engines.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Build = Callable[[Deployment], list[dict[str, Any]]]

#: The fields that servers of one shape may differ in; every other one is part of the shape.
_OWN = frozenset({"name", "labels", "annotations", "argv", "loads"})
_fields_of_shape = attrgetter(*(field.name for field in fields(Deployment) if field.name not in _OWN))
_MOST_FRAMES = 256
#: Text, hole, text, hole, ...; empty for a shape that was met once, of one text where it can have no frame.
_frames: dict[tuple[Any, ...], tuple[str, ...]] = {}


def dump_server(deployment: Deployment, build: Build, heading: Iterable[str]) -> str:
    """`dump_documents(build(deployment), heading)`, sooner. `build` is a pure function that has refused the server by now.

    A server with files or with servers behind it is one of its kind.
    """
    if deployment.files or deployment.parts:
        return dump_documents(build(deployment), heading)
    shape = _shape(deployment, build)
    frame = _frames.get(shape)
    if frame is None:
        if len(_frames) >= _MOST_FRAMES:
            _frames.clear()
        _frames[shape] = ()
        return dump_documents(build(deployment), heading)
    if not frame:
        frame = _frames[shape] = _draw_twice(deployment, build)
    if len(frame) == 1:
        return dump_documents(build(deployment), heading)
    return "".join([*[f"# {line}\n" for line in heading], *_fill(frame, deployment)])


def _shape(deployment: Deployment, build: Build) -> tuple[Any, ...]:
    values = [tuple(value.items()) if isinstance(value, dict) else value for value in _fields_of_shape(deployment)]
    argv = deployment.argv
    return (build, argv[0], len(argv) > 1, bool(object_annotations(deployment)), *values)


def _own_parts(deployment: Deployment) -> dict[str, Any]:
    return {
        "name": deployment.name,
        "labels": label_set(deployment),
        "selector": selector(deployment),
        "object": object_annotations(deployment),
        "pod": pod_annotations(deployment),
        "arguments": arguments(deployment.argv),
    }


def _fill(frame: tuple[str, ...], deployment: Deployment) -> list[str]:
    parts = _own_parts(deployment)
    filled = list(frame)
    for place in range(1, len(frame), 2):
        name, _, pad = frame[place].partition(":")
        part = parts[name]
        filled[place] = value_text(part) or "" if name == "name" else lay_below(part, pad)
    return filled


def _draw_twice(deployment: Deployment, build: Build) -> tuple[str, ...]:
    """The frame of the servers like this one; of one text where it is not the same for two of them."""
    first, other = (
        replace(
            deployment,
            name=f"{word}-server",
            labels={word: word},
            annotations={word: word} if object_annotations(deployment) else {},
            argv=(deployment.argv[0], *((word,) if len(deployment.argv) > 1 else ())),
            loads=(),
        )
        for word in ("first", "other")
    )
    frame = _draw(first, build)
    return frame if frame == _draw(other, build) else ("",)


def _draw(deployment: Deployment, build: Build) -> tuple[str, ...]:
    holes = {id(part): Hole(name) for name, part in _own_parts(deployment).items()}
    return tuple(dump_documents(_with_holes(document, holes) for document in build(deployment)).split(HOLE))


def _with_holes(data: Any, holes: Mapping[int, Hole]) -> Any:
    """The same data with a hole for each object that is one of the server's own."""
    if id(data) in holes:
        return holes[id(data)]
    if isinstance(data, dict):
        return {key: _with_holes(value, holes) for key, value in data.items()}
    return [_with_holes(item, holes) for item in data] if isinstance(data, list) else data
