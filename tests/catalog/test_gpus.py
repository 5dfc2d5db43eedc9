import pytest

from autotune.catalog.gpus import GPUS

BY_NAME = {gpu.name: gpu for gpu in GPUS}


def test_the_gpus_people_serve_on_are_there():
    assert {
        "h100_sxm", "h100_pcie", "h200_sxm", "a100_sxm", "a100_sxm_40", "a100_pcie", "l40s", "l4", "b200_sxm", "gb200", "b300_sxm", "rtx_4090",
        "mi300x", "mi325x", "cpu",
    } <= set(BY_NAME)  # fmt: skip


@pytest.mark.parametrize("gpu", GPUS, ids=lambda gpu: gpu.name)
def test_every_gpu_is_complete_and_names_its_source(gpu):
    assert gpu.source
    assert gpu.memory_bytes > 8e9
    assert gpu.bandwidth_gb_s > 0
    assert gpu.tflops["bf16"] > 0
    assert gpu.gpus_per_node >= 1
    assert gpu.resource == {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu", "cpu": ""}[gpu.vendor]


@pytest.mark.parametrize(
    ("name", "bf16", "fp8"),
    [
        ("h100_sxm", 989, 1979),
        ("a100_sxm", 312, None),
        ("l4", 121, 242),
        ("b200_sxm", 2250, 4500),
        ("mi300x", 1307.4, 2614.9),
    ],
)
def test_flops_are_dense_not_sparse(name, bf16, fp8):
    assert BY_NAME[name].tflops["bf16"] == bf16
    assert BY_NAME[name].tflops.get("fp8") == fp8


def test_narrow_formats_follow_the_architecture():
    assert not BY_NAME["a100_sxm"].supports_fp8
    assert BY_NAME["h100_sxm"].supports_fp8
    assert not BY_NAME["h100_sxm"].supports_fp4
    assert BY_NAME["b200_sxm"].supports_fp4


def test_node_labels_are_valid_kubernetes_labels():
    for gpu in GPUS:
        for value in gpu.node_labels.values():
            assert value.replace("-", "").isalnum()
            assert len(value) <= 63
