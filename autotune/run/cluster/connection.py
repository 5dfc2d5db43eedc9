"""The cluster behind a kubeconfig: the few calls that the executors make, over the official client."""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
import weakref
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Who owns the fields of what is emitted, and who those that a run adds to it.
FIELD_MANAGER = "autotune"
RUN_FIELD_MANAGER = "autotune-run"

_CONNECT_S = 10.0
_READ_S = 60.0
#: A log without a line for this long is taken up again.
_FOLLOW_S = 600.0


class ClusterError(Exception):
    """The API server said no, or did not answer. `status` is the HTTP status, 0 where there was no answer."""

    def __init__(self, message: str, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One object of a cluster; `namespace` is None for kinds that have none."""

    api_version: str
    kind: str
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Cluster:
    """One kubeconfig context. Every method raises ClusterError; threads may share it."""

    def __init__(self, api_client: Any) -> None:
        from kubernetes.dynamic import DynamicClient

        self.api_client = api_client
        with _explained():
            # The client keeps what kinds there are in a file, by default one that all users of the machine share.
            folder = tempfile.mkdtemp(prefix="autotune-cluster-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._dynamic = DynamicClient(api_client, cache_file=str(Path(folder) / "kinds.json"))

    def apply(self, document: Mapping[str, Any], *, manager: str = FIELD_MANAGER, dry_run: bool = False) -> ObjectRef:
        """Server-side apply of one document, exactly as it is."""
        resource = self._resource(document["apiVersion"], document["kind"])
        metadata = document["metadata"]
        namespace = metadata.get("namespace") if resource.namespaced else None
        with _explained(f"{document['kind']} {metadata['name']}"):
            resource.server_side_apply(
                body=dict(document),
                name=metadata["name"],
                namespace=namespace,
                field_manager=manager,
                force_conflicts="true",
                dry_run="All" if dry_run else None,
                serialize=False,
                _request_timeout=(_CONNECT_S, _READ_S),
            )
        return ObjectRef(document["apiVersion"], document["kind"], metadata["name"], namespace)

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        """One object, None where it is not there."""
        resource = self._resource(ref.api_version, ref.kind)
        try:
            with _explained(str(ref)):
                answer = resource.get(
                    name=ref.name, namespace=ref.namespace, serialize=False, _request_timeout=(_CONNECT_S, _READ_S)
                )
                return _body(answer)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    def list(self, api_version: str, kind: str, namespace: str | None, selector: str = "") -> list[dict[str, Any]]:
        """The objects of a kind with these labels."""
        resource = self._resource(api_version, kind)
        with _explained(f"list of {kind}"):
            answer = resource.get(
                namespace=namespace,
                label_selector=selector or None,
                serialize=False,
                _request_timeout=(_CONNECT_S, _READ_S),
            )
            return list(_body(answer).get("items", []))

    def delete(self, ref: ObjectRef) -> bool:
        """Delete an object and, in the background, what it owns; False where it was not there."""
        resource = self._resource(ref.api_version, ref.kind)
        try:
            with _explained(str(ref)):
                resource.delete(
                    name=ref.name,
                    namespace=ref.namespace,
                    body={"propagationPolicy": "Background"},
                    serialize=False,
                    _request_timeout=(_CONNECT_S, _READ_S),
                )
        except ClusterError as error:
            if error.status == 404:
                return False
            raise
        return True

    def log(self, pod: str, namespace: str, container: str, *, previous: bool = False, tail_lines: int = 2000) -> str:
        """The end of a container's log, empty where it has none."""
        from kubernetes.client import CoreV1Api

        try:
            with _explained(f"log of {pod}"):
                answer: Any = CoreV1Api(self.api_client).read_namespaced_pod_log(
                    pod, namespace, container=container, previous=previous, tail_lines=tail_lines,
                    _preload_content=False, _request_timeout=(_CONNECT_S, _READ_S),
                )  # fmt: skip
                return str(answer.data.decode(errors="replace"))
        except ClusterError as error:
            if error.status in (400, 404):  # not started yet, or gone
                return ""
            raise

    def follow_log(self, pod: str, namespace: str, container: str) -> Iterator[bytes]:
        """A container's log from its start, as it is written, until it ends."""
        from kubernetes.client import CoreV1Api

        with _explained(f"log of {pod}"):
            answer: Any = CoreV1Api(self.api_client).read_namespaced_pod_log(
                pod, namespace, container=container, follow=True, _preload_content=False,
                _request_timeout=(_CONNECT_S, _FOLLOW_S),
            )  # fmt: skip
            try:
                yield from answer.stream(decode_content=True)
            finally:
                answer.close()

    def may(self, verb: str, group: str, resource: str, namespace: str | None, subresource: str = "") -> bool:
        """Whether this user may do something, as the API server itself sees it."""
        attributes = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
        review = self._resource("authorization.k8s.io/v1", "SelfSubjectAccessReview")
        with _explained("access review"):
            answer = review.create(
                body={
                    "apiVersion": "authorization.k8s.io/v1",
                    "kind": "SelfSubjectAccessReview",
                    "metadata": {},
                    "spec": {
                        "resourceAttributes": attributes | ({} if namespace is None else {"namespace": namespace})
                    },
                },
                serialize=False,
                _request_timeout=(_CONNECT_S, _READ_S),
            )
            return bool(_body(answer).get("status", {}).get("allowed"))

    def plural(self, api_version: str, kind: str) -> str:
        """The name of a kind in URLs and roles."""
        return str(self._resource(api_version, kind).name)

    def _resource(self, api_version: str, kind: str) -> Any:
        from kubernetes.dynamic.exceptions import ResourceNotFoundError

        try:
            with _explained(f"{kind} ({api_version})"):
                return self._dynamic.resources.get(api_version=api_version, kind=kind)
        except ResourceNotFoundError:
            raise ClusterError(f"the cluster has no kind {kind} of {api_version}", 404, "NoSuchKind") from None


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


def _body(answer: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(answer.data)
    return data


@contextmanager
def _explained(what: str = "") -> Iterator[None]:
    """Turns what the client raises into ClusterError with the API server's own sentence."""
    import urllib3
    from kubernetes.client.exceptions import ApiException

    try:
        yield
    except ApiException as error:
        raise _from_api(error, what) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ClusterError(f"{what}: {error}" if what else str(error)) from None


def _from_api(error: Any, what: str) -> ClusterError:
    status, reason, message = int(error.status or 0), str(error.reason or ""), ""
    with suppress(ValueError, TypeError, AttributeError):
        body = error.body.decode() if isinstance(error.body, bytes) else error.body
        data = json.loads(body)
        message, reason = str(data.get("message") or ""), str(data.get("reason") or reason)
    return ClusterError(f"{what}: {message or reason}" if what else message or reason, status, reason)


def refs_of(documents: Iterable[Mapping[str, Any]]) -> list[ObjectRef]:
    """What these documents are called, namespaces as they say."""
    return [
        ObjectRef(item["apiVersion"], item["kind"], item["metadata"]["name"], item["metadata"].get("namespace"))
        for item in documents
    ]
