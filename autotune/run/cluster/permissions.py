"""What this user may not do on the cluster and the executors need: asked before anything is applied, named all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.diagnostics import Diagnostic, diagnostic
from autotune.run.cluster.connection import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.run.cluster.connection import Cluster


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


def needs(cluster: Cluster, documents: Iterable[Mapping[str, Any]], namespace: str) -> list[Need]:
    """Every right that running these documents takes. Raises ClusterError for a kind that the cluster does not have."""
    wanted = [
        Need("list", "", "pods", namespace),
        Need("list", "", "events", namespace),
        Need("get", "", "pods", namespace, "log"),
        Need("create", "", "pods", namespace, "portforward"),
    ]
    kinds = [("v1", "ConfigMap", namespace)]
    kinds += [(item["apiVersion"], item["kind"], item["metadata"].get("namespace")) for item in documents]
    for api_version, kind, place in dict.fromkeys(kinds):
        plural = cluster.plural(api_version, kind)
        group = api_version.rpartition("/")[0]
        wanted += [Need(verb, group, plural, place) for verb in ("create", "patch", "get", "delete")]
    return list(dict.fromkeys(wanted))


def find_refusals(cluster: Cluster, documents: Iterable[Mapping[str, Any]], namespace: str) -> list[Diagnostic]:
    """AT051 and AT052 for what keeps these documents from being run here; empty when all is allowed."""
    try:
        lacking = [need for need in needs(cluster, documents, namespace) if not cluster.may(*need)]
    except ClusterError as error:
        if error.reason == "NoSuchKind":
            return [
                diagnostic("AT052", error.message, path="executor", help="install its operator on the cluster, or use "
                           "executor=kubernetes, which needs none")
            ]  # fmt: skip
        return [diagnostic("AT051", f"the cluster does not answer: {error.message}", path="executor.context")]
    if not lacking:
        return []
    names = ", ".join(str(need) for need in lacking)
    return [
        diagnostic("AT052", f"this user may not {names}", path="executor.context",
                   help="ask for a Role with these rights, or use another executor.context or deploy.namespace")
    ]  # fmt: skip
