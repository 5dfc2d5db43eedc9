"""Deployments as files that other tools start: scripts, Compose files, Kubernetes manifests. Nothing runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, diagnostic, suggest, unique
from autotune.emit.compose import ComposeEmitter
from autotune.emit.docker import DockerEmitter
from autotune.emit.k8s import KubernetesEmitter
from autotune.emit.shell import ShellEmitter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.diagnostics import Diagnostic
    from autotune.emit.emitter import Emitter
    from autotune.engines.deployment import Deployment

#: Every target by the name that `emit --target` takes. A new one is a module of its own and a line here.
EMITTERS: dict[str, Emitter] = {
    "shell": ShellEmitter(),
    "docker": DockerEmitter(),
    "compose": ComposeEmitter(),
    "k8s": KubernetesEmitter(),
}

__all__ = ["EMITTERS", "emit_point", "find_emitters"]


def find_emitters(names: Iterable[str]) -> dict[str, Emitter]:
    """The emitters of these targets, in the order asked for, each once.

    Raises InputError (AT029) that lists every unknown name.
    """
    wanted = dict.fromkeys(names)
    unknown = [
        diagnostic("AT029", f"unknown target {name!r}", help=suggest(name, EMITTERS))
        for name in wanted
        if name not in EMITTERS
    ]
    if unknown:
        raise InputError(*unknown)
    return {name: EMITTERS[name] for name in wanted}


def emit_point(deployment: Deployment, targets: Iterable[str]) -> dict[str, str]:
    """Relative path -> text of every file of these targets; paths are `<deployment.name>/<file>`, with `/`.

    Raises InputError (AT029) with what each of the targets cannot hold, and writes nothing.
    """
    files: dict[str, str] = {}
    findings: list[Diagnostic] = []
    for emitter in find_emitters(targets).values():
        try:
            emitted = emitter.emit(deployment)
        except InputError as error:
            findings.extend(error.diagnostics)
        else:
            files.update({f"{deployment.name}/{name}": text for name, text in emitted.items()})
    if findings:
        raise InputError(*unique(findings))
    return files
