"""A small v1 task."""

import json

TASK = {
    "task_name": "llama",
    "base_runtime": "vllm-llama",
    "model": {"id_or_path": "meta-llama/Llama-3.1-8B-Instruct"},
    "parameters": {"tensor-parallel-size": [1, 2], "no-such-flag": 3},
    "optimization": {"strategy": "grid_search", "objective": "minimize_latency"},
    "benchmark": {"task": "text-to-text", "model_name": "llama", "traffic_scenarios": ["D(100,100)"], "num_concurrency": [1, 4]},
}  # fmt: skip
TEXT = json.dumps(TASK)
