import pytest

from autotune.run.failures import classify

VLLM_TOO_LONG = """\
(APIServer pid=6376) INFO 11-23 03:18:07 [model.py:733] Resolved architecture: LlamaForCausalLM
  File "/venv/lib/python3.11/site-packages/pydantic/_internal/_dataclasses.py", line 121, in __init__
    s.__pydantic_validator__.validate_python(ArgsKwargs(args, kwargs), self_instance=s)
pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig
  Value error, User-specified max_model_len (100000) is greater than the derived max_model_len (max_position_embeddings=4096.0 or model_max_length=None in model's config.json). To allow overriding this maximum, set the env var VLLM_ALLOW_LONG_MAX_MODEL_LEN=1.
    For further information visit https://errors.pydantic.dev/2.14/v/value_error
"""

VLLM_KV = """\
(APIServer pid=6483) WARNING 11-23 03:18:47 [system_utils.py:255] Found ulimit of 20000 and failed to automatically increase. This can cause fd limit errors like `OSError: [Errno 24] Too many open files`.
(Worker pid=6564) ERROR 11-23 03:19:01 [multiproc_executor.py:1063]     raise ValueError(
(Worker pid=6564) ERROR 11-23 03:19:01 [multiproc_executor.py:1063] ValueError: Available memory on node 0 (8.61/10.21 GiB) on kv cache allocation is less than requested memory for kv (1000.0 GiB). Decrease --kv-cache-memory-bytes, VLLM_CPU_KVCACHE_SPACE, or reduce CPU memory.
(EngineCore pid=6514) ERROR 11-23 03:19:01 [core.py:1510] EngineCore failed to start.
Traceback (most recent call last):
    raise RuntimeError(
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore': 1}
"""


@pytest.mark.parametrize(
    ("log", "code", "kind", "says"),
    [
        (VLLM_TOO_LONG, 1, "start_crash", "User-specified max_model_len (100000) is greater"),
        (VLLM_KV, 1, "out_of_memory", "ValueError: Available memory on node 0"),
        ("usage: vllm\nvllm: error: unrecognized arguments: --max-model-lenx 100", 2, "start_crash", "--max-model-lenx"),
        ("vllm serve: error: argument --kv-cache-dtype: invalid choice: 'nosuch' (choose from 'auto')", 2, "start_crash", "nosuch"),
        ("    sock.bind(addr)\nOSError: [Errno 98] Address already in use", 1, "infrastructure", "OSError: [Errno 98]"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has", 1, "out_of_memory", "Tried to allocate"),
        ("ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`", 1, "out_of_memory", "cache blocks"),
        ("ValueError: To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, which is larger than the available KV cache memory (3.2 GiB)", 1, "out_of_memory", "16.00 GiB"),
        ("[2026-11-23 03:18:47 TP0] RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.", -9, "out_of_memory", "RuntimeError: Not enough"),
        ("huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an appropriate cached snapshot", 1, "start_crash", "snapshot"),
        ("loading weights", -9, "killed", "loading weights"),
        ("loading weights", 137, "killed", "SIGKILL"),
        ("RuntimeError: Engine core initialization failed. See root cause above.", 1, "start_crash", "Engine core"),
        ("", 3, "start_crash", "exit code 3"),
        ("still loading", None, "not_ready", "still loading"),
    ],
)  # fmt: skip
def test_what_engines_say_is_classed_and_the_decisive_line_kept(log, code, kind, says):
    failure = classify(log, code, "start")
    assert failure.kind == kind
    assert says in failure.message
    assert failure.remedy


def test_the_root_cause_is_preferred_to_its_wrappers():
    log = "KeyError: 'layers.0'\nRuntimeError: Engine core initialization failed. See root cause above."
    assert classify(log, 1, "start").message == "KeyError: 'layers.0'"


def test_warnings_and_source_lines_of_a_traceback_are_not_taken_for_the_cause():
    log = "(APIServer pid=1) WARNING 11-23 03:18:47 [a.py:1] CUDA out of memory may happen\n    raise GatedRepoError(\nKeyError: 'x'"
    assert classify(log, 1, "start").kind == "start_crash"
    assert classify(log, 1, "start").message == "KeyError: 'x'"


def test_a_server_that_ends_while_it_is_measured_is_a_benchmark_failure_unless_the_log_says_more():
    assert classify("AssertionError: boom", 1, "benchmark").kind == "benchmark"
    assert "AssertionError: boom" in classify("AssertionError: boom", 1, "benchmark").message
    assert classify("CUDA error: out of memory", 1, "benchmark").kind == "out_of_memory"


def test_the_tail_of_the_log_is_kept_and_bounded():
    failure = classify("\n".join(f"line {n}" for n in range(1000)), 1, "start")
    assert failure.log_tail.endswith("line 999")
    assert len(failure.log_tail.splitlines()) == 60
