"""Prometheus Operator's ServiceMonitor: which Service leads to the engine's metrics, and where they are.

https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.faults import fault
from autotune.emit.pod import object_metadata
from autotune.engines.exposition import EXPOSITIONS, shows_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment


def service_monitor(
    deployment: Deployment, service_labels: Mapping[str, str], *, by_number: bool = False
) -> list[dict[str, Any]]:
    """The ServiceMonitor, if one is asked for; the Services that it finds have `service_labels`.

    The port is the Service's `http`, or where its name is not ours to choose, the container's by its number.
    A router has none of the engine's metrics; those of the servers behind it are theirs.
    """
    if not deployment.monitor or deployment.parts:
        return []
    port = {"targetPort": deployment.port} if by_number else {"port": "http"}
    return [
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": object_metadata(deployment),
            "spec": {
                "selector": {"matchLabels": dict(service_labels)},
                "endpoints": [{**port, "path": EXPOSITIONS[deployment.engine].path}],
            },
        }
    ]


def find_metric_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    """AT029 where metrics are asked for that the engine does not show, or was told not to."""
    asked = {"deploy.monitor": deployment.monitor, "deploy.autoscale.kind": deployment.autoscaling is not None}
    exposition = EXPOSITIONS.get(deployment.engine)
    for path, wanted in asked.items():
        if not wanted or deployment.parts:
            continue
        if exposition is None:
            if path == "deploy.monitor":
                yield fault(
                    f"{deployment.engine} shows Prometheus no metrics",
                    path,
                    "set it to false, or choose another engine",
                )
        elif exposition.off is not None and exposition.off in deployment.argv:
            yield fault(
                f"{exposition.off} turns the engine's metrics off",
                path,
                "drop it from misc.extra_args, or do without metrics",
            )
        elif not shows_metrics(deployment):
            yield fault(
                f"{deployment.engine} {deployment.engine_version} shows metrics only with {exposition.switch}, "
                "which this version is not known to have",
                path,
                "choose another system.backend_version, or do without",
            )
