from autotune.check.gpus import check_gpu_count, check_idle_gpus
from tests.check.findings import codes, findings


def test_more_gpus_than_there_are():
    (item,) = findings(check_gpu_count, parallel={"tp": 4, "dp": 4})
    assert item.code == "AT015"
    assert item.message == "tp=4 x dp=4 needs 16 GPUs, but 8 are available (1 node of 8 x h100_sxm)"
    assert item.path == "parallel.tp"


def test_as_many_as_there_are_is_enough():
    assert findings(check_gpu_count, parallel={"tp": 4, "dp": 2}) == []
    assert findings(check_gpu_count, parallel={"tp": 8, "pp": 2}, system={"nodes": 2}) == []


def test_fewer_may_be_reserved_than_there_are():
    assert codes(check_gpu_count, parallel={"tp": 4}, system={"num_gpus": 2}) == ["AT015"]


def test_more_reserved_than_the_nodes_hold():
    (item,) = findings(check_gpu_count, system={"num_gpus": 16})
    assert item.path == "system.num_gpus"
    assert item.message == "system.num_gpus=16 is more than 1 node of 8 x h100_sxm has"


def test_sglang_attention_data_parallelism_needs_no_further_gpus():
    parallel = {"tp": 8, "dp": 8, "dp_attention": True}
    assert findings(check_gpu_count, "DeepSeek-V3", engine="sglang", parallel=parallel) == []
    assert codes(check_gpu_count, "DeepSeek-V3", engine="vllm", parallel=parallel) == ["AT015"]


def test_idle_gpus_are_a_warning():
    (item,) = findings(check_idle_gpus, parallel={"tp": 2}, system={"num_gpus": 8})
    assert (item.code, item.severity) == ("AT103", "warning")
    assert item.help == "raise parallel.dp to 4, or set system.num_gpus=2"
    assert findings(check_idle_gpus, parallel={"tp": 8}, system={"num_gpus": 8}) == []
    assert findings(check_idle_gpus, parallel={"tp": 2}) == []
    assert findings(check_idle_gpus, gpu="cpu", system={"num_gpus": 8}) == []
