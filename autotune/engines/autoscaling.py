"""What counts the servers, when the engine's queue is to decide how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic
from autotune.engines.deployment import Autoscaling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.schema import Config, Deploy


def autoscaling(config: Config) -> Autoscaling | None:
    """What counts the servers, as far as it is complete; `deploy_findings` says what is missing."""
    asked = config.deploy.autoscale
    if asked.kind is None or asked.max_replicas is None:
        return None
    fewest = config.deploy.replicas if asked.min_replicas is None else asked.min_replicas
    return Autoscaling(asked.kind, fewest, asked.max_replicas, asked.queued_requests, asked.prometheus)


def autoscale_findings(deploy: Deploy) -> Iterator[Diagnostic]:
    """AT041 for settings of the autoscaler that do not go together."""
    asked = deploy.autoscale
    group = "deploy.autoscale"
    if asked.kind is None:
        for name in ("max_replicas", "min_replicas", "prometheus"):
            if getattr(asked, name) is not None:
                yield diagnostic(
                    "AT041",
                    f"{group}.{name} is set, and no autoscaler is chosen",
                    path=f"{group}.{name}",
                    help=f"set {group}.kind to hpa or keda, or drop it",
                )
        return
    fewest = deploy.replicas if asked.min_replicas is None else asked.min_replicas
    if asked.max_replicas is None:
        yield diagnostic(
            "AT041",
            f"{group}.kind={asked.kind} has no upper bound",
            path=f"{group}.kind",
            help=f"set {group}.max_replicas to as many servers as there are GPUs for",
        )
    elif fewest > asked.max_replicas:
        yield diagnostic(
            "AT041",
            f"at least {fewest} servers are asked for, and at most {asked.max_replicas}",
            path=f"{group}.max_replicas",
            help=f"raise it to {fewest} or more, or lower {group}.min_replicas",
        )
    if fewest < 1:
        yield diagnostic(
            "AT041",
            "an autoscaler that counts waiting requests starts at one server: without one there is no queue",
            path="deploy.replicas",
            help=f"set {group}.min_replicas to 1 or more",
        )
    if asked.kind == "keda" and asked.prometheus is None:
        yield diagnostic(
            "AT041",
            "KEDA asks a Prometheus for the engine's queue, and none is named",
            path=f"{group}.kind",
            help=f"set {group}.prometheus, as in http://prometheus-operated.monitoring.svc:9090",
        )
