"""A bash script that starts the server on the machine it is run on, with the engine installed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autotune.emit.config_files import config_files
from autotune.emit.faults import fault, find_faults, find_node_faults, refuse
from autotune.emit.heading import cluster_remarks, heading, provenance_remarks
from autotune.emit.script import comments, render_around, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment, Volume

#: Variables that bash sets, counts or keeps read only, so that an `export` would not reach the server as given.
# fmt: off
_BASH_OWN = frozenset({
    "_", "BASHOPTS", "BASHPID", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_CMDS", "BASH_COMMAND",
    "BASH_LINENO", "BASH_REMATCH", "BASH_SOURCE", "BASH_SUBSHELL", "BASH_VERSINFO", "COMP_WORDBREAKS", "DIRSTACK",
    "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS", "HISTCMD", "LINENO", "OPTARG", "OPTIND",
    "PIPESTATUS", "PPID", "RANDOM", "SECONDS", "SHELLOPTS", "SHLVL", "SRANDOM", "UID",
})
# fmt: on


class ShellEmitter:
    """`shell.sh`: environment, config files, then `exec` of the command, one argument a line.

    Which GPUs are used is left to the caller's CUDA_VISIBLE_DEVICES.
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        refuse(find_faults(deployment), find_node_faults(deployment), _own_faults(deployment))
        lines = heading(deployment, *provenance_remarks(deployment), *_remarks(deployment))
        script = render_around(
            "shell.sh.j2",
            {"heading": comments(lines), "command": words(deployment.argv)},
            secrets=tuple(sorted(deployment.secrets, key=lambda item: item.env)),
            folders=_folders(deployment.volumes),
            scratch=tuple([volume.mount_path for volume in deployment.volumes if volume.medium is not None]),
            files=tuple(config_files(deployment)),
            env=tuple(sorted(deployment.env.items())),
        )
        return {"shell.sh": script}


def _own_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    for name in deployment.env:
        if name in _BASH_OWN:
            yield fault(f"bash keeps {name} for itself and would not pass it on", f"misc.env.{name}", "rename it")


def _remarks(deployment: Deployment) -> list[str]:
    remarks = cluster_remarks(deployment)
    if deployment.gpu_vendor == "nvidia":
        remarks.append("CUDA_VISIBLE_DEVICES of the caller says which GPUs are used.")
    if deployment.gpu_vendor == "amd":
        remarks.append("HIP_VISIBLE_DEVICES of the caller says which GPUs are used.")
    return remarks


class _Folder(NamedTuple):
    path: str
    message: str


def _folders(volumes: Iterable[Volume]) -> tuple[_Folder, ...]:
    """Folders that a container would have mounted and that must be there already, with what to say if they are not."""
    folders = []
    for volume in volumes:
        if volume.medium is None:
            source = f"the folder {volume.host_path}" if volume.pvc is None else f"the files of the claim {volume.pvc}"
            message = f"{volume.mount_path} is missing: mount or link {source} there"
            folders.append(_Folder(volume.mount_path, message))
    return tuple(folders)
