"""What this user may not do on the cluster and the executors need: asked before anything is applied, named all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.diagnostics import Diagnostic, diagnostic
from autotune.run.cluster.api import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.run.cluster.api import Cluster
    from autotune.schema import KubernetesExecutor

#: Custom resources that are looked at while they change; of everything else, the pods are.
_LISTED = ("BenchmarkJob", "ClusterBaseModel")


class Need(NamedTuple):
    """One right, as a Role spells it; `namespace` is None for kinds outside namespaces."""

    verb: str
    group: str
    resource: str
    namespace: str | None
    subresource: str = ""

    def __str__(self) -> str:
        name = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {name}{f'/{self.subresource}' if self.subresource else ''}{where}"


def needs(
    cluster: Cluster, documents: Iterable[Mapping[str, Any]], namespace: str, settings: KubernetesExecutor
) -> list[Need]:
    """Every right that running these documents takes. Raises ClusterError for a kind that the cluster does not have."""
    wanted = [
        Need("list", "", "pods", namespace),
        Need("list", "", "events", namespace),
        Need("get", "", "pods", namespace, "log"),
    ]
    if settings.reach != "service":
        wanted.append(Need("create", "", "pods", namespace, "portforward"))
    kinds = [("v1", "ConfigMap", namespace)]
    kinds += [(item["apiVersion"], item["kind"], item["metadata"].get("namespace")) for item in documents]
    if settings.reach == "in_cluster":
        kinds.append(("batch/v1", "Job", namespace))
        if any(kind == "ClusterBaseModel" for _, kind, _ in kinds):
            kinds.append(("ome.io/v1beta1", "BenchmarkJob", namespace))
    for api_version, kind, place in dict.fromkeys(kinds):
        plural = cluster.plural(api_version, kind)
        group = api_version.rpartition("/")[0]
        verbs = ("create", "patch", "get", "delete", *(("list",) if kind in _LISTED else ()))
        wanted += [Need(verb, group, plural, place) for verb in verbs]
    return list(dict.fromkeys(wanted))


def wishes(wanted: Iterable[Need]) -> list[Need]:
    """Rights without which it is done another way: what is listed would be watched."""
    return [need._replace(verb="watch") for need in wanted if need.verb == "list"]


def find_refusals(
    cluster: Cluster, documents: Iterable[Mapping[str, Any]], namespace: str, settings: KubernetesExecutor
) -> list[Diagnostic]:
    """AT051 and AT052 for what keeps these documents from being run here, AT216 for what makes it costlier; empty when all is
    allowed.
    """
    try:
        wanted = needs(cluster, documents, namespace, settings)
        lacking = [need for need in wanted if not cluster.may(*need)]
        missed = [need for need in wishes(wanted) if not cluster.may(*need)]
    except ClusterError as error:
        if error.reason == "NoSuchKind":
            return [
                diagnostic("AT052", error.message, path="executor", help="install its operator on the cluster, or use "
                           "executor=kubernetes, which needs none")
            ]  # fmt: skip
        return [diagnostic("AT051", f"the cluster does not answer: {error.message}", path="executor.context")]
    found = []
    if lacking:
        found.append(
            diagnostic("AT052", f"this user may not {_names(lacking)}", path="executor.context",
                       help="ask for a Role with these rights (docs/clusters.md has one), or use another executor.context "
                       "or deploy.namespace")
        )  # fmt: skip
    if missed:
        found.append(
            diagnostic("AT216", f"this user may not {_names(missed)}; the API server is asked every second instead",
                       path="executor.context", help="ask for the verb watch beside list: it costs the API server less")
        )  # fmt: skip
    return found


def _names(needs: Iterable[Need]) -> str:
    return ", ".join(str(need) for need in needs)
