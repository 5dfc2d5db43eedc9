"""The load clients against each other, on one real vLLM."""

import os
import signal
import socket
import subprocess
import time

import httpx
import pytest

from autotune.bench import BenchError, BenchJob, Endpoint, GenaiBenchClient, Load, QuickClient
from autotune.schema import Benchmark

pytestmark = pytest.mark.engine

READY_S = 300.0
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
# A long prompt, so that the few ms that genai-bench spends on a new connection for each request weigh little.
LOAD = Load("D(800,64)", concurrency=4)


@pytest.fixture(scope="module")
def engine_env(tmp_path_factory):
    home = tmp_path_factory.mktemp("hub")
    (home / "hub").mkdir()
    return OFFLINE | {"HF_HOME": str(home), "VLLM_CPU_KVCACHE_SPACE": "1"}


@pytest.fixture(scope="module")
def vllm(tiny_model, vllm_bin, engine_env, tmp_path_factory):
    """An endpoint that serves the tiny model."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    log = tmp_path_factory.mktemp("vllm") / "vllm.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [vllm_bin / "vllm", "serve", tiny_model, "--served-model-name", "tiny", "--dtype", "float32", "--max-model-len", "1024",
             "--enforce-eager", "--host", "127.0.0.1", "--port", port],
            env={**os.environ, **engine_env}, stdout=output, stderr=subprocess.STDOUT, process_group=0,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + READY_S
        while not answers(url):
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.5)
        yield Endpoint(url, "tiny", str(tiny_model), "vllm")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answers(url):
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def measure(client, endpoint, folder, env, *loads, **options):
    benchmark = Benchmark(**({"max_time_s": 60.0, "max_requests": 200, "warmup": 8} | options))
    return client.measure(BenchJob(endpoint, benchmark, loads, folder, 1, env))


def show(name, found):
    print(
        f"{name}: TTFT {found.ttft_ms['mean']:.2f} ms (p50 {found.ttft_ms['p50']:.2f}), TPOT {found.tpot_ms['mean']:.3f} ms, "
        f"{found.output_tokens_per_s:.0f} output tokens/s, {found.requests_per_s:.2f} requests/s, {found.completed} requests"
    )


def test_quick_and_genai_bench_agree_on_a_real_engine(vllm, bench_bin, engine_env, tmp_path):
    options = {"bin_dir": str(bench_bin)}
    [before] = measure(QuickClient(), vllm, tmp_path / "quick1", engine_env, LOAD, **options)
    [genai] = measure(GenaiBenchClient(), vllm, tmp_path / "genai", engine_env, LOAD, **options)
    [after] = measure(QuickClient(), vllm, tmp_path / "quick2", engine_env, LOAD, **options)
    for name, found in (("quick", before), ("genai-bench", genai), ("quick", after)):
        show(name, found)
    quick_ttft = (before.ttft_ms["mean"] + after.ttft_ms["mean"]) / 2
    quick_rate = (before.output_tokens_per_s + after.output_tokens_per_s) / 2
    assert (genai.failed, before.failed, after.failed) == (0, 0, 0)
    # That they mean the same by each name and unit; how close they come depends on the machine, see docs/benchmarking.md.
    assert 0.5 < quick_rate / genai.output_tokens_per_s < 2
    assert 0.5 < quick_ttft / genai.ttft_ms["mean"] < 2


def test_one_genai_bench_run_measures_several_concurrencies(vllm, bench_bin, engine_env, tmp_path):
    loads = (Load("D(50,20)", 1), Load("D(50,20)", 4))
    found = measure(
        GenaiBenchClient(), vllm, tmp_path, engine_env, *loads, bin_dir=str(bench_bin), max_requests=10, warmup=0
    )
    assert tuple(item.load for item in found) == loads
    assert all(item.completed >= 10 and item.error_rate == 0 for item in found)
    assert found[1].output_tokens_per_s > found[0].output_tokens_per_s


@pytest.mark.parametrize("client", [QuickClient(), GenaiBenchClient()], ids=["quick", "genai_bench"])
def test_requests_that_the_engine_refuses_are_an_error_with_its_status(vllm, bench_bin, engine_env, tmp_path, client):
    with pytest.raises(BenchError, match="400"):
        measure(
            client, vllm, tmp_path, engine_env, Load("D(2000,50)", 2), bin_dir=str(bench_bin), max_requests=4, warmup=0
        )
