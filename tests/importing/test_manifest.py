from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.emit import EMITTERS
from autotune.importing.manifest import read_manifest
from tests.emit.cases import ANY_TEXT, CASES, PLAIN, REFUSED, TWO_NODES
from tests.examples import examples

TARGETS = ["k8s", "kserve", "kserve-llm", "ome", "lws", "kustomize", "helm", "compose"]
HELD = [(target, case) for target in TARGETS for case in CASES if case not in REFUSED.get(target, ())]


def emitted(target, deployment):
    """All documents of a target as one text, as `kustomize build` and the like print them."""
    files = EMITTERS[target].emit(deployment)
    return "\n".join(text for name, text in files.items() if "templates/" not in name)


def read(target, deployment):
    (server,) = read_manifest(emitted(target, deployment), "x.yaml")
    return server


@pytest.mark.parametrize(("target", "case"), HELD)
def test_the_server_comes_back(target, case):
    wanted = CASES[case]
    server = read(target, wanted)
    assert server.argv == wanted.argv
    further = {"HF_HUB_CACHE"} if target == "kserve-llm" else set()
    assert {key: value for key, value in server.env.items() if key not in further} == wanted.env
    assert server.files == wanted.files
    assert server.image == wanted.image
    assert [item.env for item in server.secrets] == [item.env for item in wanted.secrets]
    assert server.shm_bytes == (wanted.shm_bytes or None)
    if target != "compose":
        assert server.namespace == (None if target == "ome" else wanted.namespace)
        # An autoscaler sets the number itself; only KServe's minimum is said beside the pod.
        assert server.replicas in ((wanted.replicas,) if wanted.autoscaling is None else (wanted.replicas, None))
        assert server.gpus == (wanted.gpus or None)
        assert server.gpu_resource == (wanted.gpu_resource or None)
        assert server.node_selector == wanted.node_selector
        assert server.labels["app.kubernetes.io/instance"] == wanted.name
        assert wanted.annotations.items() <= server.annotations.items()
        assert [
            (v.mount_path, v.pvc, v.host_path, v.sub_path, v.medium, v.size_bytes, v.read_only) for v in server.volumes
        ] == [
            (v.mount_path, v.pvc, v.host_path, v.sub_path, v.medium, v.size_bytes, v.read_only) for v in wanted.volumes
        ]


@settings(derandomize=True, max_examples=examples(80), deadline=None)
@given(
    st.sampled_from(["k8s", "kserve", "ome", "lws", "compose"]),
    st.lists(ANY_TEXT, max_size=6),
    st.dictionaries(st.from_regex(r"V_[A-Za-z0-9_]*", fullmatch=True), ANY_TEXT, max_size=4),
    ANY_TEXT,
)
def test_any_value_comes_back(target, arguments, env, text):
    wanted = replace(PLAIN, argv=("vllm", *arguments), env=env, files={"/etc/autotune/a.yaml": text})
    server = read(target, wanted)
    assert (server.argv, server.env, server.files) == (wanted.argv, env, wanted.files)


def test_several_nodes_are_counted_and_their_flags_left_to_the_set():
    server = read("lws", TWO_NODES)
    assert (server.argv, server.nodes, server.gpus) == (TWO_NODES.argv, 2, 8)


def pod(**container):
    return yaml.safe_dump({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", **container}]},
    })  # fmt: skip


def test_references_are_resolved_as_the_kubelet_does():
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)-$(C)-$$(A)"},
        {"name": "C", "value": "3"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]
    args = ["$(B)", "$(C)", "$(KEY)", "$(NO)", "$$(C)", "$", "$x", "$(", "a$$$$b"]
    (server,) = read_manifest(pod(command=["vllm", "serve"], args=args, env=env), "x")
    assert server.env == {"A": "1", "B": "1-$(C)-$(A)", "C": "3"}
    assert server.argv[2:] == ("1-$(C)-$(A)", "3", "$(KEY)", "$(NO)", "$(C)", "$", "$x", "$(", "a$$b")
    assert [(item.env, item.secret, item.key) for item in server.secrets] == [("KEY", "s", "k")]
    assert server.unread == ("the variable IP, which comes from elsewhere",)
    assert not server.files_elsewhere


