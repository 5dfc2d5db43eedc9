"""Everything that one server put on a cluster: written down before it is applied, marked as its run's, deleted together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from autotune.run.cluster.api import RUN_FIELD_MANAGER, ClusterError, refs_of
from autotune.run.cluster.records import (
    RUN_LABEL,
    SUFFIX,
    delete_all,
    mark_document,
    owner_document,
    owner_reference,
    run_label,
    use,
    users,
    write_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from autotune.run.cluster.api import Cluster, ObjectRef

    Origin = tuple[str | None, str | None]


class Belongings:
    """The objects of the server of that name. `origin` is the context and the kubeconfig that a later run finds them by.

    Threads may share it. Its methods raise ClusterError.
    """

    def __init__(self, records: Path, name: str, namespace: str, run_id: str, origin: Origin) -> None:
        self._records = records
        self._record = records / f"{name}{SUFFIX}"
        self._owner_document = owner_document(name, namespace, run_id)
        [self._owner] = refs_of([self._owner_document])
        self._owner_uid = ""
        self._run_id = run_id
        self._origin = origin
        self._refs: list[ObjectRef] = [self._owner]
        self._lock = threading.Lock()

    def open(self, cluster: Cluster, expected: Iterable[Mapping[str, Any]]) -> None:
        """Write down what is going to be applied, and apply the object that owns it all."""
        self._note(refs_of(expected))
        cluster.apply(self._owner_document)
        found = cluster.get(self._owner)
        if found is None:
            raise ClusterError(f"{self._owner} was deleted by someone else")
        self._owner_uid = str(found["metadata"]["uid"])

    def apply(self, cluster: Cluster, documents: Iterable[Mapping[str, Any]]) -> None:
        """Apply documents exactly as they are, then mark the objects as the run's."""
        refs = [cluster.apply(document) for document in documents]
        for ref in refs:
            mark = mark_document(ref, self._owner, self._owner_uid, self._run_id)
            cluster.apply(mark, manager=RUN_FIELD_MANAGER)

    @property
    def metadata(self) -> dict[str, Any]:
        """What an object of the run's own making has in its metadata, beside its name."""
        return {
            "namespace": self._owner.namespace,
            "labels": {"app.kubernetes.io/managed-by": "autotune", RUN_LABEL: run_label(self._run_id)},
            "ownerReferences": [owner_reference(self._owner, self._owner_uid)],
        }

    def add(self, cluster: Cluster, documents: Iterable[Mapping[str, Any]]) -> list[ObjectRef]:
        """Apply documents that bear `metadata`."""
        documents = list(documents)
        refs = refs_of(documents)
        self._note(refs)
        for document in documents:
            cluster.apply(document)
        return refs

    def share(self, cluster: Cluster, document: Mapping[str, Any]) -> None:
        """Apply an object that other servers use too, those of other runs included, if it is not there. It stays until the
        last run that uses it ends, whose records have it under its own name; one that somebody else made stays for good.
        """
        [ref] = refs_of([document])
        found = cluster.get(ref)
        if found is not None and not users(found):
            return
        write_record(self._records / f"{ref.kind.lower()}-{ref.name}{SUFFIX}", [ref], *self._origin, shared=True)
        if found is None:
            cluster.apply(document)
        use(cluster, ref, self._run_id)

    def remove(self, cluster: Cluster, refs: Iterable[ObjectRef]) -> list[str]:
        """Delete some of them; returns what could not be, and why."""
        refs = list(refs)
        failed = delete_all(cluster, refs)
        if not failed:
            with self._lock:
                self._refs = [ref for ref in self._refs if ref not in refs]
                if self._record.exists():  # else everything was removed meanwhile
                    write_record(self._record, self._refs, *self._origin)
        return failed

    def remove_all(self, cluster: Cluster) -> list[str]:
        """Delete every one; returns what could not be, and why. The record goes with the last."""
        with self._lock:
            failed = delete_all(cluster, self._refs)
            if not failed:
                self._record.unlink(missing_ok=True)
        return failed

    def _note(self, refs: Iterable[ObjectRef]) -> None:
        with self._lock:
            self._refs += [ref for ref in refs if ref not in self._refs]
            write_record(self._record, self._refs, *self._origin)
