"""Bytes as the targets write them."""

from __future__ import annotations

_STEPS = ((2**30, "Gi", "g"), (2**20, "Mi", "m"), (2**10, "Ki", "k"))


def kubernetes_size(size_bytes: int) -> str:
    """Exact, with the largest binary suffix that divides it: 8589934592 -> `8Gi`."""
    return next(
        (f"{size_bytes // step}{suffix}" for step, suffix, _ in _STEPS if size_bytes % step == 0), f"{size_bytes}"
    )


def docker_size(size_bytes: int) -> str:
    """Exact, as Docker and Compose read it (k, m and g are powers of 1024): 8589934592 -> `8g`."""
    return next(
        (f"{size_bytes // step}{suffix}" for step, _, suffix in _STEPS if size_bytes % step == 0), f"{size_bytes}b"
    )
