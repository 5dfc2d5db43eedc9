"""OME's BenchmarkJob: genai-bench against the server, run in the cluster.

Read from https://github.com/ome-projects/ome (pkg/controller/v1beta1/benchmark, pkg/webhook/admission/benchmark). What to know
of the controller, and what is done about it here:

- It waits until the InferenceService is ready, then makes one Job of the same name and never changes it: the name holds a
  hash of the load, so that another load is another job.
- Of an endpoint given by its address it tells genai-bench neither tokenizer nor key, which genai-bench ends without. Of an
  InferenceService it tells both, the tokenizer as the model's folder on the node, which it mounts: so the
  InferenceService has to name a model whose ClusterBaseModel has a `path`, and a claim has none
  (https://github.com/ome-projects/ome/issues/778).
- The model's name it reads from `--served-model-name` of the running pod, as it stands there, or else from `--model` and
  `--model-path`; TensorRT-LLM and transformers have none of them. Until August 2026 it asked for `vllm-model` whatever the
  server was called, to which vLLM answers 404 while the job says Completed
  (https://github.com/ome-projects/ome/issues/781).
- `additionalRequestParams` are checked and never handed on, nor is `dataset`. Requests go out as `openai`, without
  `ignore_eos`, so that answers may be shorter than the scenario says.
- `huggingFaceSecretReference` sets HUGGINGFACE_API_KEY from a key of that name; genai-bench reads HF_TOKEN. The tokenizer is
  local, so neither is needed.
- `serviceMetadata` allows for GPU names that genai-bench refuses (A100) and few others; it is optional, and left out.
- A claim for the results has to be in the job's namespace, with a folder; results are in `<folder>/<resultFolderName>`.
- Times are whole minutes.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from autotune.emit.faults import fault
from autotune.emit.ome_model import find_model
from autotune.emit.pod import object_metadata, without_empty
from autotune.engines.assemble import NAME_LENGTH
from autotune.schema import stable_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment, PlannedLoad

#: What the webhook takes for text-to-text (ScenarioValidationPattern), anchored as it was meant to be.
_SCENARIO = re.compile(r"N\(\d+,\d+\)/\(\d+,\d+\)|U\(\d+,\d+\)(?:/\(\d+,\d+\))?|D\(\d+,\d+\)")
#: Where the controller can put results without a credential in the manifest (BuildStorageArgs).
_RESULTS = re.compile(
    r"pvc://[a-z0-9]([-.a-z0-9]*[a-z0-9])?/[^/\s].*|oci://n/[^/]+/b/[^/]+/o/.+|(?:s3|gs|az)://[^/\s].*"
)
#: Engines whose command names the served model as the controller looks for it.
_ENGINES = ("sglang", "vllm")

REMARK = (
    "OME older than August 2026 asks for the model vllm-model: with vLLM, add it to model.aliases "
    "(https://github.com/ome-projects/ome/issues/781)."
)


def benchmark_loads(deployment: Deployment) -> list[PlannedLoad]:
    """The loads that a place for the results is named for."""
    return [load for load in deployment.loads if load.results_uri is not None]


def benchmark_documents(deployment: Deployment) -> list[dict[str, Any]]:
    """A BenchmarkJob for each load."""
    return [benchmark_document(deployment, load) for load in benchmark_loads(deployment)]


def find_benchmark_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    """AT029 for what a BenchmarkJob cannot measure, or would measure wrongly without saying so."""
    loads = benchmark_loads(deployment)
    for load in loads:
        yield from _load_faults(load)
    if loads:
        yield from _server_faults(deployment)


def benchmark_document(deployment: Deployment, load: PlannedLoad, name: str | None = None) -> dict[str, Any]:
    """The BenchmarkJob of one load; `name`, which its results' folder has too, is made of a hash of the load unless given."""
    spec: dict[str, Any] = {
        "endpoint": {"inferenceService": {"name": deployment.name, "namespace": deployment.namespace}},
        "task": load.task,
        # Both are sets: the API server refuses a value twice.
        "trafficScenarios": list(dict.fromkeys(_compact(text) for text in load.scenarios)),
        "numConcurrency": list(dict.fromkeys(load.concurrencies)),
        "maxTimePerIteration": math.ceil(load.max_time_s / 60),
        "maxRequestsPerIteration": load.max_requests,
        "additionalRequestParams": {key: _text(value) for key, value in sorted(load.request_params.items())},
        "outputLocation": {"storageUri": load.results_uri},
    }
    if load.image is not None:
        spec["podOverride"] = {"image": load.image}
    name = name or f"{deployment.name}-{stable_hash(spec)}"
    return {
        "apiVersion": "ome.io/v1beta1",
        "kind": "BenchmarkJob",
        "metadata": object_metadata(deployment, name),
        "spec": without_empty(spec | {"resultFolderName": name}),
    }


def _load_faults(load: PlannedLoad) -> Iterator[Diagnostic]:
    if load.task != "text-to-text":
        yield fault(
            f"a BenchmarkJob of OME and genai-bench do not agree on {load.task}",
            "benchmark.task",
            "use text-to-text, or leave benchmark.results_uri out",
        )
    if load.request_rates:
        yield fault(
            "a BenchmarkJob of OME has no request rate, only fixed concurrency",
            "benchmark.request_rate",
            "use benchmark.num_concurrency, or leave benchmark.results_uri out",
        )
    for text in load.scenarios:
        if not _SCENARIO.fullmatch(_compact(text)):
            yield fault(
                f"OME takes no traffic scenario {text!r}",
                "benchmark.traffic_scenarios",
                "use D(in,out), N(..)/(..) or U(..)/(..) in whole tokens",
            )
    if not _RESULTS.fullmatch(load.results_uri or ""):
        yield fault(
            f"{load.results_uri!r} is no place that OME puts results at",
            "benchmark.results_uri",
            "as in pvc://claim/folder, oci://n/namespace/b/bucket/o/folder, s3://bucket/folder, gs:// or az://",
        )


def _server_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    if len(deployment.name) > NAME_LENGTH:
        yield fault(f"the name {deployment.name!r} leaves no room for the hash that a BenchmarkJob's ends with")
    if deployment.engine not in _ENGINES:
        yield fault(
            f"a BenchmarkJob of OME does not find out the model's name at {deployment.engine}",
            "benchmark.results_uri",
            f"leave it out, or use {' or '.join(_ENGINES)}",
        )
    if "$" in deployment.served_name:
        yield fault(
            f"a BenchmarkJob of OME would ask for {deployment.served_name!r} with its $ doubled",
            "model.served_name",
            "choose a name without $, or leave benchmark.results_uri out",
        )
    model = find_model(deployment)
    if model is None or model.node_path is None:
        yield fault(
            "a BenchmarkJob of OME reads the tokenizer from a folder of the node, and this model is in none",
            "benchmark.results_uri",
            "leave it out, or use a model from the Hub or from deploy.host_path",
        )
    elif any(volume.mount_path.rstrip("/") == model.node_path for volume in deployment.volumes):
        yield fault(
            f"OME mounts the model at {model.node_path!r}, and so does this server",
            "deploy.mount_path",
            "choose another folder, or leave benchmark.results_uri out",
        )


def _compact(scenario: str) -> str:
    return re.sub(r"\s+", "", scenario)


def _text(value: Any) -> str:
    """Parameters are texts there: `true`, `0.0`."""
    return value if isinstance(value, str) else json.dumps(value)
