"""Load clients that are to run inside the cluster: which image each comes in, and which cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autotune.diagnostics import diagnostic
from autotune.schema import KubernetesExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Benchmark, Config


class ClientImage(NamedTuple):
    """`image` is what the tool's project publishes of the release that is read here, None where it publishes none that is
    known; `needs` is what an image has to hold, beside python3; `folders` are where the command is that is not on PATH.
    """

    image: str | None
    needs: str
    folders: tuple[str, ...] = ()


#: Every client that can run in a pod, by its `benchmark.tool`. Images are those that the projects' own files name: for
#: guidellm its Containerfile and container guide (tags are `v` and the release), for aiperf its Dockerfile and NGC's name
#: of it. genai-bench publishes ghcr.io/moirai-internal/genai-bench, but no release 0.0.5 that its files tell of; vLLM's
#: own image lacks the packages of its `bench` extra.
CLIENT_IMAGES: dict[str, ClientImage] = {
    "genai_bench": ClientImage(None, "genai-bench 0.0.5"),
    "guidellm": ClientImage("ghcr.io/vllm-project/guidellm:v0.8.1", "guidellm 0.8.1", ("/opt/app-root/bin",)),
    "vllm_bench": ClientImage(None, "vllm[bench] 0.32"),
    "aiperf": ClientImage("nvcr.io/nvidia/ai-dynamo/aiperf:0.13.0", "aiperf 0.13.0"),
}


def check_in_cluster(config: Config, facts: Facts) -> Iterator[Diagnostic]:  # noqa: ARG001
    """AT047: the load client that is to run in the cluster cannot."""
    executor = config.executor
    if isinstance(executor, KubernetesExecutor) and executor.reach == "in_cluster":
        tool = "genai_bench" if config.benchmark.tool == "auto" else config.benchmark.tool
        yield from in_cluster_problems(executor.name, tool, config.benchmark)


def client_image(tool: str, benchmark: Benchmark) -> str | None:
    """The image that a client's pod is of."""
    return benchmark.image or CLIENT_IMAGES[tool].image


def by_benchmark_job(executor: str, tool: str) -> bool:
    """Whether OME's own BenchmarkJob measures: it is genai-bench."""
    return executor == "ome" and tool == "genai_bench"


def in_cluster_problems(executor: str, tool: str, benchmark: Benchmark) -> Iterator[Diagnostic]:
    """What keeps a client from running in the cluster of that executor."""
    if tool not in CLIENT_IMAGES:
        yield _cannot(
            f"benchmark.tool={tool} runs where autotune runs, not in a pod of its own",
            "benchmark.tool",
            f"use one of {', '.join(CLIENT_IMAGES)}; or run autotune itself in the cluster, with executor.reach=service",
        )
    elif by_benchmark_job(executor, tool):
        if not (benchmark.results_uri or "").startswith("pvc://"):
            yield _cannot(
                "OME's BenchmarkJob leaves its results at benchmark.results_uri, and from there only a claim can be read back",
                "benchmark.results_uri",
                "set benchmark.results_uri=pvc://CLAIM/FOLDER, a claim of deploy.namespace, or use another benchmark.tool",
            )
    elif client_image(tool, benchmark) is None:
        yield _cannot(
            f"there is no image known that benchmark.tool={tool} could run in the cluster from",
            "benchmark.image",
            f"set benchmark.image to one with {CLIENT_IMAGES[tool].needs} and python3 in it (docs/clusters.md shows how "
            "to build it), or use another benchmark.tool",
        )


def _cannot(what: str, path: str, remedy: str) -> Diagnostic:
    return diagnostic("AT047", what, path=path, help=remedy)