def test_of_several_containers_the_one_that_serves_is_taken_and_named():
    text = yaml.safe_dump({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "llm"},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [
            {"name": "proxy", "image": "envoy:1"},
            {"name": "server", "image": "mine:1", "args": ["python3", "-m", "sglang.launch_server", "--tp", "2"]},
        ]}}},
    })  # fmt: skip
    (server,) = read_manifest(text, "x.yaml")
    assert server.where == "x.yaml, StatefulSet llm, container server"
    assert (server.image, server.replicas) == ("mine:1", 3)


@pytest.mark.parametrize("form", ["list", "documents", "json"])
def test_servers_among_other_objects(form):
    objects = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": []}},
        *(yaml.safe_load(pod(image="vllm/vllm-openai:v0.33.0", args=["--model", name])) for name in ("a", "b")),
        yaml.safe_load(pod(image="grafana/grafana")),
    ]
    whole = {"apiVersion": "v1", "kind": "List", "items": objects}
    texts = {
        "list": yaml.safe_dump(whole),
        "documents": yaml.safe_dump_all(objects),
        "json": json.dumps(whole, indent="\t"),
    }
    servers = read_manifest(texts[form], "x")
    assert [server.argv for server in servers] == [("--model", "a"), ("--model", "b")]


def test_what_runs_no_engine_is_still_found_when_nothing_else_is_there():
    (server,) = read_manifest(pod(image="grafana/grafana"), "x")
    assert server.image == "grafana/grafana"
    assert read_manifest("", "x") == []
    assert read_manifest("apiVersion: v1\nkind: Service\n", "x") == []
    assert read_manifest("just text", "x") == []


def test_a_kserve_service_without_its_runtime():
    text = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: qwen}
spec:
  predictor:
    minReplicas: 2
    model:
      modelFormat: {name: huggingface}
      args: [--model_name=qwen, --max-model-len=4096]
      resources: {limits: {nvidia.com/gpu: "2"}}
"""
    (server,) = read_manifest(text, "x")
    assert server.argv == ("--model_name=qwen", "--max-model-len=4096")
    assert (server.gpus, server.replicas) == (2, 2)


def test_dynamos_older_form():
    text = """
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata: {name: d}
spec:
  services:
    Frontend: {replicas: 1, extraPodSpec: {mainContainer: {image: "nvcr.io/nvidia/ai-dynamo/vllm-runtime:1"}}}
    Worker:
      replicas: 2
      envs: [{name: A, value: b}]
      resources: {limits: {gpu: "4"}}
      extraPodSpec:
        mainContainer: {image: "nvcr.io/nvidia/ai-dynamo/vllm-runtime:1", command: [python3, -m, dynamo.vllm], args: [--model, m]}
"""
    (server,) = read_manifest(text, "x")
    assert server.argv == ("python3", "-m", "dynamo.vllm", "--model", "m")
    assert (server.env, server.gpus, server.replicas) == ({"A": "b"}, 4, 2)


def test_a_compose_file_of_somebody_else():
    text = """
services:
  db: {image: postgres}
  llm:
    image: vllm/vllm-openai:${TAG:-latest}
    command: --model 'Qwen/Qwen3-8B' --api-key $$x
    environment: [A=1, HF_TOKEN, "B=${HOME}/x"]
    shm_size: 16gb
    volumes: [./models:/models:ro, hub:/root/.cache, /scratch]
    deploy: {resources: {reservations: {devices: [{capabilities: [gpu], device_ids: ["0", "3"]}]}}}
