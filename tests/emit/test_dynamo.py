"""The Dynamo target. Its CRD is over 1 MB and not at hand: its fields are checked against a list read from its Go types,
its pod templates against Kubernetes' own schema."""

from __future__ import annotations

import json
from dataclasses import replace

import kubernetes_validate
import pytest
import yaml
from hypothesis import given

import autotune
from autotune.diagnostics import InputError
from autotune.emit import EMITTERS, emit_point
from autotune.emit.dynamo import DynamoEmitter
from autotune.emit.dynamo_images import RELEASES
from autotune.engines import ENGINES
from autotune.engines.deployment import Autoscaling
from tests.engines.matrix import PROFILES, TP

from .cases import ANY_TEXT, CPU, FULL, HOSTILE, HOSTILE_TEXTS, LOCAL, PLAIN
from .test_k8s import expand

VLLM = replace(PLAIN, engine_version="0.31.0", image="vllm/vllm-openai:v0.31.0")
SGLANG = replace(
    VLLM,
    engine="sglang",
    engine_version="0.5.21",
    image="lmsysorg/sglang:v0.5.21",
    argv=("python3", "-m", "sglang.launch_server", "--model-path", "m", "--host", "0.0.0.0", "--port", "8000", "--tp-size", "2"),
)  # fmt: skip
TRTLLM = replace(FULL, engine_version="1.3.0rc7", image="nvcr.io/nvidia/tensorrt-llm/release:1.3.0rc7", port=8000)
ONES = {"vllm": VLLM, "sglang": SGLANG, "trtllm": TRTLLM}

#: deploy/operator/api/v1beta1 of Dynamo: the fields of a graph and of a component that are written here, with their types.
GRAPH = {"backendFramework": str, "components": list}
COMPONENT = {
    "name": str,
    "type": str,
    "replicas": int,
    "multinode": dict,
    "sharedMemorySize": str,
    "podTemplate": dict,
}
TYPES = {"frontend", "worker", "prefill", "decode"}


def load(deployment):
    (text,) = emit_point(deployment, ["dynamo"]).values()
    documents = list(yaml.safe_load_all(text))
    for document in documents[:-1]:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
    assert_graph(documents[-1])
    return documents[-1]


def assert_graph(graph):
    assert (graph["apiVersion"], graph["kind"]) == ("nvidia.com/v1beta1", "DynamoGraphDeployment")
    spec = graph["spec"]
    assert {key: type(value) for key, value in spec.items()} == GRAPH
    assert spec["backendFramework"] in ("sglang", "vllm", "trtllm")
    names = [component["name"] for component in spec["components"]]
    assert len({name.lower() for name in names}) == len(names)
    for component in spec["components"]:
        for key, value in component.items():
            assert isinstance(value, COMPONENT[key]), key
        assert component["type"] in TYPES
        assert component.get("multinode", {"nodeCount": 2})["nodeCount"] >= 2
        template = component["podTemplate"]
        assert [container["name"] for container in template["spec"]["containers"]] == ["main"]
        pod = {"metadata": {"labels": {"a": "b"}} | template.get("metadata", {}), "spec": template["spec"]}
        pod["metadata"]["labels"] = {**pod["metadata"]["labels"], "a": "b"}
        kubernetes_validate.validate(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": graph["metadata"],
                "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": pod},
            },
            kubernetes_validate.latest_version(),
            strict=True,
        )


def components(deployment):
    return {component["name"]: component for component in load(deployment)["spec"]["components"]}


def main(component):
    (container,) = component["podTemplate"]["spec"]["containers"]
    return container


def argv(deployment, name="worker"):
    container = main(components(deployment)[name])
    return [expand(word, {}) for word in [*container["command"], *container["args"]]]


def refused(deployment):
    with pytest.raises(InputError) as error:
        DynamoEmitter().emit(deployment)
    assert {item.code for item in error.value.diagnostics} == {"AT029"}
    return [(item.path, item.message) for item in error.value.diagnostics]


@pytest.mark.parametrize("engine", ONES)
def test_text_is_what_the_golden_file_holds(engine, golden):
    golden(f"../golden_dynamo/{engine}.yaml", DynamoEmitter().emit(ONES[engine])["dynamo.yaml"])


