"""What executor=auto means on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from autotune.diagnostics import Diagnostic, diagnostic
from autotune.schema import DockerExecutor, EmulatedExecutor, LocalExecutor
from autotune.workspace.cpus import Cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from autotune.engines.deployment import Deployment
    from autotune.run.executor import Settings
    from autotune.workspace.hardware import GpuPlace


@dataclass(frozen=True, slots=True)
class Probes:
    """How to look at this machine: where a command is, the catalog names of the GPUs (product names of unknown ones), the
    Python package that a command line needs and does not find, whether a Docker engine of this machine answers, where the
    GPUs are, and which CPU cores may be used.
    """

    command: Callable[[str], str | None]
    gpus: Callable[[], tuple[str, ...]]
    missing_module: Callable[[Sequence[str]], str | None] = lambda _: None
    docker: Callable[[], bool] = lambda: False
    places: Callable[[], tuple[GpuPlace, ...]] = tuple
    cpus: Callable[[], Cpus] = Cpus


@dataclass(frozen=True, slots=True)
class Choice:
    """The executor that is used; `note` says why, where auto chose."""

    settings: Settings
    note: Diagnostic | None = None


def choose_executor(settings: Settings, deployments: Iterable[Deployment], probes: Probes) -> Choice:
    """Settle executor=auto: local where every engine and its device are here, docker where the devices and a Docker engine
    are, else emulated. Others stay as they are.
    """
    if settings.name != "auto":
        return Choice(settings)
    deployments = list(deployments)
    no_engine = next((reason for item in deployments if (reason := _no_engine(item, probes))), None)
    no_device = next((reason for item in deployments if (reason := _no_device(item, probes))), None)
    if no_engine is None and no_device is None:
        return _choice(LocalExecutor(name="local"), "local: the engine and its device are on this machine")
    if no_device is None and all(item.gpus for item in deployments) and probes.docker():
        return _choice(DockerExecutor(name="docker"), f"docker: {no_engine}, and a Docker engine and the GPUs are here")
    lacking = no_engine or no_device
    return _choice(EmulatedExecutor(name="emulated"), f"emulated: {lacking}; nothing will be measured on hardware")


def probe_machine() -> Probes:
    """Probes of the machine this runs on."""
    from autotune.run.local import find_engine_command, missing_module
    from autotune.workspace.cpus import usable_cpus
    from autotune.workspace.hardware import nvidia_places

    return Probes(
        command=lambda name: find_engine_command(name, None),
        gpus=local_gpus,
        missing_module=lambda argv: missing_module(argv, None),
        docker=docker_answers,
        places=nvidia_places,
        cpus=usable_cpus,
    )


def docker_answers() -> bool:
    """Whether somebody listens at the address of the Docker engine, and that is one of this machine."""
    from autotune.run.docker.address import EngineError, find_address

    address = find_address(None)
    try:
        address.knock()
    except EngineError:
        return False
    return address.here


def local_gpus() -> tuple[str, ...]:
    """The GPUs of this machine as NVML lists them, each by its catalog name, or by its product name when unknown."""
    from autotune.catalog import builtin_catalog
    from autotune.workspace.hardware import match_gpu, nvidia_products

    catalog = builtin_catalog()
    names = []
    for product in nvidia_products():
        match = match_gpu([product], catalog.gpus)
        names.append(product if match is None else match[0])
    return tuple(names)


def visible_devices(count: int) -> tuple[str, ...]:
    """The ids of the GPUs that a process started here may use: CUDA_VISIBLE_DEVICES where it is set, else 0 to count-1."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        return tuple(str(index) for index in range(count))
    names = (item.strip() for item in listed.split(","))
    # The list ends where CUDA ends it: at the first name of no device (most often -1, which hides all GPUs).
    return tuple(takewhile(lambda name: name and not name.startswith("-") and name != "NoDevFiles", names))[:count]


def _no_engine(deployment: Deployment, probes: Probes) -> str | None:
    if probes.command(deployment.argv[0]) is None:
        return f"`{deployment.argv[0]}` is not on PATH"
    if (module := probes.missing_module(deployment.argv)) is not None:
        return f"`{deployment.argv[0]}` has no module `{module}`"
    return None


def _no_device(deployment: Deployment, probes: Probes) -> str | None:
    if deployment.gpu_vendor == "cpu":
        return None
    if deployment.nodes > 1:
        return f"the deployment spans {deployment.nodes} nodes"
    here = probes.gpus()
    matching = sum(name == deployment.gpu_name for name in here)
    if matching >= deployment.gpus:
        return None
    found = f"{matching} x {deployment.gpu_name}" if matching else f"{len(here)} x {here[0]}" if here else "no GPU"
    return f"{deployment.gpus} x {deployment.gpu_name} is asked for and this machine has {found}"


def _choice(settings: Settings, reason: str) -> Choice:
    return Choice(settings, diagnostic("AT203", f"executor=auto took {reason}", path="executor"))
