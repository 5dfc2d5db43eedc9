"""What a run put on a cluster: marked there, written down here, and deleted again."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import InputError
from autotune.run.cluster.api import Cluster, ClusterError, ObjectRef
from autotune.run.cluster.connection import connect
from autotune.schema import stable_hash

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RUN_LABEL = "autotune/run"
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


def write_record(path: Path, refs: Iterable[ObjectRef], context: str | None, kubeconfig: str | None) -> None:
    """Write down what is about to be applied, before it is: a killed run leaves nothing unrecorded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"context": context, "kubeconfig": kubeconfig, "objects": [asdict(ref) for ref in refs]}
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(data))
    draft.replace(path)


def read_record(path: Path) -> tuple[list[ObjectRef], str | None, str | None]:
    """(objects, context, kubeconfig). Raises ValueError for a file that is no record."""
    try:
        data = json.loads(path.read_text())
        return [ObjectRef(**item) for item in data["objects"]], data["context"], data["kubeconfig"]
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


def sweep_records(folder: Path) -> int:
    """Delete what the records in a dead run's `servers` folder name; returns how many objects there were.

    A record whose cluster cannot be reached stays, for the next time.
    """
    deleted = 0
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with suppress(ValueError, OSError, InputError):
            refs, context, kubeconfig = read_record(path)
            if not delete_all(connect(context, kubeconfig), refs):
                deleted += len(refs)
                path.unlink()
    return deleted
