"""Waiting for what another thread brings about."""

import time


def eventually(look, limit_s=20.0):
    """What it gives once it gives something, or the last that it gave."""
    deadline = time.monotonic() + limit_s
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
