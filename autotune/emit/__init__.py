"""Deployments as files that other tools start: scripts, Compose files, Kubernetes manifests. Nothing runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, diagnostic, suggest, unique
from autotune.emit.compose import ComposeEmitter
from autotune.emit.docker import DockerEmitter
from autotune.emit.dynamo import DynamoEmitter
from autotune.emit.helm import HelmEmitter
from autotune.emit.helm_sweep import HelmSweep
from autotune.emit.k8s import KubernetesEmitter
from autotune.emit.kserve import KServeEmitter
from autotune.emit.kserve_llm import KServeLlmEmitter
from autotune.emit.kustomize import KustomizeEmitter
from autotune.emit.kustomize_sweep import KustomizeSweep
from autotune.emit.lws import LwsEmitter
from autotune.emit.ome import OmeEmitter
from autotune.emit.shell import ShellEmitter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.emit.emitter import Emitter
    from autotune.emit.sweep import SweepEmitter
    from autotune.engines.deployment import Deployment

#: Every target by the name that `emit --target` takes. A new one is a module of its own and a line here.
EMITTERS: dict[str, Emitter] = {
    "shell": ShellEmitter(),
    "docker": DockerEmitter(),
    "compose": ComposeEmitter(),
    "dynamo": DynamoEmitter(),
    "helm": HelmEmitter(),
    "k8s": KubernetesEmitter(),
    "kserve": KServeEmitter(),
    "kserve-llm": KServeLlmEmitter(),
    "kustomize": KustomizeEmitter(),
    "lws": LwsEmitter(),
    "ome": OmeEmitter(),
}

#: Targets that lay the servers of a sweep over what they share; of a lone server they have the emitter above.
SWEEP_EMITTERS: dict[str, SweepEmitter] = {
    "helm": HelmSweep(),
    "kustomize": KustomizeSweep(),
}

#: Targets in which servers find each other by name, so that a router can have servers behind it.
NAMED = frozenset({"helm", "k8s", "kustomize"})
#: Targets with a router of their own: they take ours with the servers behind it as one thing.
WHOLE = frozenset({"dynamo"})

#: Servers whose files `stream_sweep` keeps rather than emit them a second time.
_MOST_KEPT = 256

__all__ = ["EMITTERS", "SWEEP_EMITTERS", "emit_point", "emit_sweep", "find_emitters", "stream_sweep"]


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
    for target, emitter in find_emitters(targets).items():
        try:
            files.update(_emit_with_parts(target, emitter, deployment))
        except InputError as error:
            findings.extend(error.diagnostics)
    if findings:
        raise InputError(*unique(findings))
    return files


def emit_sweep(deployments: Sequence[Deployment], targets: Iterable[str]) -> dict[str, str]:
    """Relative path -> text of every file of these targets, for servers that each have a name of their own.

    A target of SWEEP_EMITTERS has one folder, named after it, for all servers; the others have one for each, as
    `emit_point` has. So have routers, which bring their servers with them, and a server that is alone.
    Raises InputError (AT029) with what each of the targets cannot hold, of all servers, and writes nothing.
    """
    return {name: text for files in stream_sweep(deployments, targets) for name, text in files.items()}


def stream_sweep(deployments: Sequence[Deployment], targets: Iterable[str]) -> Iterator[dict[str, str]]:
    """What `emit_sweep` gives, a server at a time: the texts of ten thousand take memory by the 100 MB.

    All servers are emitted once before the first text is given, so that nothing is when one of them is refused.
    """
    names = list(find_emitters(targets))
    alike = [deployment for deployment in deployments if not deployment.parts]
    laid = [name for name in names if name in SWEEP_EMITTERS] if len(alike) > 1 else []
    emitted: list[dict[str, str]] = []
    whole: list[dict[str, str]] = []
    findings: list[Diagnostic] = []

    def emit(deployment: Deployment) -> dict[str, str]:
        return emit_point(deployment, [name for name in names if deployment.parts or name not in laid])

    for number, deployment in enumerate(deployments):
        try:
            files = emit(deployment)
        except InputError as error:
            findings.extend(error.diagnostics)
        else:
            if number < _MOST_KEPT:
                emitted.append(files)
    for name in laid:
        try:
            whole.append(SWEEP_EMITTERS[name].emit_sweep(alike))
        except InputError as error:
            findings.extend(error.diagnostics)
    if findings:
        raise InputError(*unique(findings))
    yield from emitted
    yield from map(emit, deployments[len(emitted) :])
    yield from whole


def _emit_with_parts(target: str, emitter: Emitter, deployment: Deployment) -> dict[str, str]:
    """The files of a server and, in folders of their own below it, of the servers behind it."""
    if deployment.parts and target not in NAMED | WHOLE:
        raise InputError(
            diagnostic(
                "AT029",
                f"target {target} starts servers that do not find each other by name, and a router needs that",
                path="system.serving_mode",
                help=f"emit disaggregated serving to {' or '.join(sorted(NAMED | WHOLE))}",
            )
        )
    files = {f"{deployment.name}/{name}": text for name, text in emitter.emit(deployment).items()}
    for part in () if target in WHOLE else deployment.parts:
        files |= {f"{deployment.name}/{part.name}/{name}": text for name, text in emitter.emit(part).items()}
    return files
