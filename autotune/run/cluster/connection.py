"""Which cluster: the one behind a kubeconfig context, or the one that this process runs in."""

from __future__ import annotations

import functools
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from autotune.diagnostics import InputError, diagnostic
from autotune.run.cluster.api import Cluster, ClusterError


@functools.lru_cache(maxsize=8)
def connect(context: str | None = None, kubeconfig: str | None = None) -> Cluster:
    """The cluster of a kubeconfig context; inside a pod without a kubeconfig, the pod's own.

    Raises InputError: AT030 where the client is not installed, AT051 for a kubeconfig or context that is not there, and
    for a cluster that does not answer.
    """
    try:
        from kubernetes import config
        from kubernetes.config.config_exception import ConfigException
    except ImportError:
        raise InputError(
            diagnostic("AT030", "executors on a cluster need the Kubernetes client", path="executor",
                       help="pip install 'llm-autotune[kubernetes]'")
        ) from None  # fmt: skip
    try:
        if kubeconfig is None and context is None and _in_pod_without_config():
            config.load_incluster_config()
            from kubernetes.client import ApiClient

            return Cluster(ApiClient())
        path = None if kubeconfig is None else str(Path(kubeconfig).expanduser())
        return Cluster(config.new_client_from_config(config_file=path, context=context))
    except ConfigException as error:
        raise InputError(_unusable(str(error), context, kubeconfig)) from None
    except ClusterError as error:
        raise InputError(
            diagnostic("AT051", f"the cluster does not answer: {error.message}", path="executor.context",
                       help="look at `kubectl cluster-info` with the same context")
        ) from None  # fmt: skip


def _unusable(message: str, context: str | None, kubeconfig: str | None) -> Any:
    from kubernetes import config

    names: list[str] = []
    with suppress(Exception):  # whatever is wrong with the file was said already
        contexts, _ = config.list_kube_config_contexts(
            None if kubeconfig is None else str(Path(kubeconfig).expanduser())
        )
        names = [item["name"] for item in contexts]
    path = "executor.kubeconfig" if not names else "executor.context"
    advice = (
        f"the kubeconfig has {', '.join(sorted(names))}"
        if names
        else "set executor.kubeconfig or KUBECONFIG, or use executor=emulated"
    )
    what = f"context {context!r}: " if context is not None else ""
    return diagnostic("AT051", f"the kubeconfig cannot be used: {what}{message}", path=path, help=advice)


def _in_pod_without_config() -> bool:
    default = Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()
    return "KUBERNETES_SERVICE_HOST" in os.environ and not default.exists()
