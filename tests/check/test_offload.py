from autotune.check.offload import check_offload
from tests.check.findings import findings


def test_offloading_that_is_not_needed():
    (item,) = findings(check_offload, memory={"cpu_offload_gb": 8})
    assert (item.code, item.severity, item.path) == ("AT110", "warning", "memory.cpu_offload_gb")
    assert item.message.startswith("8.0 GB of weights cross the bus in every step, which adds at least 145 ms to TPOT")
    assert item.help == "leave it unset: everything fits without it"


def test_offloading_that_is_needed_says_what_to_try_first():
    (item,) = findings(check_offload, "Llama-3.1-70B-Instruct", memory={"cpu_offload_gb": 100})
    assert "1818 ms" in item.message
    assert item.help.startswith("quantize the weights")


def test_more_than_there_is():
    (item,) = findings(check_offload, memory={"cpu_offload_gb": 100})
    assert item.message.startswith("memory.cpu_offload_gb=100 is more than the 16.1 GB of weights of a GPU; 16.1 GB of")


def test_nothing_offloaded():
    assert findings(check_offload) == []
    assert findings(check_offload, memory={"cpu_offload_gb": 0}) == []
    assert findings(check_offload, "Qwen3-0.6B", "cpu", memory={"cpu_offload_gb": 1}) == []
