"""The GPUs in this machine, through NVML."""

from __future__ import annotations

import ctypes
import functools
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from autotune.catalog.facts import Gpu

Answer = TypeVar("Answer")

_PCI_DEVICES = Path("/sys/bus/pci/devices")


class GpuPlace(NamedTuple):
    """A GPU by its number (nvidia-smi's, in PCI order) and its UUID; and its NUMA node, None where that is not known."""

    number: int
    uuid: str
    numa_node: int | None = None


@functools.cache
def nvidia_products() -> tuple[str, ...]:
    """Product names of the GPUs that NVML sees, e.g. `NVIDIA H100 80GB HBM3`; empty without a driver."""
    if not _has_nvml():
        return ()
    import pynvml

    return _ask_nvml(
        lambda: tuple(
            _text(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(index)))
            for index in range(pynvml.nvmlDeviceGetCount())
        ),
        (),
    )


@functools.cache
def nvidia_places() -> tuple[GpuPlace, ...]:
    """Where the GPUs that NVML sees are; empty without a driver."""
    import pynvml

    def place(number: int) -> GpuPlace:
        handle = pynvml.nvmlDeviceGetHandleByIndex(number)
        bus = _text(pynvml.nvmlDeviceGetPciInfo(handle).busId)
        return GpuPlace(number, _text(pynvml.nvmlDeviceGetUUID(handle)), numa_node(bus))

    return _ask_nvml(lambda: tuple(place(number) for number in range(pynvml.nvmlDeviceGetCount())), ())


def numa_node(bus_id: str, devices: Path = _PCI_DEVICES) -> int | None:
    """The NUMA node of a PCI device, e.g. `00000000:3B:00.0`; None where the kernel does not know (it says -1).

    NVML writes the domain with eight digits, sysfs with four (https://docs.kernel.org/PCI/sysfs-pci.html).
    """
    domain, _, rest = bus_id.lower().partition(":")
    try:
        node = int((devices / f"{domain[-4:]}:{rest}" / "numa_node").read_text())
    except (OSError, ValueError):
        return None
    return node if node >= 0 else None


@functools.cache
def nvidia_driver() -> str | None:
    """The version of NVIDIA's driver, e.g. `550.54.15`; None without one."""
    if not _has_nvml():
        return None
    import pynvml

    return _ask_nvml(lambda: _text(pynvml.nvmlSystemGetDriverVersion()), None)


def match_gpu(products: Iterable[str], gpus: Mapping[str, Gpu]) -> tuple[str, int] | None:
    """The catalog name of the first product, and how many there are of it; None when the catalog has no such GPU.

    Products are compared by the words of NVIDIA's own name, which the catalog's node labels spell with dashes.
    """
    listed = list(products)
    if not listed:
        return None
    wanted = _words(listed[0])
    for gpu in gpus.values():
        labels = [gpu.product, *gpu.node_labels.values()]
        if any(_words(label) == wanted for label in labels):
            return gpu.name, sum(_words(product) == wanted for product in listed)
    return None


def _has_nvml() -> bool:
    """Whether the driver's library is there, asked as the bindings ask, which take 20 ms to import, before they are."""
    if sys.platform != "linux":
        return True
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def _ask_nvml(question: Callable[[], Answer], otherwise: Answer) -> Answer:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return otherwise
    try:
        return question()
    except pynvml.NVMLError:
        return otherwise
    finally:
        pynvml.nvmlShutdown()


def _text(answer: str | bytes) -> str:
    """NVML's strings, which older bindings give as bytes."""
    return answer.decode() if isinstance(answer, bytes) else str(answer)


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"[^a-z0-9]+", text.lower()))
