"""Whatever a v1 task holds, every value is accounted for and the file is YAML that the task reader knows."""

import random

import pytest
import yaml

from autotune.migrate.flag_rules import RULES
from autotune.schema import is_known

VALUES = [
    None, True, False, 0, 1, -1, 2, 0.5, 1e300, 10**400, "", "2", "0.90", "true", "fp8", "auto", "a\nb", "x: y # z", "${a}", "é\u2028",
    [], {}, [1, 2], ["1", None], [[1], [2, 3]], [{"tp": 1}, {"tp": 2}], {"type": "choice", "values": [1, 2]}, {"type": "choice"},
    {"threshold": 1}, {"threshold": "x", "weight": 2}, {"p50": {"threshold": 0.5, "hard_fail": "yes"}}, {"": {"a.b": [None]}},
]  # fmt: skip
KEYS = {
    "parameters": [*RULES, "host", "model", "no-such", "-- bad name", "", "compilation-config.level", "enable-mixed-chunk", "log-level"],
    "parallel_config": ["tp", "pp", "moe_tp", "presets", "odd"],
    "quant_config": ["gemm_dtype", "kvcache_dtype", "attention_dtype", "moe_dtype", "presets"],
    "optimization": ["strategy", "objective", "max_iterations", "timeout_per_iteration", "n_initial_random"],
    "slo": ["latency", "ttft", "tpot", "steepness"],
    "benchmark": [
        "task", "model_name", "model_tokenizer", "traffic_scenarios", "num_concurrency", "max_time_per_iteration",
        "max_requests_per_iteration", "additional_params", "dataset_url", "dataset_deduplicate",
    ],
    "storage": ["type", "pvc_name", "pvc_subpath", "mount_path"],
}  # fmt: skip
PLAIN = ["description", "deployment_mode", "runtime_image_tag", "clusterbasemodel_config", "no such key", *KEYS]


def any_task(chance):
    task = {
        "task_name": "x",
        "base_runtime": chance.choice(["vllm", "sglang", "trtllm"]),
        "model": {"id_or_path": "a/b"},
    }
    task["parameters"] = {}
    for key, names in KEYS.items():
        chosen = {name: chance.choice(VALUES) for name in names if chance.random() < 0.4}
        if chosen or chance.random() < 0.5:
            task[key] = chosen
    task |= {key: chance.choice(VALUES) for key in PLAIN if key != "parameters" and chance.random() < 0.15}
    task["model"] |= {"namespace": chance.choice(VALUES)}
    return task


@pytest.mark.parametrize("seed", range(60))
def test_any_values(migrate, seed):
    task = any_task(random.Random(seed))
    migration = migrate(task)
    rebuilt = {}
    for entry in migration.entries:
        inside = rebuilt
        for key in entry.path[:-1]:
            inside = inside.setdefault(key, {})
        assert entry.path[-1] not in inside, entry.path
        inside[entry.path[-1]] = entry.value
    assert rebuilt == task
    read = yaml.safe_load(migration.text)
    assert read["name"] == "x"
    for target in (target for entry in migration.entries for target in entry.targets):
        assert target in ("name", "description") or is_known(target), target
    assert all(is_known(name) for key in read.get("sweep", {}) for name in key.split(","))
