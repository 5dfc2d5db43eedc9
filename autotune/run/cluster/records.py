"""What a run put on a cluster: marked there, written down here, and deleted again."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.diagnostics import InputError
from autotune.run.cluster.api import RUN_FIELD_MANAGER, Cluster, ClusterError, ObjectRef
from autotune.run.cluster.connection import connect
from autotune.schema import stable_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

RUN_LABEL = "autotune/run"
#: A label key: a prefix, and a run that uses an object which several runs share.
_USER = "run.autotune/"
#: Not `.json`: those are records of processes.
SUFFIX = ".cluster"


def owner_document(name: str, namespace: str, run_id: str) -> dict[str, Any]:
    """A ConfigMap that owns a server's objects in its namespace: deleting it deletes them, whoever does it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{name}-run",
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "autotune", RUN_LABEL: run_label(run_id)},
        },
        "data": {"host": socket.gethostname(), "run": run_id},
    }


def run_label(run_id: str) -> str:
    """A run's id as a label value; ids of other characters by their hash."""
    plain = run_id.replace("-", "").replace("_", "").replace(".", "")
    return run_id if plain.isalnum() and plain.isascii() and len(run_id) <= 63 else stable_hash(run_id, 24)


def owner_reference(owner: ObjectRef, uid: str) -> dict[str, str]:
    return {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": uid}


def mark_document(ref: ObjectRef, owner: ObjectRef, owner_uid: str, run_id: str) -> dict[str, Any]:
    """What the run adds to an object that was applied as emitted: its label, and its owner where the two share a namespace."""
    metadata: dict[str, Any] = {"name": ref.name, "labels": {RUN_LABEL: run_label(run_id)}}
    if ref.namespace is not None:
        metadata["namespace"] = ref.namespace
        if ref.namespace == owner.namespace:
            metadata["ownerReferences"] = [owner_reference(owner, owner_uid)]
    return {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": metadata}


def write_record(
    path: Path, refs: Iterable[ObjectRef], context: str | None, kubeconfig: str | None, *, shared: bool = False
) -> None:
    """Write down what is about to be applied, before it is: a killed run leaves nothing unrecorded. `shared` is what other
    runs may use too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"context": context, "kubeconfig": kubeconfig, "objects": [asdict(ref) for ref in refs], "shared": shared}
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(data))
    draft.replace(path)


class Record(NamedTuple):
    """What a record names, and the cluster that it is on."""

    refs: list[ObjectRef]
    context: str | None
    kubeconfig: str | None
    shared: bool


def read_record(path: Path) -> Record:
    """Raises ValueError for a file that is no record."""
    try:
        data = json.loads(path.read_text())
        refs = [ObjectRef(**item) for item in data["objects"]]
        return Record(refs, data["context"], data["kubeconfig"], data.get("shared", False))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is not a record of a cluster: {error}") from None


def delete_all(cluster: Cluster, refs: Iterable[ObjectRef]) -> list[str]:
    """Delete every object, the last applied first; returns what could not be deleted and why."""
    failed = []
    for ref in reversed(list(refs)):
        try:
            cluster.delete(ref)
        except ClusterError as error:
            if error.reason != "NoSuchKind":
                failed.append(error.message)
    return failed


def users(found: Mapping[str, Any]) -> list[str]:
    """The runs that use a shared object, by their labels; none for one that no run made."""
    return [key for key in found["metadata"].get("labels", {}) if key.startswith(_USER)]


def use(cluster: Cluster, ref: ObjectRef, run_id: str) -> None:
    """Say that a run uses a shared object. Each run is a field manager of its own, so that it takes back its own label alone."""
    label = run_label(run_id)
    body = {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "metadata": {"name": ref.name, "labels": {_USER + label: ""}},
    }
    cluster.apply(body, manager=f"{RUN_FIELD_MANAGER}-{label}")


def release(cluster: Cluster, refs: Iterable[ObjectRef], run_id: str) -> list[str]:
    """Take back that a run uses shared objects, and delete those that none uses any more; what could not be, and why."""
    failed = []
    for ref in refs:
        try:
            if cluster.get(ref) is None:
                continue
            body = {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": ref.name}}
            cluster.apply(body, manager=f"{RUN_FIELD_MANAGER}-{run_label(run_id)}")
            found = cluster.get(ref)
            if found is not None and not users(found):
                cluster.delete(ref)
        except ClusterError as error:
            failed.append(error.message)
    return failed


def sweep_records(folder: Path) -> int:
    """Delete what the records in a dead run's `servers` folder name; returns how many objects there were.

    A record whose cluster cannot be reached stays, for the next time.
    """
    deleted = 0
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with suppress(ValueError, OSError, InputError):
            record = read_record(path)
            cluster = connect(record.context, record.kubeconfig)
            failed = (
                release(cluster, record.refs, folder.parent.name) if record.shared else delete_all(cluster, record.refs)
            )
            if not failed:
                deleted += len(record.refs)
                path.unlink()
    return deleted
