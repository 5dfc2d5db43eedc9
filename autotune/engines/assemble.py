"""The part of a Deployment that is the same for every engine: name, volumes, probes, labels, secrets."""

from __future__ import annotations

import functools
import re
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from autotune.catalog.weights import weight_bytes
from autotune.diagnostics import diagnostic
from autotune.engines.autoscaling import autoscale_findings, autoscaling
from autotune.engines.deployment import INSTANCE, Deployment, Probe, SecretRef, Volume
from autotune.schema.config import canonical, canonical_entry, canonical_list, hash_text
from autotune.schema.watched import remember

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Longest name: a DNS label is 63, and objects that belong to the server add a suffix of up to 11 (`-files`, a pod's ordinal).
NAME_LENGTH = 52
HASH_LENGTH = 10

#: A slow but common source of weights: a network volume or the Hub behind a shared line.
LOAD_BYTES_PER_S = 200e6
#: Imports, torch.compile and CUDA graph capture: a few minutes for large models, rounded up.
COMPILE_S = 600
STARTUP_PERIOD_S = 10

GIB = 2**30


def assemble(
    config: Config,
    facts: Facts,
    *,
    argv: Sequence[str],
    env: Mapping[str, str],
    image: str,
    gpus: int,
    files: Mapping[str, str] | None = None,
    health: str = "/health",
) -> Deployment:
    """The Deployment of a server whose command line is known.

    `gpus` counts those of the whole server (0 on a CPU). The name is `engine-model-hash`, the hash over everything that
    makes the server what it is: equal servers have equal names, whatever workload or search they are part of.
    """
    deploy = config.deploy
    site = remember(_site, config, facts)
    environment = dict(sorted((_cache_home(config, env) | dict(env)).items()))
    nodes = spread(gpus, facts.gpus_per_node, config.system.nodes)
    identity = {
        "env": environment,
        "files": dict(files or {}),
        "gpu": facts.gpu.name,
        "gpus": gpus,
        "image": image,
        "nodes": nodes,
        "secrets": [item.secret for item in site.secrets],
        "selector": site.node_selector,
        "volumes": [[item.mount_path, item.pvc, item.host_path, item.sub_path] for item in site.volumes],
    }
    first = canonical_entry("argv", canonical_list(argv))  # of the keys in their order; the longest by far
    digest = hash_text(f"{{{first},{canonical(identity)[1:]}", HASH_LENGTH)
    name = deployment_name(facts.engine, config.model.id, digest)
    return Deployment(
        name=name,
        engine=facts.engine,
        engine_version=facts.engine_version,
        image=image,
        argv=tuple(argv),
        env=environment,
        port=deploy.port,
        gpus=gpus,
        gpu_name=facts.gpu.name,
        gpu_vendor=facts.gpu.vendor,
        gpu_resource=facts.gpu.resource,
        served_name=config.model.served_name or config.model.id,
        model=config.model.path or config.model.id,
        files=dict(files or {}),
        nodes=nodes,
        replicas=deploy.replicas,
        namespace=deploy.namespace,
        volumes=site.volumes,
        secrets=site.secrets,
        shm_bytes=shm_bytes(max(1, gpus // nodes)),
        startup=startup_probe(health, site.weights_bytes),
        readiness=_probe(health, 5, 3),
        liveness=_probe(health, 20, 6),
        node_selector=site.node_selector,
        labels={INSTANCE: name} | site.labels | deploy.labels,
        annotations={"autotune/model": config.model.id} | deploy.annotations,
        weights_bytes=site.weights_bytes,
        autoscaling=autoscaling(config),
        disruption_budget=deploy.disruption_budget,
        monitor=deploy.monitor,
    )


class _Site(NamedTuple):
    """What servers have around them, whatever they are told."""

    volumes: tuple[Volume, ...]
    secrets: tuple[SecretRef, ...]
    node_selector: dict[str, str]
    weights_bytes: int
    labels: dict[str, str]


def _site(config: Config, facts: Facts) -> _Site:
    deploy = config.deploy
    secret = deploy.hf_token_secret
    selector = facts.gpu.node_labels if deploy.node_selector is None else deploy.node_selector
    return _Site(
        volumes=model_volumes(config),
        secrets=() if secret is None else (SecretRef("HF_TOKEN", secret, "HF_TOKEN"),),
        node_selector=dict(sorted(selector.items())),
        weights_bytes=weight_bytes(facts.model, None),
        labels=server_labels(config, facts),
    )


def deploy_findings(config: Config) -> Iterator[Diagnostic]:
    """What no server can be placed with, whatever the engine."""
    deploy, model = config.deploy, config.model
    if deploy.pvc is not None and deploy.host_path is not None:
        yield diagnostic(
            "AT027",
            "deploy.pvc and deploy.host_path both hold the model",
            path="deploy.host_path",
            help="keep one of them",
        )
    yield from autoscale_findings(deploy)
    if deploy.disruption_budget == 0:
        yield diagnostic(
            "AT116",
            "deploy.disruption_budget=0 lets no pod be evicted, so every drain of its node waits for somebody",
            path="deploy.disruption_budget",
            help="allow 1, unless that is what you want",
        )
    for path, text in (("model.path", model.path), ("model.id", model.id if model.path is None else None)):
        if text is not None and text.startswith("-"):
            yield diagnostic(
                "AT003", f"{path}={text} would be read as a flag", path=path, help="write ./ before it, or rename it"
            )
    if len(model.aliases) > 0 and any(name.startswith("-") for name in (model.served_name or model.id, *model.aliases)):
        yield diagnostic(
            "AT003",
            "a served name begins with a dash and would be read as a flag",
            path="model.aliases",
            help="rename it",
        )


def deployment_name(engine: str, model: str, digest: str) -> str:
    """`engine-model-digest` as a DNS label of at most NAME_LENGTH."""
    slug = _slug(model)
    room = NAME_LENGTH - len(engine) - len(digest) - 2
    return "-".join(part for part in (engine, slug[:room].strip("-"), digest) if part)


@functools.lru_cache(maxsize=256)
def _slug(model: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", model.rstrip("/").rpartition("/")[2].lower()).strip("-")


def spread(gpus: int, per_node: int, nodes: int) -> int:
    """Nodes that a server takes: as few as hold its GPUs evenly, no more than there are."""
    return (
        next((count for count in range(ceil(gpus / per_node) or 1, nodes) if gpus % count == 0), nodes)
        if gpus > per_node
        else 1
    )


def shm_bytes(gpus: int) -> int:
    """Size of /dev/shm for one node's GPUs: 4 GiB, and 2 GiB a GPU from the third on (8 GPUs: 16 GiB).

    Ranks on a node exchange data through it: NCCL's buffers and the engine's message queues grow with the ranks, and the
    64 MiB that Docker and Kubernetes give by default end in a bus error. It is a limit on a tmpfs; only what is used counts.
    """
    return max(4, 2 * gpus) * GIB


def startup_probe(health: str, loaded_bytes: int) -> Probe:
    """Patience for loading the weights at LOAD_BYTES_PER_S and compiling for COMPILE_S before the server counts as dead."""
    patience_s = loaded_bytes / LOAD_BYTES_PER_S + COMPILE_S
    return _probe(health, STARTUP_PERIOD_S, ceil(patience_s / STARTUP_PERIOD_S))


@functools.lru_cache(maxsize=256)
def _probe(path: str, period_s: int, failure_threshold: int) -> Probe:
    return Probe(path, period_s=period_s, failure_threshold=failure_threshold)


def model_volumes(config: Config) -> tuple[Volume, ...]:
    """The claim or folder with the model; read-only where the model is loaded from a path in it."""
    deploy = config.deploy
    read_only = _lies_in(config.model.path or config.model.id, deploy.mount_path)
    if deploy.pvc is not None:
        return (Volume("model", deploy.mount_path, pvc=deploy.pvc, sub_path=deploy.pvc_subpath, read_only=read_only),)
    if deploy.host_path is not None:
        return (Volume("model", deploy.mount_path, host_path=deploy.host_path, read_only=read_only),)
    return ()


def server_labels(config: Config, facts: Facts) -> dict[str, str]:
    """Kubernetes' recommended labels but for INSTANCE, and what the server is, as valid label values."""
    return {
        "app.kubernetes.io/name": facts.engine,
        "app.kubernetes.io/managed-by": "autotune",
        "autotune/engine": facts.engine,
        "autotune/gpu": label_value(facts.gpu.name),
        "autotune/model": label_value(config.model.id.rpartition("/")[2]),
    }


def label_value(text: str) -> str:
    """The nearest valid label value: at most 63 of A-Z a-z 0-9 . _ -, a letter or digit first and last."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:63].strip("._-")


def _cache_home(config: Config, env: Mapping[str, str]) -> dict[str, str]:
    """HF_HOME for a volume that holds the download cache, so that a model from the Hub is loaded once."""
    deploy = config.deploy
    mounted = deploy.pvc is not None or deploy.host_path is not None
    named = config.model.path or config.model.id
    chosen = any(name in env for name in ("HF_HOME", "HF_HUB_CACHE"))
    return {} if not mounted or chosen or named.startswith(("/", ".")) else {"HF_HOME": deploy.mount_path}


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
