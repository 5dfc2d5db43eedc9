"""What the API server's refusals mean: their class and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic
from autotune.store.result import Failure

if TYPE_CHECKING:
    from autotune.diagnostics import Diagnostic
    from autotune.run.cluster.api import ClusterError


def api_failure(error: ClusterError) -> Failure:
    """`refused` for what would be refused again, `infrastructure` for an API server that is away or busy."""
    if error.status in (401, 403):
        return Failure("refused", error.message, "ask for a role that allows it, or use another executor.context")
    if error.reason == "NoSuchKind":
        return Failure("refused", error.message, "install its operator on the cluster, or use executor=kubernetes")
    if 400 <= error.status < 500 and error.status not in (408, 409, 429):
        return Failure("refused", error.message, "`autotune emit` prints the document that the API server refused")
    return Failure("infrastructure", error.message, "look at the cluster: `kubectl cluster-info`")


def refusal(error: ClusterError, executor: str) -> Diagnostic:
    """AT052 for a document that the API server does not take."""
    failure = api_failure(error)
    return diagnostic("AT052", f"the cluster refuses the server: {failure.message}", path="executor", help=failure.remedy if
                      error.reason != "NoSuchKind" or executor == "ome" else "look at the cluster's version")  # fmt: skip