def test_a_frontend_and_the_engine_without_its_server():
    found = components(VLLM)
    assert list(found) == ["frontend", "worker"]
    assert main(found["frontend"])["image"] == main(found["worker"])["image"]
    assert main(found["worker"])["image"] == "nvcr.io/nvidia/ai-dynamo/vllm-runtime:1.6.0"
    worker = ["python3", "-m", "dynamo.vllm", "--model", "Qwen/Qwen3-8B", "--tensor-parallel-size", "2"]
    assert argv(VLLM) == worker
    assert argv(SGLANG) == [
        "python3",
        "-m",
        "dynamo.sglang",
        "--model-path",
        "m",
        "--host",
        "0.0.0.0",
        "--tp-size",
        "2",
    ]


def test_what_the_operator_adds_is_left_to_it():
    worker = components(replace(VLLM, shm_bytes=16 * 2**30))["worker"]
    assert worker["sharedMemorySize"] == "16Gi"
    assert not {"ports", "readinessProbe", "livenessProbe", "volumeMounts"} & set(main(worker))
    assert main(worker)["startupProbe"]["httpGet"] == {"path": "/live", "port": 9090}
    # Workers find each other through the API server.
    assert "automountServiceAccountToken" not in worker["podTemplate"]["spec"]
    assert main(worker)["resources"]["limits"] == {"nvidia.com/gpu": "2"}


