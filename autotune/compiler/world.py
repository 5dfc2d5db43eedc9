"""What the compiler knows beside the point itself: the catalog, the profiles, the engines, this machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from autotune.catalog.facts import Catalog, ModelFacts
    from autotune.engines.engine import Engine
    from autotune.layers import Profile


def _no_folder(name: str) -> ModelFacts | None:  # noqa: ARG001
    return None


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside a point that its compilation depends on; all of it given, none of it looked up.

    `detected_gpu` is the catalog name of the GPU in this machine and how many there are, None where there is none.
    `read_model` gives the facts of a local model folder, None for a name that is no folder.
    """

    catalog: Catalog
    profiles: Mapping[str, Profile]
    engines: Mapping[str, Engine]
    detected_gpu: tuple[str, int] | None = None
    read_model: Callable[[str], ModelFacts | None] = field(default=_no_folder)


#: The system that `system.gpu=auto` means where no GPU is in sight.
REFERENCE_GPU = "h100_sxm"
