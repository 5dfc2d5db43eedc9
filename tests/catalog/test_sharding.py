import pytest

from autotune.catalog.sharding import gpus_available, gpus_needed, shard, tp_sizes
from tests.catalog.facts_for import config_for, facts_for


@pytest.mark.parametrize(
    ("engine", "parallel", "expected"),
    [
        ("vllm", {}, 1),
        ("vllm", {"tp": 2, "pp": 2, "dp": 2}, 8),
        ("vllm", {"tp": 4, "dcp": 2}, 4),
        ("vllm", {"tp": 4, "cp": 2}, 8),
        ("sglang", {"tp": 2, "dp": 4}, 8),
        ("sglang", {"tp": 8, "dp": 8, "dp_attention": True}, 8),
        ("trtllm", {"tp": 4, "dp": 2}, 4),
        ("trtllm", {"tp": 8, "ep": 8, "dp_attention": True}, 8),
        ("transformers", {"tp": 4}, 1),
    ],
)
def test_gpus_of_one_server(engine, parallel, expected):
    assert gpus_needed(config_for(parallel=parallel), facts_for(engine=engine)) == expected


def test_gpus_available():
    assert gpus_available(config_for(), facts_for()) == 8
    assert gpus_available(config_for(system={"nodes": 2}), facts_for(gpus_per_node=4)) == 8
    assert gpus_available(config_for(system={"num_gpus": 3}), facts_for()) == 3


def test_attention_ranks_under_data_parallel_attention():
    found = shard(config_for(parallel={"tp": 8, "dp": 2, "dp_attention": True}), facts_for(engine="sglang"))
    assert (found.attention_tp, found.dp, found.expert_ranks) == (4, 2, 8)


def test_tensor_parallel_sizes_suit_query_and_kv_heads():
    assert tp_sizes(32, 8) == [1, 2, 4, 8, 16, 32]
    assert tp_sizes(40, 8) == [1, 2, 4, 8, 40]
    assert tp_sizes(40, None) == [1, 2, 4, 5, 8, 10, 20, 40]
