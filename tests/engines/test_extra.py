import pytest

from autotune.engines import ENGINES
from tests.engines.samples import config, facts


def lower(extra, version="0.33.0", **groups):
    misc = groups.pop("misc", {}) | {"extra_args": extra}
    return ENGINES["vllm"].lower(config(misc=misc, **groups), facts(version=version))


def written(extra, **groups):
    lowered = lower(extra, **groups)
    assert lowered.diagnostics == ()
    return lowered.deployment.argv[9:]


@pytest.mark.parametrize(
    ("extra", "parts"),
    [
        ({"--disable-log-stats": True}, ("--disable-log-stats",)),
        ({"--disable-log-stats": None}, ("--disable-log-stats",)),
        ({"--disable-log-stats": False}, ()),
        ({"--max_logprobs": 5}, ("--max_logprobs", "5")),
        ({"--allowed-media-domains": ["a", "b"]}, ("--allowed-media-domains", "a", "b")),
        ({"--kv-transfer-config": {"kv_role": "kv_both", "kv_connector": "X"}}, ("--kv-transfer-config", '{"kv_connector":"X","kv_role":"kv_both"}')),
        ({"--compilation-config.pass_config.fuse_norm_quant": "true"}, ("--compilation-config.pass_config.fuse_norm_quant", "true")),
        ({"--max-logprobs": -1}, ("--max-logprobs=-1",)),
        ({"--chat-template": "--danger"}, ("--chat-template=--danger",)),
        ({"--no-enable-prefix-caching": True}, ("--no-enable-prefix-caching",)),
        ({"--hf-token": None}, ("--hf-token",)),
        ({"--max-logprobs": 3, "--disable-log-stats": True}, ("--max-logprobs", "3", "--disable-log-stats")),
    ],
)  # fmt: skip
def test_extra_arguments_are_written_verbatim(extra, parts):
    assert written(extra) == parts


def test_an_unknown_flag_is_an_error_with_the_nearest_and_where_it_was():
    (finding,) = lower({"--swap-space": 4}).diagnostics
    assert (finding.code, finding.path) == ("AT022", "misc.extra_args.--swap-space")
    assert "vLLM 0.10.2 to 0.17.1 have it" in finding.help
    (finding,) = lower({"--max-num-sequences": 4}).diagnostics
    assert "--max-num-seqs" in finding.help
    assert lower({"--swap-space": 4}, version="0.17.1").diagnostics == ()


@pytest.mark.parametrize(
    ("extra", "groups", "setter"),
    [
        ({"--tensor-parallel-size": 2}, {"parallel": {"tp": 2}}, "parallel.tp"),
        ({"--tensor_parallel_size": 2}, {"parallel": {"tp": 2}}, "parallel.tp"),
        ({"--device-memory-utilization": 0.9}, {"memory": {"mem_fraction_static": 0.8}}, "memory.mem_fraction_static"),
        ({"--no-enable-prefix-caching": True}, {"memory": {"prefix_caching": True}}, "memory.prefix_caching"),
        ({"--enable-prefix-caching": True}, {"memory": {"prefix_caching": False}}, "memory.prefix_caching"),
        ({"--no-enforce-eager": True}, {"misc": {"cuda_graphs": False}}, "misc.cuda_graphs"),
        ({"--speculative-config.model": "x"}, {"runtime": {"nextn": 1}}, "runtime.nextn"),
        ({"--kv-offloading-backend": "lmcache"}, {"memory": {"kv_offload_gb": 4.0}}, "memory.kv_offload_gb"),
        ({"--port": 9}, {}, "deploy.port"),
        ({"--model": "other"}, {}, "model.id"),
        ({"--served-model-name": "x"}, {}, "model.served_name"),
        ({"--max-logprobs": 1, "--max_logprobs": 2}, {}, "misc.extra_args.--max-logprobs"),
    ],
)
def test_a_flag_that_a_path_sets_too_is_an_error_however_it_is_spelled(extra, groups, setter):
    (finding,) = lower(extra, **groups).diagnostics
    assert finding.code == "AT028"
    assert setter in finding.message


def test_the_address_is_not_the_users_to_set():
    (finding,) = lower({"--host": "::"}).diagnostics
    assert finding.code == "AT028"
    assert "always given" in finding.message


@pytest.mark.parametrize(
    "extra",
    [
        {"--disable-log-stats": "yes"},
        {"--enable-prefix-caching": 1},
        {"--max-logprobs": True},
        {"--max-logprobs": None},
        {"--max-logprobs": [1, 2]},
        {"--scheduling-policy": "lpm"},
        {"--kv-offloading-backend": "disk"},
        {"--allowed-media-domains": ["a", "--b"]},
    ],
)
def test_a_value_that_the_flag_does_not_take_is_an_error(extra):
    (finding,) = lower(extra).diagnostics
    assert finding.code == "AT021"


def test_a_list_that_plugins_may_extend_is_not_held_against_an_extra_argument():
    assert written({"--load-format": "my_plugin"}) == ("--load-format", "my_plugin")
