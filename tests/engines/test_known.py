import json
import subprocess
import sys
from pathlib import Path

import pytest

import autotune.engines
from autotune.engines.known import known_flags, known_versions

FOLDER = Path(autotune.engines.__file__).parent / "known"
FILES = sorted(FOLDER.glob("*/*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_file_is_small_sorted_and_says_what_it_is(path):
    data = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 40_000
    assert (data["engine"], data["version"]) == (path.parent.name, path.stem)
    assert list(data["flags"]) == sorted(data["flags"])
    for entry in data["flags"].values():
        for key in ("names", "choices", "values"):
            assert entry.get(key, []) == sorted(entry.get(key, []))


def test_versions_are_in_the_order_of_their_numbers_and_without_gaps():
    versions = known_versions("vllm")
    assert versions[0] == "0.10.2"
    assert versions[-1] == "0.33.0"
    assert [int(version.split(".")[1]) for version in versions] == list(range(10, 34))


@pytest.mark.parametrize(
    ("written", "name", "negative"),
    [
        ("--tensor-parallel-size", "--tensor-parallel-size", False),
        ("--tensor_parallel_size", "--tensor-parallel-size", False),
        ("-tp", "--tensor-parallel-size", False),
        ("--device-memory-utilization", "--gpu-memory-utilization", False),
        ("--no-enable-prefix-caching", "--enable-prefix-caching", True),
        ("--no_enable_prefix_caching", "--enable-prefix-caching", True),
        ("--compilation-config.mode", "--compilation-config", False),
        ("--compilation_config.pass_config.fuse_norm_quant", "--compilation-config", False),
    ],
)
def test_every_spelling_that_the_engine_takes_is_found(written, name, negative):
    spelling = known_flags("vllm", "0.33.0").find(written)
    assert spelling is not None
    assert (spelling.flag.name, spelling.negative) == (name, negative)


@pytest.mark.parametrize("written", ["--swap-space", "--no-port", "--seed.x", "--tensor-parallel"])
def test_what_the_engine_does_not_take_is_not_found(written):
    assert known_flags("vllm", "0.33.0").find(written) is None


def test_values_come_from_the_sources_of_the_version():
    old, new = known_flags("vllm", "0.10.2"), known_flags("vllm", "0.33.0")
    assert "bfloat16" not in old.flags["--kv-cache-dtype"].takes
    assert {"bfloat16", "fp8_e4m3", "nvfp4"} <= new.flags["--kv-cache-dtype"].takes
    assert old.flags["--block-size"].choices == {"1", "8", "16", "32", "64", "128"}
    assert not new.flags["--block-size"].choices
    assert "FLASH_ATTN" in old.env["VLLM_ATTENTION_BACKEND"]
    assert {"hermes", "llama3_json"} <= new.flags["--tool-call-parser"].values
    assert new.flags["--attention-config"].keys["flash_attn_version"] == {"2", "3", "4"}


def test_importing_the_engines_reads_no_file_of_flags():
    code = "import autotune.engines; from autotune.engines.known import known_flags; print(known_flags.cache_info().currsize)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"
