"""What no target can hold: texts no process can be given, names and paths that cannot be written down safely."""

from __future__ import annotations

import posixpath
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import Diagnostic, InputError, diagnostic
from autotune.emit.latest import of_latest
from autotune.engines.deployment import INSTANCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from autotune.engines.deployment import Deployment, Volume

DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IMAGE = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._:/@]*")
_FILE_PATH = re.compile(r"(?:/[-A-Za-z0-9._]+)+")
#: The key of a text that has none.
_ALONE = ("",)
#: NUL ends a string for the kernel; a lone surrogate has no UTF-8 form.
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")


def refuse(*findings: Iterable[Diagnostic]) -> None:
    """Raise InputError with everything found, if anything was."""
    if found := [item for group in findings for item in group]:
        raise InputError(*found)


def fault(message: str, path: str | None = None, remedy: str | None = None) -> Diagnostic:
    return diagnostic("AT029", message, path=path, help=remedy)


@of_latest
def find_faults(deployment: Deployment) -> Sequence[Diagnostic]:
    """AT029 for everything in the deployment that no target can hold."""
    return tuple(_find_faults(deployment))


def _find_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    groups = list(_texts(deployment))
    if _are_writable(chain.from_iterable([group[3] for group in groups])):
        groups = []
    for path, what, keys, texts in groups:
        for key, text in zip(keys, texts, strict=True):
            if match := _UNWRITABLE.search(text):
                character = "a NUL character" if match[0] == "\0" else "half of a surrogate pair"
                named, place = what.format(key=key), None if path is None else path.format(key=key)
                yield fault(f"{named} holds {character}, which no process can be given", place, "remove it")
    if not DNS_LABEL.fullmatch(deployment.name):
        yield fault(f"the name {deployment.name!r} is not a DNS label (a-z, 0-9 and -, at most 63 characters)")
    if not _IMAGE.fullmatch(deployment.image):
        yield fault(f"{deployment.image!r} is not a container image", "system.image", "as in vllm/vllm-openai:v0.33.0")
    if not deployment.argv or not deployment.argv[0]:
        yield fault("there is no command to run")
    yield from _environment_faults(deployment)
    yield from _path_faults(deployment)
    asked = deployment.labels.get(INSTANCE, deployment.name)
    if asked != deployment.name:
        yield fault(
            f"the label {INSTANCE} is the deployment's name, not {asked!r}", f"deploy.labels.{INSTANCE}", "leave it out"
        )


def find_node_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    """AT029 for a target that starts one process on one machine, when the server spans several."""
    if deployment.nodes > 1:
        yield fault(
            f"the server spans {deployment.nodes} nodes, and this target starts it on one",
            "system.nodes",
            "emit to lws, or lower parallel.tp and parallel.pp until one node is enough",
        )


def _environment_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    for name in [*deployment.env, *(secret.env for secret in deployment.secrets)]:
        if not _ENV_NAME.fullmatch(name):
            yield fault(f"{name!r} cannot name an environment variable", "misc.env", "use letters, digits and _")
    names = [secret.env for secret in deployment.secrets]
    for name in dict.fromkeys(names):
        if name in deployment.env:
            yield fault(f"{name} is both a secret and a plain variable", f"misc.env.{name}", "drop it from misc.env")
        if names.count(name) > 1:
            yield fault(f"two secrets are to become {name}")


def _path_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    for path in deployment.files:
        if not _FILE_PATH.fullmatch(path) or path != posixpath.normpath(path):
            yield fault(f"{path!r} is no plain absolute file path")
    targets = [volume.mount_path for volume in deployment.volumes]
    for volume in deployment.volumes:
        yield from _volume_faults(volume)
        if targets.count(volume.mount_path) > 1:
            yield fault(f"two volumes are to appear at {volume.mount_path!r}", "deploy.mount_path")


def _volume_faults(volume: Volume) -> Iterator[Diagnostic]:
    if not volume.mount_path.startswith("/"):
        yield fault(f"{volume.mount_path!r} is not an absolute path", "deploy.mount_path")
    if volume.host_path is not None and not volume.host_path.startswith("/"):
        yield fault(f"{volume.host_path!r} is not an absolute path", "deploy.host_path")
    if volume.sub_path is not None and (volume.sub_path.startswith("/") or ".." in volume.sub_path.split("/")):
        yield fault(f"{volume.sub_path!r} leaves its volume", "deploy.pvc_subpath", "use a relative path without ..")
    if [volume.pvc, volume.host_path, volume.medium].count(None) != 2:
        yield fault(f"volume {volume.name!r} needs exactly one of a claim, a host path and a medium")


def _texts(deployment: Deployment) -> Iterator[tuple[str | None, str, Iterable[Any], Iterable[str]]]:
    """(config path, what it is, keys, the text at each of them) of everything that reaches an emitted file.

    `{key}` in the first two stands for a text's key, and `{key!r}` for its spelling.
    """
    argv, env, files = deployment.argv, deployment.env, deployment.files
    yield None, "argument {key} of the command", range(len(argv)), argv
    yield "misc.env.{key}", "the value of {key}", env, env.values()
    yield None, "the file {key!r}", files, files.values()
    for kind, entries in (
        ("labels", deployment.labels),
        ("annotations", deployment.annotations),
        ("node_selector", deployment.node_selector),
    ):
        yield f"deploy.{kind}", "the key {key!r}", entries, entries
        yield f"deploy.{kind}.{{key}}", "the value of {key!r}", entries, entries.values()
    for volume in deployment.volumes:
        yield "deploy.mount_path", "the mount path", _ALONE, (volume.mount_path,)
        yield "deploy.host_path", "the host path", _ALONE, (volume.host_path or "",)
        yield "deploy.pvc_subpath", "the folder inside the claim", _ALONE, (volume.sub_path or "",)
    if deployment.autoscaling is not None:
        prometheus = deployment.autoscaling.prometheus or ""
        yield "deploy.autoscale.prometheus", "the address of Prometheus", _ALONE, (prometheus,)
    yield "model.id", "the model", _ALONE, (deployment.model,)
    yield "model.served_name", "the served name", _ALONE, (deployment.served_name,)
    yield "system.backend_version", "the engine's version", _ALONE, (deployment.engine_version,)


def _are_writable(texts: Iterable[str]) -> bool:
    """Whether there is nothing for _UNWRITABLE to find, in a fraction of its time."""
    whole = "".join(texts)
    if whole.isascii():
        return "\0" not in whole
    return _UNWRITABLE.search(whole) is None
