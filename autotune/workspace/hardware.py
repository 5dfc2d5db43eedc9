"""The GPUs in this machine, through NVML."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from autotune.catalog.facts import Gpu

Answer = TypeVar("Answer")


@functools.cache
def nvidia_products() -> tuple[str, ...]:
    """Product names of the GPUs that NVML sees, e.g. `NVIDIA H100 80GB HBM3`; empty without a driver."""
    import pynvml

    return _ask_nvml(
        lambda: tuple(
            _text(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(index)))
            for index in range(pynvml.nvmlDeviceGetCount())
        ),
        (),
    )


@functools.cache
def nvidia_driver() -> str | None:
    """The version of NVIDIA's driver, e.g. `550.54.15`; None without one."""
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
