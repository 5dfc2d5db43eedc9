"""Disaggregated serving: prefill servers, decode servers and the router, or an error where the engine has none."""

import pytest
import yaml

import autotune
from autotune.diagnostics import InputError
from autotune.emit import emit_point

WORDS = [
    "system.backend=sglang",
    "system.serving_mode=disagg",
    "disagg.prefill.replicas=2",
    "disagg.prefill.tp=1",
    "disagg.decode.tp=4",
]


def compile_one(*overrides):
    (point,) = autotune.compile(list(overrides))
    return point


def test_two_roles_and_a_router():
    point = compile_one(*WORDS)
    assert point.runnable, point.diagnostics
    router = point.deployment
    roles = [part.labels["autotune/role"] for part in router.parts]
    assert roles == ["prefill", "prefill", "decode"]
    assert [part.gpus for part in router.parts] == [1, 1, 4]
    assert (router.gpus, router.gpus_in_all) == (0, 6)
    assert len({part.name for part in (*router.parts, router)}) == 4
    for part, role in zip(router.parts, roles, strict=True):
        assert part.argv[part.argv.index("--disaggregation-mode") + 1] == role
    servers = [word for word in router.argv if word.startswith("http://")]
    assert servers == [f"http://{part.name}:{part.port}" for part in router.parts]
    assert point.as_dict()["deployment"]["gpus"] == 6
    assert [part["gpus"] for part in point.as_dict()["deployment"]["parts"]] == [1, 1, 4]


def test_manifests_of_all_of_them():
    deployment = compile_one(*WORDS).deployment
    files = emit_point(deployment, ["k8s"])
    assert len(files) == 4
    found = [document for text in files.values() for document in yaml.safe_load_all(text)]
    services = {document["metadata"]["name"]: document for document in found if document["kind"] == "Service"}
    assert set(services) == {deployment.name, *(part.name for part in deployment.parts)}
    assert [port["name"] for port in services[deployment.parts[0].name]["spec"]["ports"]] == ["http", "bootstrap"]
    router = next(
        document
        for document in found
        if document["kind"] == "Deployment" and document["metadata"]["name"] == deployment.name
    )
    assert "nvidia.com/gpu" not in str(router["spec"]["template"]["spec"])


def test_scripts_cannot_hold_it():
    with pytest.raises(InputError, match="AT029"):
        emit_point(compile_one(*WORDS).deployment, ["shell"])


def test_tensorrt_llm_is_told_in_files():
    words = [word.replace("sglang", "trtllm") for word in WORDS]
    point = compile_one(*words, "disagg.transfer_backend=nixl")
    assert point.runnable, point.diagnostics
    router = point.deployment
    assert router.argv[:2] == ("trtllm-serve", "disaggregated")
    told = yaml.safe_load(router.files[router.argv[-1]])
    assert told["context_servers"] == {
        "num_instances": 2,
        "urls": [f"{part.name}:{part.port}" for part in router.parts[:2]],
    }
    assert told["generation_servers"]["urls"] == [f"{router.parts[2].name}:{router.parts[2].port}"]
    for part, overlap in zip(router.parts, (False, False, True), strict=True):
        (file,) = part.files
        assert part.argv[part.argv.index(file) - 1] == "--config"
        content = yaml.safe_load(part.files[file])
        assert content["cache_transceiver_config"] == {"backend": "NIXL"}
        assert ("disable_overlap_scheduler" not in content) is overlap


@pytest.mark.parametrize("engine", ["vllm", "transformers"])
def test_an_engine_without_a_router_is_an_error(engine):
    point = compile_one(f"system.backend={engine}", "system.serving_mode=disagg")
    assert not point.runnable
    assert any("ships no router" in item.message for item in point.diagnostics)


def test_both_roles_are_checked_and_counted():
    codes = {item.code for item in compile_one(*WORDS, "disagg.decode.tp=3").diagnostics}
    assert "AT012" in codes
    codes = {item.code for item in compile_one(*WORDS, "disagg.decode.replicas=2").diagnostics}
    assert "AT015" in codes
