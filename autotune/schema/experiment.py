"""The groups that say how a deployment is measured, judged and run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from autotune.schema.group import Counts, Devices, EnvName, Group, Name, Rates, Texts, as_tuple

Scenario = Annotated[str, StringConstraints(pattern=r"^(dataset|[DNU]\([\d.,\s]+\)(/\([\d.,\s]+\))?)$")]
DockerHost = Annotated[str, StringConstraints(pattern=r"^(unix|tcp|http|https|ssh|npipe)://.")]
Mount = Annotated[str, StringConstraints(pattern=r"^(~?/[^:]*|~|[A-Za-z0-9][A-Za-z0-9_.-]*):/[^:]*(:ro|:rw)?$")]
Mounts = Annotated[tuple[Mount, ...], BeforeValidator(as_tuple)]
EnvNames = Annotated[tuple[EnvName, ...], BeforeValidator(as_tuple)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Benchmark(Group):
    """The load that is put on a server, and the tool that does it."""

    tool: Literal["auto", "quick", "genai_bench", "guidellm", "vllm_bench", "aiperf"] = Field(
        "auto",
        description="Load client. `quick` is built in; the others run as commands of their own. `auto`: genai_bench where something is measured, quick where it is emulated.",
    )
    bin_dir: Name | None = Field(
        None, description="Folder with the tool's command (a venv's bin), looked in before PATH."
    )
    task: Literal["text-to-text", "text-to-embeddings", "image-text-to-text"] = Field(
        "text-to-text", description="Kind of request."
    )
    traffic_scenarios: Texts = Field(
        (),
        description="Token counts of requests: `D(in,out)` fixed, `N(mean,sd)/(mean,sd)` normal, `U(min,max)/(min,max)` uniform, or `dataset`. Default: `D(isl,osl)` of the runtime group.",
    )
    num_concurrency: Counts = Field(
        (1,), description="Requests in flight at once (closed loop); a list measures each in turn on the same server."
    )
    request_rate: Rates = Field(
        (), description="Requests per second (open loop) instead of a fixed concurrency; a list measures each in turn."
    )
    max_time_s: float = Field(
        60.0, gt=0, description="Time limit of one measurement, in s. (genai-bench takes minutes; the client converts.)"
    )
    max_requests: int = Field(100, ge=1, description="Requests of one measurement at most.")
    warmup: int = Field(0, ge=0, description="Requests sent first and not counted.")
    repeats: int = Field(
        1,
        ge=1,
        le=100,
        description="Times each measurement is taken; the result is the mean, with its 95 % confidence interval.",
    )
    timeout_s: float | None = Field(
        None,
        gt=0,
        description="When the load client of a point counts as stuck and is ended, in s. Default: half as much again as its loads may take, and time for its start.",
    )
    max_error_rate: Fraction = Field(
        0.01,
        description="Share of failed requests past which a load counts as failed. p99, the outermost statistic, is unknown past 0.01.",
    )
    dataset: Name | None = Field(
        None,
        description="File or http(s) address of prompts, for the `dataset` scenario: text lines, JSON lines, JSON (ShareGPT too) or CSV. `#sha256=...` after an address pins its content.",
    )
    dataset_sha256: Name | None = Field(
        None, description="SHA-256 of the data set, in hex; another spelling of `#sha256=...`."
    )
    results_uri: Name | None = Field(
        None,
        description="Where a BenchmarkJob in a cluster (target ome) leaves its results: `pvc://claim/folder`, `oci://...`, `s3://...`, `gs://...`, `az://...`. Without it none is emitted.",
    )
    image: Name | None = Field(
        None,
        description="Container image of the load client, where it runs in the cluster (`executor.reach=in_cluster`, BenchmarkJob). Default: what the client's project publishes, if that is known.",
    )
    request_params: dict[str, Any] = Field(
        default_factory=dict,
        description="Further fields of each request's body, e.g. `{temperature: 0.0, ignore_eos: true}`.",
    )


class Optimization(Group):
    """What is searched for, and with how many experiments."""

    strategy: Literal["grid", "random", "bayesian", "progressive_pareto", "two_stage", "hybrid", "auto"] = Field(
        "grid", description="How points are chosen from the sweep."
    )
    objectives: Annotated[Texts, Field(min_length=1)] = Field(
        ("maximize_throughput_per_gpu", "minimize_tpot"),
        description="minimize_latency, maximize_throughput, maximize_goodput, minimize_ttft, minimize_tpot, and each with `_per_gpu`. The frontier is over all of them.",
    )
    weights: dict[str, Fraction] = Field(
        default_factory=dict,
        description="Weight of each objective in the ranking; they are scaled to sum to 1. The frontier does not depend on them.",
    )
    max_experiments: int | None = Field(None, ge=1, description="Experiments at most. Default: every point.")
    timeout_s: float = Field(1800.0, gt=0, description="Time limit of one experiment from start to clean-up, in s.")
    max_parallel: int | None = Field(
        None,
        ge=1,
        description="Experiments at once at most. Default: as many as fit on the GPUs; one at a time without any.",
    )
    retries: int = Field(
        1,
        ge=0,
        le=10,
        description="Further tries of a point that failed for the machine's sake (classes infrastructure and killed); other failures are never tried again.",
    )
    retry_pause_s: float = Field(
        10.0, ge=0, description="Pause before such a further try, in s; each later one waits twice as long."
    )
    cooldown_h: float = Field(
        1.0,
        ge=0,
        description="How long other runs on this machine leave a config alone whose server failed to load, in h; 0 tries it at once.",
    )
    seed: int = Field(0, ge=0, description="Seed of every random choice.")
    calibration: Name | None = Field(
        None,
        description="Calibration by name (`autotune calibrations`) or file, that corrects what is predicted of this run's points: what is kept beside the results, and what a strategy starts from.",
    )
    constraints: Texts = Field(
        (), description="CEL over metrics that a result must meet: `ttft_ms.p95 < 300.0 && error_rate == 0.0`."
    )


class Target(Group):
    """A limit for one statistic of one latency."""

    threshold: float = Field(gt=0, description="Limit in ms.")
    weight: float = Field(1.0, ge=0, description="Weight of a violation in the score.")
    hard_fail: bool = Field(False, description="Whether a result past fail_ratio counts as failed.")
    fail_ratio: float = Field(
        0.5, gt=0, description="How far past the limit is a hard failure: 0.5 is half as much again."
    )


class Targets(Group):
    """Limits for the statistics of one latency."""

    mean: Target | None = Field(None, description="Limit for the mean.")
    p50: Target | None = Field(None, description="Limit for the median.")
    p90: Target | None = Field(None, description="Limit for the 90th percentile.")
    p95: Target | None = Field(None, description="Limit for the 95th percentile.")
    p99: Target | None = Field(None, description="Limit for the 99th percentile.")


class Slo(Group):
    """Service level objectives, in ms."""

    ttft: Targets | None = Field(None, description="Time to first token.")
    tpot: Targets | None = Field(None, description="Time per output token.")
    e2e_latency: Targets | None = Field(None, description="Whole request.")
    steepness: float = Field(
        0.1, gt=0, description="How fast the penalty grows with the violation; smaller is steeper."
    )


class LocalExecutor(Group):
    """The engine as a process on this machine."""

    name: Literal["local"] = Field(description="local")
    bin_dir: Name | None = Field(
        None, description="Folder with the engine's command (a venv's bin), looked in before PATH."
    )
    env: dict[EnvName, str] = Field(
        default_factory=dict, description="Environment of the process on this machine only; never part of a manifest."
    )
    ready_timeout_s: float = Field(1200.0, gt=0, description="Time for the server to become ready, in s.")
    stop_timeout_s: float = Field(30.0, gt=0, description="Time between the polite and the final signal, in s.")
    devices: Devices = Field(
        (),
        description="The GPUs to hand out, as CUDA_VISIBLE_DEVICES (HIP_VISIBLE_DEVICES on AMD) names them: numbers or UUIDs. Default: those that NVML lists, within CUDA_VISIBLE_DEVICES.",
    )
    cores_per_server: int | None = Field(
        None,
        ge=1,
        description="CPU cores for each server that uses no GPU. Default: the cores shared out among optimization.max_parallel servers.",
    )
    pin: bool = Field(
        True,
        description="Keep servers apart on the CPU: one without a GPU stays on cores of its own, one on GPUs of a single NUMA node on that node's.",
    )


class DockerExecutor(Group):
    """The engine in a container of a Docker engine (DOCKER_HOST is respected)."""

    name: Literal["docker"] = Field(description="docker")
    start_timeout_s: float = Field(3600.0, gt=0, description="Time to pull the image and create the container, in s.")
    ready_timeout_s: float = Field(1800.0, gt=0, description="Time for the server to become ready, in s.")
    stop_timeout_s: float = Field(30.0, gt=0, description="Time between the polite and the final signal, in s.")
    outage_timeout_s: float = Field(
        120.0,
        ge=0,
        description="Time that a Docker engine which does not answer is waited for before a server is started, in s.",
    )
    pull: Literal["missing", "always", "never"] = Field("missing", description="When the image is pulled.")
    host: DockerHost | None = Field(
        None,
        description="Docker engine: `unix:///path`, `tcp://host:port` or `ssh://user@host`. Default: DOCKER_HOST, else the Docker command line's context.",
    )
    env: dict[EnvName, str] = Field(
        default_factory=dict, description="Environment of the container in this run only; never part of a manifest."
    )
    pass_env: EnvNames = Field(
        (),
        description="Variables that the container gets with the values they have here, such as HF_TOKEN; the values are written nowhere.",
    )
    volumes: Mounts = Field(
        (),
        description="Further mounts, `source:target[:ro]`: a folder of the Docker host (begins with `/` or `~`), or a Docker volume.",
    )


class KubernetesExecutor(Group):
    """The emitted manifests on a cluster, in `deploy.namespace`."""

    name: Literal["kubernetes", "ome"] = Field(description="kubernetes or ome")
    context: Name | None = Field(None, description="Kubeconfig context. Default: the current one.")
    kubeconfig: Name | None = Field(
        None,
        description="Kubeconfig file. Default: KUBECONFIG, ~/.kube/config, or inside a pod that pod's own account.",
    )
    reach: Literal["port_forward", "service", "in_cluster"] = Field(
        "port_forward",
        description="How the load reaches the server: from here through the API server, from here at its Service's address (inside the cluster, or with `service_url`), or `in_cluster`: the load client runs in a pod beside the server.",
    )
    service_url: Name | None = Field(
        None,
        description="Address of the Service as seen by the load client, with {name}, {namespace} and {port}. Default: http://{name}.{namespace}.svc:{port}.",
    )
    ready_timeout_s: float = Field(1800.0, gt=0, description="Time for the server to become ready, in s.")
    schedule_timeout_s: float = Field(
        300.0, ge=0, description="Time for the cluster to find (or add) a node for the pod, in s."
    )
    outage_timeout_s: float = Field(
        120.0, ge=0, description="Time that the API server may be away before the experiment counts as failed, in s."
    )
    stop_timeout_s: float = Field(
        120.0, gt=0, description="Time to wait for deleted pods to give their GPUs back, in s."
    )


class RayExecutor(Group):
    """Engines, and the load clients beside them, on the nodes of a Ray cluster, which Ray chooses."""

    name: Literal["ray"] = Field(description="ray")
    address: Name | None = Field(
        None,
        description="The cluster: `host:6379`, `ray://host:10001` (needs ray[client]), or `local` to start one here. Default: RAY_ADDRESS, else the one that runs on this machine.",
    )
    bin_dir: Name | None = Field(
        None, description="Folder with the engine's command on every node, looked in before PATH."
    )
    env: dict[EnvName, str] = Field(
        default_factory=dict, description="Environment of the engines on their nodes only; never part of a manifest."
    )
    cpus_per_server: float = Field(
        1.0, ge=0, description="Ray CPUs that each server and its load client reserve, besides the GPUs."
    )
    resources: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description="Further Ray resources that each server reserves, by name, e.g. `{local_disk: 1}`.",
    )
    accelerator_type: Name | None = Field(
        None, description="Ray's name for the GPU of the nodes to use, e.g. H100 or A100-80G. Default: any node."
    )
    schedule_timeout_s: float = Field(300.0, gt=0, description="Time for Ray to find (or add) a node with room, in s.")
    ready_timeout_s: float = Field(1200.0, gt=0, description="Time for the server to become ready, in s.")
    stop_timeout_s: float = Field(30.0, gt=0, description="Time between the polite and the final signal, in s.")


class EmulatedExecutor(Group):
    """A server in this package whose timing comes from the predictor. What it yields is marked emulated."""

    name: Literal["emulated"] = Field(description="emulated")
    speed: float = Field(
        10.0,
        gt=0,
        le=1000,
        description="How many times faster than predicted the emulation runs; results are scaled back.",
    )


class AutoExecutor(Group):
    """local where the engine and its device are there, else docker where a daemon and GPUs are, else emulated."""

    name: Literal["auto"] = Field(description="auto")


Executor = Annotated[
    LocalExecutor | DockerExecutor | KubernetesExecutor | RayExecutor | EmulatedExecutor | AutoExecutor,
    Field(discriminator="name"),
]
