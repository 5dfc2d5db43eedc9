import re

import pytest

from autotune.engines import ENGINES, with_endpoint
from autotune.engines.assemble import deployment_name, label_value, shm_bytes, spread, startup_probe
from tests.engines.samples import DENSE, config, facts

GIB = 2**30


def deploy(name=DENSE, /, gpu="h100_sxm", version="0.33.0", **groups):
    return ENGINES["vllm"].lower(config(name, **groups), facts(version=version, gpu=gpu)).deployment


@pytest.mark.parametrize(
    "model", [DENSE, "org/" + "very-long-name-" * 12, "/models/My Model/", "..", "org/模型", "org/UPPER_case.v1"]
)
def test_names_are_dns_labels_with_room_for_a_suffix(model):
    name = deployment_name("transformers", model, "0123456789")
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name)
    assert len(name) <= 52
    assert name.startswith("transformers-")
    assert name.endswith("-0123456789")


def test_equal_servers_have_equal_names_and_others_do_not():
    name = deploy(parallel={"tp": 2}).name
    assert name == deploy(parallel={"tp": 2}, runtime={"isl": 100, "osl": 5}, benchmark={"max_requests": 7}).name
    assert name == deploy(parallel={"tp": 2}, deploy={"replicas": 3, "labels": {"team": "a"}}).name
    others = [
        deploy(parallel={"tp": 4}),
        deploy(parallel={"tp": 2}, gpu="h200_sxm"),
        deploy(parallel={"tp": 2}, version="0.32.0"),
        deploy(parallel={"tp": 2}, deploy={"port": 9000}),
        deploy(parallel={"tp": 2}, deploy={"pvc": "models"}),
        deploy(parallel={"tp": 2}, deploy={"hf_token_secret": "hub"}),
        deploy(parallel={"tp": 2}, misc={"env": {"A": "1"}}),
        deploy(parallel={"tp": 2}, misc={"extra_args": {"--max-logprobs": 1}}),
    ]
    assert len({name, *(other.name for other in others)}) == 9


@pytest.mark.parametrize("model", [DENSE, "org/" + "x" * 200, "模型", "-odd-", "a/b c"])
def test_labels_are_valid_and_name_the_server(model):
    deployment = deploy(model)
    for value in deployment.labels.values():
        assert re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", value)
    assert deployment.labels["app.kubernetes.io/instance"] == deployment.name
    assert deployment.labels["app.kubernetes.io/managed-by"] == "autotune"
    assert deployment.labels["autotune/engine"] == "vllm"


def test_a_label_value_keeps_what_it_can():
    assert label_value("org/Model v1.5!") == "org-Model-v1.5"
    assert len(label_value("x" * 100)) == 63


def test_the_users_labels_and_annotations_are_kept():
    deployment = deploy(deploy={"labels": {"team": "a"}, "annotations": {"note": "b"}})
    assert deployment.labels["team"] == "a"
    assert deployment.annotations == {"autotune/model": DENSE, "note": "b"}


@pytest.mark.parametrize(("gpus", "size"), [(1, 4), (2, 4), (4, 8), (8, 16)])
def test_shared_memory_grows_with_the_gpus_of_a_node(gpus, size):
    assert shm_bytes(gpus) == size * GIB


@pytest.mark.parametrize(
    ("gpus", "per_node", "nodes", "spanned"),
    [(0, 8, 1, 1), (8, 8, 2, 1), (16, 8, 2, 2), (16, 8, 4, 2), (24, 8, 4, 3), (9, 8, 4, 3), (16, 8, 1, 1)],
)
def test_a_server_takes_as_few_nodes_as_hold_its_gpus_evenly(gpus, per_node, nodes, spanned):
    assert spread(gpus, per_node, nodes) == spanned


def test_the_startup_probe_waits_for_large_weights():
    assert startup_probe("/health", 0).failure_threshold * 10 == 600
    probe = startup_probe("/health", 700_000_000_000)
    assert probe.failure_threshold * probe.period_s == 3500 + 600


def test_two_nodes_share_the_gpus():
    deployment = deploy(parallel={"tp": 8, "pp": 2}, system={"nodes": 2})
    assert (deployment.gpus, deployment.nodes, deployment.shm_bytes) == (16, 2, 16 * GIB)


def test_a_secret_is_only_referred_to():
    (secret,) = deploy(deploy={"hf_token_secret": "hub"}).secrets
    assert (secret.env, secret.secret, secret.key) == ("HF_TOKEN", "hub", "HF_TOKEN")
    assert deploy().secrets == ()


def test_a_claim_with_the_model_is_read_only_and_one_with_the_cache_is_not():
    (volume,) = (cached := deploy(deploy={"pvc": "claim", "pvc_subpath": "hub"})).volumes
    assert (volume.pvc, volume.sub_path, volume.mount_path, volume.read_only) == ("claim", "hub", "/models", False)
    assert cached.env == {"HF_HOME": "/models"}
    held = deploy(model={"id": DENSE, "path": "/models/llama"}, deploy={"pvc": "claim"})
    assert held.volumes[0].read_only
    assert held.env == {}
    (volume,) = deploy(deploy={"host_path": "/data", "mount_path": "/cache"}).volumes
    assert (volume.host_path, volume.mount_path) == ("/data", "/cache")


def test_the_users_cache_home_stands():
    env = {"HF_HOME": "/elsewhere"}
    assert deploy(deploy={"pvc": "claim"}, misc={"env": env}).env == env


def test_nodes_are_selected_by_the_catalogs_label_unless_told_otherwise():
    assert deploy().node_selector == facts().gpu.node_labels
    assert deploy(deploy={"node_selector": {"pool": "a"}}).node_selector == {"pool": "a"}
    assert deploy(deploy={"node_selector": {}}).node_selector == {}


def test_an_executor_on_this_machine_moves_the_server():
    deployment = deploy(model={"id": DENSE, "aliases": ["8000"]})
    moved = with_endpoint(deployment, "127.0.0.1", 9123)
    assert moved.port == 9123
    assert moved.argv[3:7] == ("--host", "127.0.0.1", "--port", "9123")
    assert moved.argv[7:] == deployment.argv[7:]
    assert moved.name == deployment.name
