"""The shapes of requests and answers, for the OpenAPI document and for what comes in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from autotune.run.listing import State
from autotune.web.requested import MOST_WORDS

Override = Annotated[str, Field(max_length=4_000)]
#: A task file's text.
Text = Annotated[str, Field(max_length=200_000)]
_OVERRIDES = ["+profile=fp8_quantized", "parallel.tp=2,4"]


def _closed(*examples: Any) -> ConfigDict:
    """A model that takes nothing beyond its fields."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})


class Diagnostic(BaseModel):
    """One finding: what is wrong, where, who wrote it, what to do instead. `autotune explain CODE` tells more."""

    code: str = Field(examples=["AT012"])
    severity: Literal["error", "warning", "note"]
    message: str = Field(examples=["parallel.tp=3 does not divide the model's 32 attention heads"])
    path: str | None = Field(None, description="Dotted config path.")
    writer: str | None = Field(None, description="Who set it.")
    file: str | None = None
    line: int | None = None
    help: str | None = Field(None, description="What to do instead.")
    point: str | None = Field(None, description="Id of the point; absent when it concerns all.")


class FieldError(BaseModel):
    """One part of the request that is malformed."""

    pointer: str = Field(examples=["body/overrides/0"])
    detail: str


class Problem(BaseModel):
    """What every refusal looks like: RFC 9457, `application/problem+json`."""

    type: str = Field(examples=["urn:autotune:problem:diagnostics", "about:blank"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str
    instance: str = Field(examples=["/api/v2/compile"])
    diagnostics: list[Diagnostic] | None = None
    errors: list[FieldError] | None = None


class Said(BaseModel):
    """A sweep: the text of a task file, or the hash of a stored one, and overrides as typed on the command line."""

    model_config = _closed({"overrides": _OVERRIDES})

    overrides: list[Override] = Field(default_factory=list, max_length=MOST_WORDS, description="`path=value`, `group=option`, `+profile=NAME`; `path=a,b` sweeps.", examples=[_OVERRIDES])  # fmt: skip
    task: Text | None = Field(None, description="Text of a v2 task file (YAML); overrides win over it.", examples=["parallel: {tp: 2}\n"])  # fmt: skip
    task_hash: str | None = Field(None, pattern=r"^[0-9a-f]{64}$", description="A task of /api/v2/tasks instead of its text.")  # fmt: skip
    deny: list[str] = Field(default_factory=list, max_length=100, description="Codes of findings that count as errors here.")  # fmt: skip


class Emitting(Said):
    """A sweep, and what to write of it."""

    model_config = _closed({"overrides": ["parallel.tp=2"], "targets": ["k8s", "compose"]})

    targets: list[str] = Field(default_factory=lambda: ["k8s"], min_length=1, max_length=20, examples=[["k8s"]])


class Predicting(Said):
    """A sweep, and who predicts."""

    predictor: Literal["roofline", "aiconfigurator"] = "roofline"


class Running(Said):
    """A sweep to run."""

    model_config = _closed({"overrides": [*_OVERRIDES, "executor=emulated"]})


class Cancelling(BaseModel):
    """How to end a run."""

    model_config = ConfigDict(extra="forbid")

    now: bool = Field(False, description="Kill its servers instead of asking them to end.")


class NewTask(BaseModel):
    """A task file to keep."""

    model_config = _closed({"name": "tp", "text": "sweep: {parallel.tp: [2, 4]}\n"})

    name: str = Field(min_length=1, max_length=200, pattern=r"^[\w][\w .+-]*$", examples=["tp"])
    text: Text


class OldTask(BaseModel):
    """A v1 task as text, JSON or YAML."""

    model_config = _closed(
        {
            "text": '{"task_name": "t", "model": {"id_or_path": "Qwen/Qwen3-8B"}, "base_runtime": "vllm", "parameters": {"tp-size": [1, 2]}}'
        }
    )

    text: Text
    name: str = Field("task.json", min_length=1, max_length=200, pattern=r"^[\w][\w .+-]*$")
    engine: Literal["vllm", "sglang", "trtllm"] | None = Field(None, description="The engine of a runtime whose name does not say which it is.")  # fmt: skip


class ProfileText(BaseModel):
    """The text of a profile file."""

    model_config = _closed({"text": "description: Two GPUs.\nlayers:\n  size:\n    set: {parallel.tp: 2}\n"})

    text: Text


class NewProfile(ProfileText):
    """A profile to keep under a name."""

    model_config = _closed(
        {"name": "two_gpus", "text": "description: Two GPUs.\nlayers:\n  size:\n    set: {parallel.tp: 2}\n"}
    )

    name: str = Field(min_length=1, max_length=64, examples=["two_gpus"])


class Applying(BaseModel):
    """What a profile is tried on."""

    model_config = _closed({"overrides": ["model.id=Qwen/Qwen3-8B", "system.gpu=h100_sxm"]})

    overrides: list[Override] = Field(default_factory=list, max_length=MOST_WORDS)


class Deployment(BaseModel):
    """One server: what is started, and on what. Secrets are hidden."""

    model_config = ConfigDict(extra="allow")

    argv: list[str] = Field(examples=[["vllm", "serve", "Qwen/Qwen3-8B", "--tensor-parallel-size", "2"]])
    env: dict[str, Any]
    image: str
    gpus: int
    files: dict[str, str]


class Point(BaseModel):
    """One compiled point, as `autotune compile --format json` prints it."""

    id: str = Field(examples=["441a9f39ec"])
    overrides: list[str]
    profiles: list[str]
    config: dict[str, Any]
    deployment: Deployment | None = Field(description="Null where an error kept the point from getting that far.")
    applied_layers: list[str]
    origin: dict[str, str] = Field(description="Who set each value.")
    diagnostics: list[Diagnostic]


class Checked(BaseModel):
    """Every finding, errors first."""

    ok: bool = Field(description="Whether there is no error.")
    points: int
    runnable: int
    diagnostics: list[Diagnostic]


class Emitted(BaseModel):
    """Files by name."""

    files: dict[str, str]
    servers: int
    diagnostics: list[Diagnostic]


class Prediction(BaseModel):
    """What is predicted of one load of one point; never measured."""

    point_id: str
    kind: Literal["predicted"]
    predictor: str
    predictor_version: str
    expected_error: str
    relative_errors: dict[str, Any]
    overrides: list[str]
    metrics: dict[str, Any]


class Predicted(BaseModel):
    predictions: list[Prediction]
    diagnostics: list[Diagnostic]


class TaskRef(BaseModel):
    name: str
    hash: str


class Worker(BaseModel):
    pid: int
    host: str
    user: str
    since: str


class Run(BaseModel):
    """One run as it stands now."""

    run_id: str = Field(examples=["20261123-041500-3f2a1c"])
    executor: str
    points: int
    counts: dict[str, int] = Field(description="Results by status.")
    created_at: str
    finished_at: str | None
    task: TaskRef | None
    environment: dict[str, Any]
    source: dict[str, Any] | None
    state: State
    waiting: int = Field(description="Points without a result.")
    worker: Worker | None


class Failed(BaseModel):
    kind: str
    message: str


class Experiment(BaseModel):
    """One point of one run, in short; the metrics are those of its best load."""

    run_id: str
    point_id: str
    status: Literal["done", "failed", "pruned", "running", "interrupted"]
    kind: Literal["measured", "emulated", "predicted"]
    overrides: list[str]
    score: float | None = Field(description="Lower is better.")
    metrics: dict[str, Any] | None
    failure: Failed | None
    started_at: str | None
    finished_at: str | None
    attempts: int


class ExperimentInFull(BaseModel):
    """One element of `autotune results --format json`."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    point_id: str
    status: Literal["done", "failed", "pruned", "running", "interrupted"]
    kind: Literal["measured", "emulated", "predicted"]
    config: dict[str, Any]
    metrics: dict[str, Any] | None
    failure: dict[str, Any] | None


class Task(BaseModel):
    """A task file that is kept."""

    hash: str
    name: str
    version: Literal[1, 2]
    migrated_from: str | None = Field(description="Hash of the v1 task that it was made from.")


class TaskInFull(Task):
    text: str


class Migrated(BaseModel):
    """A v2 task, and what became of every value of the v1 task."""

    text: str | None = Field(description="The v2 task file; null where the engine is not known.")
    file: str
    needs_human: bool
    counts: dict[str, int]
    values: list[dict[str, Any]]


class Profile(BaseModel):
    name: str
    description: str
    extends: list[str]
    conflicts: list[str]
    layers: list[str]
    file: str
    builtin: bool
    own: bool = Field(description="Whether it can be changed here.")


class LayerText(BaseModel):
    when: str | None
    set: dict[str, Any]


class ProfileInFull(BaseModel):
    name: str
    description: str
    extends: list[str]
    conflicts: list[str]
    layers: dict[str, LayerText]
    file: str
    builtin: bool
    own: bool
    text: str


class Write(BaseModel):
    path: str
    value: Any
    layer: str
    stands: bool
    reason: str | None


class Applied(BaseModel):
    """What a profile does to a point."""

    point: Point
    layers: list[dict[str, Any]]
    writes: list[Write]


class Model(BaseModel):
    """Facts of a model; see docs/catalog.md."""

    model_config = ConfigDict(extra="allow")

    id: str


class System(BaseModel):
    """Facts of a GPU."""

    model_config = ConfigDict(extra="allow")

    name: str


class Alive(BaseModel):
    status: Literal["ok"]


class DatabaseHealth(BaseModel):
    ok: bool
    detail: str | None


class DiskHealth(BaseModel):
    ok: bool
    free_bytes: int | None


class ExecutorHealth(BaseModel):
    name: str
    available: bool
    detail: str


class QueueHealth(BaseModel):
    waiting: int
    running: int
    max_runs: int


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    version: str
    read_only: bool
    database: DatabaseHealth
    disk: DiskHealth
    executors: list[ExecutorHealth]
    queue: QueueHealth


class Listing(BaseModel):
    """One page; the Link header has the addresses of the others."""

    total: int
    page: int
    limit: int


class Runs(Listing):
    items: list[Run]


class Experiments(Listing):
    items: list[Experiment]


class Tasks(Listing):
    items: list[Task]


class Profiles(Listing):
    items: list[Profile]


class Models(Listing):
    items: list[Model]


class Systems(Listing):
    items: list[System]
