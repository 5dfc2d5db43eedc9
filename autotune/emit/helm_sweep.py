"""Helm for a sweep: one chart with the values that its servers share, and one file of values for each of them.

https://helm.sh/docs/chart_template_guide/values_files
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.emit.faults import refuse
from autotune.emit.heading import heading
from autotune.emit.helm import TEMPLATES, chart_metadata, chart_values
from autotune.emit.manifest import dump_documents
from autotune.emit.reprinted import find_reprint_faults
from autotune.emit.sweep import common_name, split, sweep_heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.engines.deployment import Deployment


class HelmSweep:
    """`helm/Chart.yaml`, `helm/values.yaml`, `helm/values-<server>.yaml` and the templates of a lone server's chart."""

    def emit_sweep(self, deployments: Sequence[Deployment]) -> dict[str, str]:
        """See `SweepEmitter.emit_sweep`."""
        points = [chart_values(deployment) for deployment in deployments]
        refuse(*(find_reprint_faults(point) for point in points))
        shared, own = split(points)
        versions = {deployment.engine_version for deployment in deployments}
        chart = chart_metadata(
            common_name(deployments),
            f"{len(deployments)} servers; choose one with -f values-SERVER.yaml",
            versions.pop() if len(versions) == 1 else None,
        )
        lines = sweep_heading(deployments)
        values = {
            f"helm/values-{deployment.name}.yaml": dump_documents([rest], heading(deployment))
            for deployment, rest in zip(deployments, own, strict=True)
        }
        return {
            "helm/Chart.yaml": dump_documents([chart], lines),
            "helm/values.yaml": dump_documents([shared], lines),
            **values,
            **TEMPLATES,
        }
