"""The table itself, with rows of an engine that works otherwise than vLLM: underscores, one polarity, a config file."""

import pytest

from autotune.engines import table
from autotune.engines.flag import Flag
from autotune.engines.known import KnownFlag, KnownFlags
from autotune.engines.table import FlagTable
from tests.engines.samples import config, facts

FLAGS = {
    name: KnownFlag(name, kind)
    for name, kind in {"--tp_size": "int", "--disable_reuse": "bare", "--chunked": "bare", "--old_seed": "int", "--new_seed": "int"}.items()
} | {"--policy": KnownFlag("--policy", "text", choices=frozenset({"lpm", "fcfs"}))}  # fmt: skip
ROWS = (
    Flag("parallel.tp", "--tp_size"),
    Flag("memory.prefix_caching", off="--disable_reuse"),
    Flag("scheduling.chunked_prefill", "--chunked"),
    Flag("scheduling.policy", "--policy", values={"priority": "lpm"}, not_taken=frozenset({"fcfs"})),
    Flag("memory.max_total_tokens", key="kv_cache_config.max_tokens"),
    Flag("memory.page_size", key="kv_cache_config.tokens_per_block"),
    Flag("misc.cuda_graph_sizes", key="cuda_graph_config.batch_sizes"),
    Flag("scheduling.overlap", key="disable_overlap_scheduler", convert=lambda value, at: not value),
    Flag("misc.seed", "--old_seed", until="2"),
    Flag("misc.seed", "--new_seed", since="2"),
    Flag("memory.cpu_offload_gb", env="OFFLOAD", gpu_only=True),
    Flag("parallel.dp"),
)


@pytest.fixture
def other(monkeypatch):
    def known(engine, version):
        return KnownFlags(engine, version, FLAGS, {"OFFLOAD": frozenset()}, {}, folds=False)

    monkeypatch.setattr(table, "known_flags", known)
    return FlagTable("other", "Other", ROWS)


def write(table, version="2.1", gpu="h100_sxm", **groups):
    return table.write(config(**groups), facts(version=version, gpu=gpu, engine="other"))


def test_a_flag_takes_its_value_and_a_switch_stands_bare(other):
    written = write(other, parallel={"tp": 4}, scheduling={"chunked_prefill": True})
    assert written.flags == {"--tp_size": ("parallel.tp", ["4"]), "--chunked": ("scheduling.chunked_prefill", [])}


def test_a_flag_of_one_polarity_is_written_for_that_one(other):
    assert write(other, memory={"prefix_caching": False}).flags == {"--disable_reuse": ("memory.prefix_caching", [])}
    assert write(other, memory={"prefix_caching": True}).flags == {}
    assert write(other, scheduling={"chunked_prefill": False}).flags == {}


def test_keys_without_a_flag_go_to_the_config_file(other):
    written = write(
        other,
        memory={"max_total_tokens": 1000, "page_size": 32},
        misc={"cuda_graph_sizes": [1, 2]},
        scheduling={"overlap": True},
    )
    assert written.flags == {}
    assert written.file == {
        "kv_cache_config": {"max_tokens": 1000, "tokens_per_block": 32},
        "cuda_graph_config": {"batch_sizes": [1, 2]},
        "disable_overlap_scheduler": False,
    }


@pytest.mark.parametrize(("version", "flag"), [("1.9", "--old_seed"), ("2", "--new_seed"), ("2.1.dev1", "--new_seed")])
def test_a_renamed_setting_is_two_rows(other, version, flag):
    assert write(other, version, misc={"seed": 1}).flags == {flag: ("misc.seed", ["1"])}


def test_values_are_translated_and_those_listed_but_refused_are_errors(other):
    assert write(other, scheduling={"policy": "priority"}).flags == {"--policy": ("scheduling.policy", ["lpm"])}
    (finding,) = write(other, scheduling={"policy": "fcfs"}).diagnostics
    assert (finding.code, finding.path) == ("AT021", "scheduling.policy")
    (finding,) = write(other, scheduling={"policy": "random"}).diagnostics
    assert finding.message == "Other 2.1 does not take random for --policy (scheduling.policy=random)"


def test_a_row_of_gpus_is_dropped_on_a_cpu(other):
    assert write(other, memory={"cpu_offload_gb": 1.5}).env == {"OFFLOAD": "1.5"}
    written = write(other, gpu="cpu", memory={"cpu_offload_gb": 1.5})
    assert written.env == {}
    assert [item.code for item in written.diagnostics] == ["AT101"]


def test_a_path_without_a_row_is_dropped_with_a_warning_and_a_row_without_a_target_is_not(other):
    written = write(other, parallel={"pp": 2, "dp": 2})
    assert [(item.code, item.path) for item in written.diagnostics] == [("AT101", "parallel.pp")]