def test_pods_say_which_server_they_are_but_not_in_labels_that_are_selected_by():
    metadata = components(replace(VLLM, labels={"team": "search"}))["worker"]["podTemplate"]["metadata"]
    assert metadata["labels"] == {"team": "search"}
    emitted = json.loads(metadata["annotations"].pop("autotune/emitted"))
    assert "--tensor-parallel-size" in emitted["flags"], "of the worker's own command"
    assert metadata["annotations"] == VLLM.annotations
    assert load(VLLM)["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "autotune"


def test_the_frontend_sees_the_model_and_no_gpu():
    local = replace(LOCAL, engine_version="0.31.0", image="vllm/vllm-openai:v0.31.0", gpus=2, secrets=FULL.secrets)
    found = components(local)
    frontend, worker = found["frontend"], found["worker"]
    assert main(frontend)["volumeMounts"] == main(worker)["volumeMounts"]
    assert frontend["podTemplate"]["spec"]["volumes"] == worker["podTemplate"]["spec"]["volumes"]
    assert [item["name"] for item in main(frontend)["env"]] == ["HF_HOME", "HF_TOKEN"]
    assert "resources" not in main(frontend)
    assert "nodeSelector" not in frontend["podTemplate"]["spec"]
    on_nodes = replace(TRTLLM, volumes=TRTLLM.volumes[1:2])
    assert components(on_nodes)["frontend"]["podTemplate"]["spec"]["nodeSelector"] == TRTLLM.node_selector


def test_tensorrt_llm_is_told_in_dynamos_words():
    address = ["--backend", "pytorch", "--host", "0.0.0.0", "--port", "8000"]
    flags = [*address, "--served_model_name", "chat", "--tp_size", "4", "--max_batch_size", "8"]
    more = ["--trust_remote_code", "--revision", "it's", "--cp_size", "2", "--config", "/etc/autotune/trtllm.yaml"]
    words = argv(replace(TRTLLM, argv=("trtllm-serve", "org/m", *flags, *more)))
    override = words.index("--override-engine-args")
    assert json.loads(words[override + 1]) == {
        "context_parallel_size": 2,
        "revision": "it's",
        "trust_remote_code": True,
    }
    assert words[:override] == [
        *("python3", "-m", "dynamo.trtllm", "--model-path", "org/m", "--served-model-name", "chat"),
        *("--tensor-parallel-size", "4", "--max-batch-size", "8", "--extra-engine-args", "/etc/autotune/trtllm.yaml"),
    ]


def test_parsers_have_dynamos_names():
    flags = ("--enable-auto-tool-choice", "--tool-call-parser", "openai", "--reasoning-parser", "openai_gptoss")
    words = argv(replace(VLLM, argv=("vllm", "serve", "m", *flags)))
    assert words[5:] == [
        *(
            "--dyn-tool-call-parser",
            "harmony",
            "--reasoning-parser",
            "openai_gptoss",
            "--dyn-reasoning-parser",
            "gpt_oss",
        )
    ]
    ((path, message),) = refused(replace(VLLM, argv=("vllm", "serve", "m", "--tool-call-parser=xlam")))
    assert path == "misc.tool_call_parser"
    assert "'xlam'" in message


def hostile(*texts):
    return replace(
        VLLM, argv=("vllm", "serve", "o'brien/$(id)\n# x", "--chat", *texts), env=HOSTILE.env, volumes=HOSTILE.volumes
    )


def test_hostile_values_arrive_exactly():
    assert argv(hostile(*HOSTILE_TEXTS))[4:] == ["o'brien/$(id)\n# x", "--chat", *HOSTILE_TEXTS]
    env = main(components(hostile())["worker"])["env"]
    assert {item["name"]: expand(item["value"], {}) for item in env} == HOSTILE.env


@given(ANY_TEXT)
def test_any_text_arrives_exactly(text):
    (written,) = DynamoEmitter().emit(replace(VLLM, argv=("vllm", "serve", "m", f"--x={text}"))).values()
    graph = yaml.safe_load(written.partition("---\n")[2])
    (worker,) = [item for item in graph["spec"]["components"] if item["name"] == "worker"]
    assert expand(main(worker)["args"][-1], {}) == f"--x={text}"


def test_several_nodes():
    found = components(replace(VLLM, gpus=16, nodes=2, argv=("vllm", "serve", "m", "--tensor-parallel-size", "16")))
    assert found["worker"]["multinode"] == {"nodeCount": 2}
    assert main(found["worker"])["resources"]["limits"] == {"nvidia.com/gpu": "8"}


@pytest.mark.parametrize("text", ["", "a;b", "$(id)", "it's", "`id`", "a\nb", "é"])
def test_several_nodes_are_started_through_a_shell_that_not_all_comes_through(text):
    spread = replace(VLLM, nodes=2, argv=("vllm", "serve", "m", "--seed", text))
    assert [path for path, _ in refused(spread)] == ["misc.extra_args"]


def test_long_names_keep_their_hash_and_fit_grove():
    long = replace(VLLM, name="vllm-qwen3-235b-a22b-instruct-2507-fp8-3f2a9c11d0")
    name = load(long)["metadata"]["name"]
    assert name == "vllm-qwen3-235b-a22b-instr-3f2a9c11d0"
    assert len(name) + len("frontend") <= 45
    spread = load(replace(long, nodes=2))["metadata"]["name"]
    assert len(spread) + len("worker") + len("worker-wkr") <= 45
    assert spread.endswith("-3f2a9c11d0")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"engine": "transformers", "engine_version": "5.23.0"}, "system.backend"),
        ({"engine_version": "0.33.0"}, "system.backend_version"),
        ({"gpu_vendor": "amd", "image": "vllm/vllm-openai-rocm:v0.31.0"}, "system.gpu"),
        ({"port": 8001}, "deploy.port"),
        ({"argv": ("vllm", "serve", "m", "--served-model-name", "a", "b")}, "model.aliases"),
        ({"argv": ("vllm", "serve", "m", "--api_key=x")}, "misc.extra_args.--api_key"),
        ({"argv": ("vllm", "bench")}, None),
        ({"argv": ("vllm", "serve", "")}, None),
        ({"argv": ("vllm", "serve", "m", "--nnodes", "2"), "nodes": 2}, "misc.extra_args"),
        ({"argv": ("vllm", "serve", "m", "--data-parallel-size", "2"), "nodes": 2}, "parallel.dp"),
        ({"name": "a" * 60}, None),
        ({"namespace": "A"}, "deploy.namespace"),
    ],
)
def test_what_dynamo_cannot_hold_is_refused(change, path):
    assert [found for found, _ in refused(replace(VLLM, **change))] == [path]


