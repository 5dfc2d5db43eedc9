"""The API of a cluster: the few calls that the executors make, over the official client."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Who owns the fields of what is emitted, and who those that a run adds to it.
FIELD_MANAGER = "autotune"
RUN_FIELD_MANAGER = "autotune-run"

_CONNECT_S = 10.0
_READ_S = 60.0
#: A log without a line for this long is taken up again.
_FOLLOW_S = 600.0
#: How long the API server is to let one watch last, and how long one may be silent, in s. Bookmarks come about every minute.
_WATCH_S = 240
_SILENT_S = 100.0


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


@dataclass(frozen=True, slots=True)
class Selection:
    """Objects of one kind: those with these labels and fields, all of them where none are given."""

    api_version: str
    kind: str
    namespace: str | None
    labels: str = ""
    fields: str = ""

    def query(self) -> dict[str, Any]:
        """As the client's keyword arguments."""
        return {
            "namespace": self.namespace,
            "label_selector": self.labels or None,
            "field_selector": self.fields or None,
        }


class Cluster:
    """One kubeconfig context. Every method raises ClusterError; threads may share it."""

    def __init__(self, api_client: Any) -> None:
        from kubernetes.dynamic import DynamicClient

        self.api_client = api_client
        with _explained():
            # The client keeps what kinds there are in a file, by default one that all users of the machine share.
            folder = tempfile.mkdtemp(prefix=f"autotune-cluster-{os.getpid()}-")
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
        return [*self.list_at(Selection(api_version, kind, namespace, selector))[0]]

    def list_at(self, wanted: Selection) -> tuple[Sequence[dict[str, Any]], str]:
        """The objects, and the version of the cluster's state that they are of, from which on they can be watched."""
        resource = self._resource(wanted.api_version, wanted.kind)
        with _explained(f"list of {wanted.kind}"):
            answer = resource.get(**wanted.query(), serialize=False, _request_timeout=(_CONNECT_S, _READ_S))
            body = _body(answer)
        return [*body.get("items", [])], str(body.get("metadata", {}).get("resourceVersion", ""))

    def watch(self, wanted: Selection, version: str, watcher: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """What becomes of objects after a version: (ADDED, MODIFIED, DELETED or BOOKMARK, the object), until the server ends it.

        `watcher` is a `kubernetes.watch.Watch`, whose `stop` ends it from another thread. Raises ClusterError; its status
        is 410 where the server knows that version no more.
        """
        resource = self._resource(wanted.api_version, wanted.kind)
        with _explained(f"watch of {wanted.kind}"):
            events = watcher.stream(
                resource.get, **wanted.query(), serialize=False, resource_version=version, allow_watch_bookmarks=True,
                timeout_seconds=_WATCH_S, _request_timeout=(_CONNECT_S, _SILENT_S),
            )  # fmt: skip
            for event in events:
                if event:
                    yield event["type"], event["object"]

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

    def log(
        self, pod: str, namespace: str, container: str, *, previous: bool = False, tail_lines: int | None = 2000
    ) -> str:
        """The end of a container's log, or all of it, empty where it has none."""
        from kubernetes.client import CoreV1Api

        try:
            with _explained(f"log of {pod}"):
                lines: dict[str, Any] = {} if tail_lines is None else {"tail_lines": tail_lines}
                answer: Any = CoreV1Api(self.api_client).read_namespaced_pod_log(
                    pod, namespace, container=container, previous=previous, **lines,
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
