"""What a found server runs on: where it is placed, and the GPUs that it might have."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from autotune.catalog import find_gpu, find_model
from autotune.diagnostics import diagnostic
from autotune.engines import ENGINES
from autotune.engines.engine import Facts
from autotune.importing.imported import Status
from autotune.importing.placing import SHARED_MEMORY, find_gpu_of, place_labels, place_volumes
from autotune.layers import get_path
from autotune.schema import Config

if TYPE_CHECKING:
    from autotune.catalog.facts import Gpu, ModelFacts
    from autotune.importing.draft import Draft
    from autotune.importing.target import Target

#: Models that stand for one that nobody knows: dense, with experts, with latent attention, quantized. What lowers alike for
#: all of them does not depend on the model.
STAND_INS = ("meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-30B-A3B", "deepseek-ai/DeepSeek-V3", "Qwen/Qwen3-32B-AWQ")
#: GPUs that stand for one that nobody named, by the vendor that the image is for.
GPUS = {
    "nvidia": ("h100_sxm", "a100_sxm", "l40s", "b200_sxm"),
    "amd": ("mi300x",),
    "": ("h100_sxm", "a100_sxm", "l40s", "b200_sxm", "mi300x"),
}


def place_server(draft: Draft, target: Target) -> None:
    """Everything about where the server runs."""
    server = draft.server
    for path, value in place_volumes(server, target.model or "", draft.account).items():
        draft.put(path, value, "from the volume")
    for path, value in place_labels(server, draft.account).items():
        draft.put(path, value, "as they were")
    for path, value in (
        ("deploy.namespace", server.namespace),
        ("deploy.replicas", server.replicas),
        ("system.nodes", server.nodes),
    ):
        if value not in (None, "", 1) or (path == "deploy.replicas" and value is not None and value != 1):
            draft.put(path, value, f"from {server.where}")
            draft.account.add(f"{path.rpartition('.')[2]} {value}", Status.MAPPED, (path,))
    if server.shm_bytes is not None:
        draft.account.add(f"shared memory of {server.shm_bytes} bytes", Status.NOTED, note=SHARED_MEMORY)
    gpu = find_gpu_of(server, draft.catalog)
    if gpu is not None:
        draft.put("system.gpu", gpu.name, "as the server's labels name it")
    elif "-cpu" in (server.image or "") or server.gpu_resource == "cpu":
        draft.put("system.gpu", "cpu", "the image is one for CPUs")
        draft.put("system.gpus_per_node", 1, "a CPU counts as one")
    if server.node_selector and (gpu is None or server.node_selector != gpu.node_labels):
        draft.put("deploy.node_selector", dict(server.node_selector), f"from {server.where}")
        draft.account.add("node selector", Status.MAPPED, ("deploy.node_selector",))


def find_variants(draft: Draft, model: ModelFacts | None) -> list[Facts]:
    """Facts for everything that the server might run on, as far as nobody said what it is."""
    named = get_path(draft.data, ("system", "gpu"))
    vendor = _vendor(draft)
    gpus: list[Gpu] = (
        [find_gpu(draft.catalog, str(named))]
        if named not in (None, "auto")
        else [find_gpu(draft.catalog, name) for name in GPUS[vendor]]
    )
    models = [model] if model is not None else [find_model(draft.catalog, name) for name in STAND_INS]
    per_node = get_path(draft.data, ("system", "gpus_per_node"))
    if named in (None, "auto"):
        draft.found.append(
            diagnostic(
                "AT210",
                "no GPU is named: what depends on the GPU stays as it is, memory fractions among it",
                path="system.gpu",
                writer=draft.writer,
                help="name it beside the command: system.gpu=h100_sxm",
            )
        )
    return [
        Facts(
            facts,
            gpu,
            per_node if isinstance(per_node, int) else gpu.gpus_per_node,
            draft.engine,
            draft.known.version,
        )
        for gpu in gpus
        for facts in models
    ]


def _vendor(draft: Draft) -> str:
    """The vendor that the image is built for; empty without an image."""
    image = draft.server.image
    if image is None:
        return "amd" if draft.server.gpu_resource == "amd.com/gpu" else ""
    if "rocm" in image or draft.server.gpu_resource == "amd.com/gpu":
        return "amd"
    return "nvidia"


def count_gpus(draft: Draft, facts: Facts) -> None:
    """system.image where it is not the engine's own, and as many nodes as the parallel sizes take."""
    config = Config.model_validate(draft.data)
    deployment = ENGINES[draft.engine].lower(config, facts).deployment
    image = draft.server.image
    if image is not None:
        if deployment.image != image:
            draft.put("system.image", image, "as it was")
        paths = ("system.image",) if deployment.image != image else ("system.backend_version",)
        draft.account.add(f"image {image}", Status.MAPPED, paths)
    room = facts.gpus_per_node * config.system.nodes
    if deployment.gpus > room and "system.nodes" not in draft.given:
        nodes = ceil(deployment.gpus / facts.gpus_per_node)
        draft.put("system.nodes", nodes, f"{deployment.gpus} GPUs are more than a node of {facts.gpus_per_node} holds")
    asked = draft.server.gpus
    if asked is not None:
        each = ceil(deployment.gpus / (draft.server.nodes or 1))
        note = "" if asked == each else f"the parallel sizes take {each}, and a task asks for no more than they take"
        draft.account.add(
            f"{asked} GPUs",
            Status.MAPPED if asked == each else Status.LEFT_OUT,
            ("parallel.tp",) if asked == each else (),
            note,
        )