def test_what_each_engine_cannot_say_is_refused():
    ((path, _),) = refused(replace(SGLANG, argv=(*SGLANG.argv, "--schedule-low-priority-values-first")))
    assert path == "scheduling.policy"
    ((path, _),) = refused(replace(TRTLLM, argv=("trtllm-serve", "m", "--num_postprocess_workers", "2")))
    assert path == "misc.extra_args.--num_postprocess_workers"


def test_an_image_of_ones_own_is_taken_as_it_is_whatever_the_version_and_the_gpu():
    own = replace(CPU, argv=("vllm", "serve", "tiny"), image="registry.example/dynamo-vllm:1.6.0")
    assert main(components(own)["worker"])["image"] == "registry.example/dynamo-vllm:1.6.0"
    assert main(components(own)["frontend"])["image"] == "registry.example/dynamo-vllm:1.6.0"


WORDS = [
    "system.serving_mode=disagg",
    "disagg.prefill.replicas=2",
    "disagg.prefill.tp=1",
    "disagg.decode.tp=4",
]


def disaggregated(engine, version):
    (point,) = autotune.compile([*WORDS, f"system.backend={engine}", f"system.backend_version={version}"])
    assert point.runnable, point.diagnostics
    return point.deployment


@pytest.mark.parametrize(("engine", "version"), [("sglang", "0.5.21"), ("trtllm", "1.3.0rc7")])
def test_disaggregated_serving_needs_no_router_of_ours(engine, version):
    router = disaggregated(engine, version)
    assert list(emit_point(router, ["dynamo"])) == [f"{router.name}/dynamo.yaml"]
    found = components(router)
    assert [(item["name"], item["type"], item["replicas"]) for item in found.values()] == [
        ("frontend", "frontend", 1),
        ("prefill", "prefill", 2),
        ("decode", "decode", 1),
    ]
    for role, gpus in {"prefill": "1", "decode": "4"}.items():
        words = argv(router, role)
        assert words[words.index("--disaggregation-mode") + 1] == role
        assert main(found[role])["resources"]["limits"] == {"nvidia.com/gpu": gpus}
    assert "router" not in str(main(found["frontend"]))


def test_each_role_has_its_own_config_file():
    router = disaggregated("trtllm", "1.3.0rc7")
    (text,) = emit_point(router, ["dynamo"]).values()
    files = {item["metadata"]["name"]: item["data"] for item in yaml.safe_load_all(text) if item["kind"] == "ConfigMap"}
    found = components(router)
    for role, overlaps in {"prefill": False, "decode": True}.items():
        (volume,) = found[role]["podTemplate"]["spec"]["volumes"]
        (content,) = files.pop(volume["configMap"]["name"]).values()
        assert ("disable_overlap_scheduler" not in content) is overlaps
    assert not files


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_profile_of_every_engine_is_held_or_refused_with_a_reason(profile, engine):
    version = RELEASES["1.6.0"].get(engine, ENGINES[engine].versions()[-1])
    for point in autotune.compile(
        {"system.backend": engine, "system.backend_version": version, "parallel.tp": TP[engine]},
        profiles=[profile],
        sweep={"model.id": ["Qwen/Qwen3-8B", "Qwen/Qwen3-30B-A3B", "openai/gpt-oss-20b"]},
    ):
        assert point.deployment is not None
        if engine == "transformers":
            assert {path for path, _ in refused(point.deployment)} == {"system.backend"}
        else:
            load(point.deployment)


def test_the_target_is_in_the_table():
    assert isinstance(EMITTERS["dynamo"], DynamoEmitter)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("deploy.autoscale.kind", {"autoscaling": Autoscaling("keda", 1, 4, 8, "http://prometheus:9090")}),
        ("deploy.disruption_budget", {"disruption_budget": 1}),
        ("deploy.monitor", {"monitor": True}),
    ],
)
def test_what_dynamo_does_by_itself_is_refused(path, asked):
    with pytest.raises(InputError) as caught:
        DynamoEmitter().emit(replace(VLLM, **asked))
    assert [item.path for item in caught.value.diagnostics] == [path]
