"""Fields as a form shows them: every path that is no group is one, with what may be written to it."""

from autotune.schema import Config, field_paths
from autotune.schema.fields import describe_group, fields_of

ALL = {field.path: field for group in Config.model_fields for field in fields_of(group)}


def test_the_fields_are_the_paths_that_have_nothing_below_them():
    inner = {path for path in field_paths() if any(other.startswith(f"{path}.") for other in field_paths())}
    assert set(ALL) == set(field_paths()) - inner - {"executor.name"}


def test_every_field_and_group_says_what_it_is():
    assert not [path for path, field in ALL.items() if not field.description]
    assert all(describe_group(group) for group in Config.model_fields)


def test_kinds_choices_and_units():
    assert ALL["quantization.kvcache_mode"].kind == "choice"
    assert "fp8_e4m3" in ALL["quantization.kvcache_mode"].choices
    assert ALL["system.backend"].kind == "list"
    assert ALL["system.backend"].choices == ("vllm", "sglang", "trtllm", "transformers")
    assert ALL["memory.prefix_caching"].choices == ("true", "false")
    assert ALL["misc.env"].kind == "texts"
    assert ALL["misc.extra_args"].kind == "map"
    assert [ALL[path].unit for path in ("runtime.isl", "runtime.ttft_target", "memory.kv_offload_gb", "parallel.tp")] == [
        "tokens", "ms", "GB", None,
    ]  # fmt: skip
    assert ALL["misc.speculative.method"].required
    assert ALL["deploy.port"].default == 8000


def test_a_field_of_several_executors_is_one_with_all_their_names():
    assert ALL["executor.bin_dir"].arms == ("local", "ray")
    assert ALL["executor.reach"].arms == ("kubernetes", "ome")
    assert ALL["parallel.tp"].arms == ()
