"""Answers about the server that was looked at last: each of its files and objects asks for them again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.engines.deployment import Deployment

Answer = TypeVar("Answer")


def of_latest(function: Callable[[Deployment], Answer]) -> Callable[[Deployment], Answer]:
    """The same pure function, which keeps its latest answer for as long as it is asked of the same object."""
    latest: tuple[Any, Any] = (None, None)

    @functools.wraps(function)
    def ask(deployment: Deployment) -> Answer:
        nonlocal latest
        known = latest  # another thread may replace it meanwhile
        if known[0] is not deployment:
            known = latest = (deployment, function(deployment))
        answer: Answer = known[1]
        return answer

    return ask