"""
    (server,) = read_manifest(text, "c.yaml")
    assert server.where == "c.yaml, service llm"
    assert server.image == "vllm/vllm-openai:latest"
    assert server.argv == ("--model", "Qwen/Qwen3-8B", "--api-key", "$x")
    assert (server.env, [item.env for item in server.secrets]) == ({"A": "1", "B": "${HOME}/x"}, ["HF_TOKEN"])
    assert (server.shm_bytes, server.gpus) == (16 * 2**30, 2)
    assert [(v.mount_path, v.host_path, v.pvc, v.medium, v.read_only) for v in server.volumes] == [
        ("/models", "./models", None, None, True),
        ("/root/.cache", None, "hub", None, False),
        ("/scratch", None, None, "", False),
    ]


def test_docker_inspect():
    inspected = [{
        "Id": "ab", "Name": "/vllm-x", "Path": "vllm", "Args": ["serve", "m"],
        "Config": {"Image": "vllm/vllm-openai:v0.33.0", "Env": ["PATH=/bin", "A=b=c"], "Labels": {"autotune/point": "0123456789"}},
        "HostConfig": {"ShmSize": 8 * 2**30, "DeviceRequests": [{"Count": 2, "DeviceIDs": None, "Capabilities": [["gpu"]]}]},
        "Mounts": [{"Type": "bind", "Source": "/data", "Destination": "/models", "RW": False}],
    }]  # fmt: skip
    (server,) = read_manifest(json.dumps(inspected), "standard input")
    assert server.where == "standard input, container vllm-x"
    assert (server.argv, server.env["A"], server.gpus, server.shm_bytes) == (
        ("vllm", "serve", "m"),
        "b=c",
        2,
        8 * 2**30,
    )
    assert (server.annotations, server.injected) == ({"autotune/point": "0123456789"}, True)
    (volume,) = server.volumes
    assert (volume.host_path, volume.mount_path, volume.read_only) == ("/data", "/models", True)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("kind: Pod\nspec: [\n", 3, "not valid YAML"),
        ("kind: Pod\n---\nkind: Pod\nkind: Pod\n", 4, "given twice"),
        ('{"kind": "Pod",\n "spec": ]}', 2, "not valid YAML"),
        ("kind: Pod\nspec: !!python/object:os.system x\n", None, "not valid YAML"),
    ],
)
def test_broken_text_is_an_error_with_its_place(text, line, said):
    with pytest.raises(InputError) as error:
        read_manifest(text, "x.yaml")
    (found,) = error.value.diagnostics
    assert found.code == "AT001"
    assert said in found.message
    if line is not None:
        assert found.writer.location == f"x.yaml:{line}"


def test_a_template_of_a_chart_is_known_for_one():
    with pytest.raises(InputError) as error:
        read_manifest("kind: Pod\n{{- with .Values.x }}\n{{ toYaml . }}\n{{- end }}\n", "t.yaml")
    assert "helm template" in error.value.diagnostics[0].help


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["kind", "metadata", "spec", "containers", "env", "command", "args", "services", "items", "volumes", "name",
                 "configMap", "volumeMounts", "emptyDir", "resources", "limits", "labels", "template", "model", "runner", "Config",
                 "HostConfig", "deploy", "configs", "environment", "valueFrom", "image", "predictor", "size"]
            ),
            inner, max_size=5,
        )
    ),
    max_leaves=40,
)  # fmt: skip


@settings(derandomize=True, max_examples=examples(400), deadline=None)
@given(JSON)
def test_no_shape_of_data_is_a_crash(data):
    for server in read_manifest(json.dumps(data), "x"):
        assert all(isinstance(word, str) for word in server.argv)


def test_files_of_a_config_map_that_is_not_there_are_elsewhere():
    text = emitted("k8s", CASES["full"])
    alone = text.partition("kind: Deployment")[2]
    (server,) = read_manifest(f"apiVersion: apps/v1\nkind: Deployment{alone}", "x")
    assert (server.files, server.files_elsewhere) == ({}, True)
    assert not read("k8s", CASES["full"]).files_elsewhere
