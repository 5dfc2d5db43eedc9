from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from autotune.diagnostics import InputError
from autotune.emit.lws import LwsEmitter
from autotune.emit.pod import pod_template

from .cases import FULL, HOSTILE, PLAIN, TWO_NODES
from .crds import assert_fits, needs_crds
from .test_k8s import expand

SGLANG = replace(
    TWO_NODES,
    engine="sglang",
    engine_version="0.5.23",
    argv=("python3", "-m", "sglang.launch_server", "--tp-size", "16"),
)
#: What LeaderWorkerSet sets in the second pod of a group.
SET = {"LWS_LEADER_ADDRESS": "two-nodes-0.two-nodes.default", "LWS_WORKER_INDEX": "1", "LWS_GROUP_SIZE": "2"}


def load(deployment):
    text = LwsEmitter().emit(deployment)["lws.yaml"]
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def containers(deployment):
    """The leader's and a worker's."""
    template = load(deployment)["LeaderWorkerSet"]["spec"]["leaderWorkerTemplate"]
    (leader,) = template["leaderTemplate"]["spec"]["containers"]
    (worker,) = template["workerTemplate"]["spec"]["containers"]
    return leader, worker


def argv(container, variables):
    return [expand(item, variables) for item in [*container["command"], *container["args"]]]


@needs_crds
def test_every_document_fits_the_official_schema(deployment):
    for document in load(deployment).values():
        assert_fits(document)


@needs_crds
@pytest.mark.parametrize("deployment", [TWO_NODES, SGLANG], ids=["vllm", "sglang"])
def test_servers_of_several_nodes_fit_the_official_schema(deployment):
    for document in load(deployment).values():
        assert_fits(document)


def test_vllm_spans_nodes_by_its_own_flags():
    leader, worker = containers(TWO_NODES)
    address = SET["LWS_LEADER_ADDRESS"]
    more = ["--distributed-executor-backend", "mp", "--nnodes", "2", "--node-rank", "1", "--master-addr", address]
    assert argv(leader, SET) == [*TWO_NODES.argv, *more]
    assert argv(worker, SET) == [*TWO_NODES.argv, *more, "--headless"]


def test_sglang_spans_nodes_by_its_own_flags():
    for container in containers(SGLANG):
        more = ["--nnodes", "2", "--node-rank", "1", "--dist-init-addr", f"{SET['LWS_LEADER_ADDRESS']}:20000"]
        assert argv(container, SET) == [*SGLANG.argv, *more]


def test_each_node_has_its_own_gpus_and_only_the_leader_answers():
    leader, worker = containers(TWO_NODES)
    assert leader["resources"] == worker["resources"] == pod_template(TWO_NODES)["spec"]["containers"][0]["resources"]
    assert leader["resources"]["limits"] == {"nvidia.com/gpu": "8"}
    assert leader["readinessProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    assert not {"ports", "startupProbe", "readinessProbe", "livenessProbe"} & set(worker)
    documents = load(TWO_NODES)
    assert documents["LeaderWorkerSet"]["spec"]["leaderWorkerTemplate"]["size"] == 2
    chosen = documents["Service"]["spec"]["selector"]
    assert chosen == {"app.kubernetes.io/instance": "two-nodes", "leaderworkerset.sigs.k8s.io/worker-index": "0"}
    # LWS makes a headless Service with the set's own name.
    assert documents["Service"]["metadata"]["name"] == "two-nodes-http"


def test_a_group_starts_and_ends_as_one_and_never_takes_gpus_twice():
    spec = load(FULL)["LeaderWorkerSet"]["spec"]
    assert spec["replicas"] == 3
    assert spec["leaderWorkerTemplate"]["restartPolicy"] == "RecreateGroupOnPodRestart"
    assert spec["rolloutStrategy"]["rollingUpdateConfiguration"] == {"maxUnavailable": 1, "maxSurge": 0}


def test_a_server_of_one_node_has_its_command_as_it_is_whatever_it_holds():
    leader, _ = containers(HOSTILE)
    assert argv(leader, SET) == list(HOSTILE.argv)
    spread, _ = containers(replace(HOSTILE, nodes=2, argv=("vllm", "$(LWS_WORKER_INDEX)", "$(x)")))
    assert argv(spread, SET)[:3] == ["vllm", "$(LWS_WORKER_INDEX)", "$(x)"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"engine": "trtllm", "engine_version": "1.2.0"}, "system.nodes"),
        ({"engine_version": "0.10.2"}, "system.backend_version"),
        ({"engine_version": "0.33.0+built.here"}, "system.backend_version"),
        ({"argv": ("vllm", "--nnodes=3")}, "misc.extra_args"),
        ({"argv": ("vllm", "--data-parallel-size", "2")}, "parallel.dp"),
        ({"env": {"LWS_GROUP_SIZE": "3"}}, "misc.env.LWS_GROUP_SIZE"),
        ({"name": "a" * 59}, None),
    ],
)
def test_what_a_group_cannot_hold_is_refused(change, path):
    with pytest.raises(InputError) as error:
        LwsEmitter().emit(replace(TWO_NODES, **change))
    assert [(item.code, item.path) for item in error.value.diagnostics] == [("AT029", path)]


def test_the_same_server_on_one_node_may_be_data_parallel():
    assert load(replace(PLAIN, argv=("vllm", "--data-parallel-size", "2")))
