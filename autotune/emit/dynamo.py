"""NVIDIA Dynamo: a DynamoGraphDeployment with Dynamo's Frontend before the engine's workers.

https://docs.nvidia.com/dynamo/reference/api/kubernetes/dynamo-graph-deployment (nvidia.com/v1beta1, the API that Dynamo
1.4 and later serve) and the operator's sources, https://github.com/ai-dynamo/dynamo/tree/main/deploy/operator.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autotune.emit.dynamo_command import worker_command
from autotune.emit.dynamo_images import find_image_faults, runtime_image
from autotune.emit.faults import fault, find_faults, refuse
from autotune.emit.heading import heading
from autotune.emit.k8s import config_map
from autotune.emit.kubernetes_faults import find_kubernetes_faults
from autotune.emit.manifest import dump_documents
from autotune.emit.pod import GRACE_PERIOD_S, escape_references, object_metadata, pod_template, without_empty
from autotune.emit.sizes import kubernetes_size
from autotune.engines.disagg import ROLE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

#: Where the Frontend answers; the operator fixes it (consts.DynamoServicePort).
_PORT = 8000
#: Where a worker says how it is (consts.DynamoSystemPort): `/live` answers 200 once the model is loaded.
_SYSTEM_PORT = 9090
#: Grove, which the operator makes its pods through, takes 45 characters for the names of a graph, of a component and,
#: where that spans nodes, of its two kinds of pod together (`validatePodNameConstraints` in the operator).
_NAMES_LENGTH = 45
#: The operator puts a command of several nodes together as text for a shell (`injectFlagsIntoContainerCommand`,
#: `setupLeaderContainer`), with quoting that brings these characters through, and no empty word.
_SHELL_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./{}\[\]\" -]+")
#: Flags by which vLLM spans nodes; the operator adds them itself.
_VLLM_SPANS = (
    "--nnodes",
    "--node-rank",
    "--master-addr",
    "--master-port",
    "--distributed-executor-backend",
    "--headless",
)
_SGLANG_SPANS = ("--nnodes", "--node-rank", "--dist-init-addr")


class DynamoEmitter:
    """`dynamo.yaml`: a ConfigMap for each kind of worker that has files, and the DynamoGraphDeployment.

    A router's place is taken by the Frontend, which finds prefill and decode workers by itself.
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`; `deployment` is a server, or a router with the servers behind it as its parts."""
        workers = _workers(deployment)
        refuse(*(group for worker in workers for group in _faults(worker)), _find_graph_faults(deployment))
        image, remark = runtime_image(workers[0])
        name = _graph_name(deployment, workers)
        graph = {
            "apiVersion": "nvidia.com/v1beta1",
            "kind": "DynamoGraphDeployment",
            "metadata": object_metadata(deployment, name),
            "spec": {
                "backendFramework": deployment.engine,
                "components": [
                    _frontend(deployment, workers[0], image),
                    *(_worker(worker, image) for worker in workers),
                ],
            },
        }
        remarks = [f"The model answers at http://{name}-frontend:{_PORT}.", *([remark] if remark else [])]
        lines = heading(replace(deployment, gpus=deployment.gpus_in_all), *remarks)
        documents = [document for worker in workers for document in config_map(worker)]
        return {"dynamo.yaml": dump_documents([*documents, graph], lines)}


def _workers(deployment: Deployment) -> list[Deployment]:
    """One for each kind of worker: copies of one role are its replicas, because Dynamo tells them apart by itself."""
    kinds: dict[str, Deployment] = {}
    for part in deployment.parts or (deployment,):
        role = _role(part)
        kind = kinds.get(role)
        kinds[role] = part if kind is None else replace(kind, replicas=kind.replicas + part.replicas)
    return list(kinds.values())


def _role(worker: Deployment) -> str:
    """Prefill and decode are types of their own; the one kind of an aggregated server is `worker`."""
    return worker.labels.get(ROLE_LABEL, "worker")


def _frontend(deployment: Deployment, worker: Deployment, image: str) -> dict[str, Any]:
    """Command, port and probes are the operator's. It reads the model's tokenizer, so it sees what the workers see of it."""
    pod = pod_template(worker)["spec"]
    (container,) = pod["containers"]
    shown = [volume.name for volume in worker.volumes if volume.medium is None]
    on_nodes = any(volume.host_path is not None for volume in worker.volumes)
    main = without_empty({
        "name": "main",
        "image": image,
        "env": [item for item in container.get("env", []) if item["name"].startswith("HF_")],
        "securityContext": container["securityContext"],
        "volumeMounts": [item for item in container.get("volumeMounts", []) if item["name"] in shown],
    })  # fmt: skip
    spec = without_empty({
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_PERIOD_S,
        # A folder of the workers' nodes is on no other.
        "nodeSelector": pod.get("nodeSelector") if on_nodes else None,
        "tolerations": pod.get("tolerations") if on_nodes else None,
        "securityContext": pod["securityContext"],
        "containers": [main],
        "volumes": [item for item in pod.get("volumes", []) if item["name"] in shown],
    })  # fmt: skip
    template = without_empty({"metadata": _pod_metadata(deployment), "spec": spec})
    return {"name": "frontend", "type": "frontend", "replicas": 1, "podTemplate": template}


def _worker(worker: Deployment, image: str) -> dict[str, Any]:
    """The pod of every Kubernetes target with Dynamo's command, less what the operator adds: ports, probes, /dev/shm.

    Workers and Frontend find each other through the API server, so the token stays.
    """
    # The operator mounts /dev/shm itself, 8 GiB unless told otherwise.
    spec = pod_template(replace(worker, shm_bytes=0))["spec"]
    del spec["automountServiceAccountToken"]
    (container,) = spec["containers"]
    command, *arguments = [escape_references(word) for word in worker_command(worker).argv]
    startup = worker.startup
    added = ("ports", "startupProbe", "readinessProbe", "livenessProbe")
    main = {"name": "main", "image": image, "command": [command], "args": arguments}
    spec["containers"] = [main | {key: value for key, value in container.items() if key not in {*main, *added}}]
    spec["containers"][0]["startupProbe"] = {
        "httpGet": {"path": "/live", "port": _SYSTEM_PORT},
        "periodSeconds": startup.period_s,
        "timeoutSeconds": startup.timeout_s,
        "failureThreshold": startup.failure_threshold,
    }
    return without_empty({
        "name": _role(worker),
        "type": _role(worker),
        "replicas": worker.replicas,
        "multinode": {"nodeCount": worker.nodes} if worker.nodes > 1 else None,
        "sharedMemorySize": kubernetes_size(worker.shm_bytes) if worker.shm_bytes else None,
        "podTemplate": without_empty({"metadata": _pod_metadata(worker), "spec": spec}),
    })  # fmt: skip


def _pod_metadata(deployment: Deployment) -> dict[str, Any]:
    """Labels and annotations of a pod, less the labels that Grove sets on its pods and selects them by."""
    metadata = object_metadata(deployment)
    kept = {key: value for key, value in metadata["labels"].items() if not key.startswith("app.kubernetes.io/")}
    return without_empty({"labels": kept, "annotations": metadata.get("annotations")})


def _graph_name(deployment: Deployment, workers: Sequence[Deployment]) -> str:
    """The deployment's name, its middle left out where Grove would not take it; the hash at its end stays."""
    parts = [len("frontend")]
    for worker in workers:
        role = len(_role(worker))
        parts.append(2 * role + len("-wkr") if worker.nodes > 1 else role)
    room = _NAMES_LENGTH - max(parts)
    if len(deployment.name) <= room:
        return deployment.name
    stem, _, digest = deployment.name.rpartition("-")
    return f"{stem[: room - len(digest) - 1].rstrip('-')}-{digest}"


def _faults(worker: Deployment) -> Iterator[Iterator[Diagnostic] | Sequence[Diagnostic]]:
    found = list(find_image_faults(worker))
    yield find_faults(worker)
    yield find_kubernetes_faults(worker)
    yield found
    if not any(item.path == "system.backend" for item in found):
        yield worker_command(worker).faults
        yield _find_span_faults(worker)


def _find_graph_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    if deployment.port != _PORT:
        yield fault(
            f"Dynamo's Frontend answers at port {_PORT}, not {deployment.port}",
            "deploy.port",
            f"leave it at {_PORT}, or put a Service of your own before it",
        )
    if len(deployment.name.rpartition("-")[2]) > _NAMES_LENGTH // 2:
        yield fault(f"the name {deployment.name!r} is too long for Grove, and has no hash to keep")
    for path, asked, instead in (
        ("deploy.autoscale.kind", deployment.autoscaling, "leave it out; Dynamo's planner counts the workers"),
        (
            "deploy.disruption_budget",
            deployment.disruption_budget,
            "leave it out; Grove keeps the pods of a graph together",
        ),
        ("deploy.monitor", deployment.monitor or None, "leave it out; Dynamo's chart brings PodMonitors of its own"),
    ):
        if asked is not None:
            yield fault(f"a DynamoGraphDeployment has no place for {path}", path, instead)


def _find_span_faults(worker: Deployment) -> Iterator[Diagnostic]:
    """What the operator would not bring through to a worker of several nodes."""
    if worker.nodes == 1:
        return
    argv = worker_command(worker).argv
    for number, word in enumerate(argv):
        if not _SHELL_SAFE.fullmatch(word):
            yield fault(
                f"argument {number} of the command, {word!r}, would not come through the shell that Dynamo starts "
                "a server of several nodes with",
                "misc.extra_args",
                "use letters, digits and plain punctuation, or one node",
            )
    written = [word.partition("=")[0] for word in argv]
    for flag in _VLLM_SPANS if worker.engine == "vllm" else _SGLANG_SPANS:
        if flag in written:
            yield fault(f"{flag} says how the server spans nodes, and so does Dynamo", "misc.extra_args", "drop it")
    if worker.engine == "vllm" and "--data-parallel-size" in written:
        # The operator spreads either tensor parallel ranks or data parallel ones over the nodes.
        yield fault(
            "Dynamo does not spread vLLM's data parallel ranks over nodes together with others",
            "parallel.dp",
            "drop it",
        )
