"""Every rule, in engine versions that differ: whatever is mapped lowers to the same flag again."""

import json

import pytest

import autotune
from autotune.engines.known import known_flags
from autotune.migrate import Status
from autotune.migrate.flag_rules import RULES
from tests.migrate.test_task import lowered, one_name, plain

SAMPLES = {
    "tp-size": 2, "pp-size": 1, "dp-size": 1, "mem-fraction-static": 0.85, "max-total-tokens": 90000, "page-size": 64,
    "block-size": 32, "cpu-offload-gb": 3, "disable-radix-cache": True, "enable-prefix-caching": True, "schedule-policy": "lpm",
    "scheduling-policy": "priority", "schedule-conservativeness": 0.7, "max-running-requests": 64, "max-num-seqs": 64,
    "max-num-batched-tokens": 8192, "max-prefill-tokens": 8192, "chunked-prefill-size": 4096, "enable-chunked-prefill": True,
    "disable-overlap-schedule": True, "kv-cache-dtype": {"sglang": "fp8_e5m2", "vllm": "fp8_e4m3"}, "quantization": "fp8", "dtype": "bfloat16",
    "context-length": 8192, "max-model-len": 8192, "enforce-eager": True, "trust-remote-code": True, "random-seed": 7, "seed": 7,
    "tokenizer": "Qwen/Qwen3-4B", "tokenizer-path": "Qwen/Qwen3-4B", "revision": "main", "max-batch-size": 64,
    "max-num-tokens": 8192, "max-seq-len": 8192, "tensor-parallel-size": 2, "pipeline-parallel-size": 1, "data-parallel-size": 1,
    "attention-backend": {"sglang": "flashinfer", "vllm": "FLASHINFER"}, "enable-torch-compile": True, "ep-size": 1,
}  # fmt: skip
VERSIONS = [
    ("sglang", "0.5.2"), ("sglang", "0.5.3"), ("sglang", "0.5.10"), ("sglang", "0.5.14"), ("sglang", "0.5.23"),
    ("vllm", "0.10.2"), ("vllm", "0.11.2"), ("vllm", "0.13.0"), ("vllm", "0.33.0"),
    ("trtllm", "1.0.0"), ("trtllm", "1.3.0rc7"),
]  # fmt: skip


@pytest.mark.parametrize(("engine", "version"), VERSIONS)
def test_all_flags_of_a_version(migrate, tmp_path, engine, version):
    known = known_flags(engine, version)
    task = {"task_name": "all", "base_runtime": engine, "model": {"id_or_path": "Qwen/Qwen3-8B"}, "parameters": {}}
    task["runtime_image_tag"] = version
    expected, seen = set(), set()
    for name, sample in SAMPLES.items():
        value = sample.get(engine) if isinstance(sample, dict) else sample
        spelled = next((flag for flag in (f"--{name}", f"--{name.replace('-', '_')}") if known.find(flag)), None)
        if value is None or spelled is None or one_name(spelled, known) in seen:
            continue
        seen.add(one_name(spelled, known))
        task["parameters"][name] = value
        expected.add((one_name(spelled, known), () if value is True else (plain(value),)))
    if {"enforce-eager", "enable-torch-compile"} <= task["parameters"].keys():
        pytest.fail("no engine has both")
    migration = migrate(task)
    (tmp_path / "t.v2.yaml").write_text(migration.text)
    (point,) = autotune.compile(task=tmp_path / "t.v2.yaml")
    assert point.deployment.engine_version == version
    assert lowered(point, known) == expected
    if engine != "trtllm":
        mapped = [
            entry for entry in migration.entries if entry.path[0] == "parameters" and entry.status is Status.MAPPED
        ]
        assert len(mapped) > len(expected) * 0.6, json.dumps(task)


def test_every_rule_has_a_sample():
    assert {*RULES} - {*SAMPLES} <= {"tpsize", "tp", "pp", "dp", "mem-frac", "served-model-name", "port"}
