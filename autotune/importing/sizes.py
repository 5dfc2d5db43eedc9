"""Bytes as manifests write them."""

from __future__ import annotations

import re

#: Kubernetes: `Gi` is 2**30 and `G` 10**9 (kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity).
_KUBERNETES = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
#: Docker and Compose: powers of 1024, whatever the case, with or without `b`.
_DOCKER = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


def read_kubernetes_size(text: object) -> int | None:
    """Bytes of a quantity; None for what is none."""
    hit = _SIZE.fullmatch(str(text))
    scale = None if hit is None else _KUBERNETES.get(hit[2])
    return None if hit is None or scale is None else int(float(hit[1]) * scale)


def read_docker_size(text: object) -> int | None:
    """Bytes of `8g`, `512mb` or a plain number; None for what is none."""
    hit = _SIZE.fullmatch(str(text))
    if hit is None:
        return None
    unit = hit[2].lower()
    scale = _DOCKER.get(unit if unit in _DOCKER else unit.removesuffix("b").removesuffix("i"))
    return None if scale is None else int(float(hit[1]) * scale)
