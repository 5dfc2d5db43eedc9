"""The group that says how manifests place the server on a cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from autotune.schema.group import Group, Name

ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$")]


class Autoscale(Group):
    """More servers when requests wait, fewer when none do. Off until `kind` is set, and then `max_replicas` is needed."""

    kind: Literal["hpa", "keda"] | None = Field(
        None,
        description="What counts: a HorizontalPodAutoscaler on a custom metric, which needs an adapter in the cluster, or a "
        "KEDA ScaledObject, which asks Prometheus itself. None: nothing, `deploy.replicas` stays.",
    )
    min_replicas: int | None = Field(
        None,
        ge=1,
        le=10000,
        description="Fewest servers. Default: `deploy.replicas`. At least 1: a server that is not there has no queue to grow.",
    )
    max_replicas: int | None = Field(None, ge=1, le=10000, description="Most servers.")
    queued_requests: int = Field(
        5,
        ge=1,
        description="Waiting requests for each server, on average, above which more are started; the engine's own gauge.",
    )
    prometheus: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+[^\s@]*$")] | None = Field(
        None,
        description="Address of the Prometheus that KEDA asks, as in `http://prometheus-operated.monitoring.svc:9090`, without a login.",
    )


class Deploy(Group):
    """How manifests place the server. Only `monitor` and `autoscale` reach the engine, where metrics have to be asked for."""

    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")] = Field(
        "default", description="Kubernetes namespace."
    )
    replicas: int = Field(1, ge=0, le=10000, description="Copies of the whole server.")
    port: int = Field(
        8000,
        ge=1,
        le=65535,
        description="Port the server listens on. Executors on this machine choose a free one instead.",
    )
    hf_token_secret: ObjectName | None = Field(
        None,
        description="Name of the Kubernetes Secret whose key HF_TOKEN holds the Hub token. Only the reference is ever written.",
    )
    pvc: ObjectName | None = Field(
        None, description="PersistentVolumeClaim that holds the model, or its download cache."
    )
    pvc_subpath: Name | None = Field(None, description="Folder inside the claim.")
    host_path: Annotated[str, StringConstraints(pattern=r"^/")] | None = Field(
        None, description="Folder of the node that holds the model, or its download cache."
    )
    mount_path: Annotated[str, StringConstraints(pattern=r"^/")] = Field(
        "/models", description="Where the claim or the folder appears in the container."
    )
    node_selector: dict[str, str] | None = Field(
        None,
        description="Node labels to run on. Default: the catalog's label of the GPU's product, where it knows one.",
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Further labels on everything emitted.")
    annotations: dict[str, str] = Field(default_factory=dict, description="Further annotations on everything emitted.")
    disruption_budget: int | None = Field(
        None,
        ge=0,
        le=10000,
        description="Pods of the server that drains and other evictions may take down at once (a PodDisruptionBudget's "
        "`maxUnavailable`). None: no budget is written.",
    )
    monitor: bool = Field(
        False,
        description="A ServiceMonitor of the Prometheus Operator for the engine's metrics, which the engine is then told to give.",
    )
    autoscale: Autoscale = Field(default_factory=Autoscale, description="More servers when requests wait.")
