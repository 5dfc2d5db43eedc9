"""The load clients against each other, on one real vLLM."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import pytest

from autotune.bench import CLIENTS, BenchCancelled, BenchError, BenchJob, Endpoint, GenaiBenchClient, Load, QuickClient
from autotune.bench.vllm_bench_result import parse_vllm_bench
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


def measure(client, endpoint, folder, env, *loads, cancelled=lambda: False, limits_ms=None, **options):
    benchmark = Benchmark(**({"max_time_s": 60.0, "max_requests": 200, "warmup": 8} | options))
    return client.measure(BenchJob(endpoint, benchmark, loads, folder, 1, env, cancelled, limits_ms=limits_ms or {}))


@pytest.fixture(params=CLIENTS)
def tool(request, bench_bin, vllm_bin):
    """A client by its name, with the folder of its command."""
    folder = vllm_bin if request.param == "vllm_bench" else bench_bin
    if (folder / request.param).is_file() or request.param in ("quick", "genai_bench", "vllm_bench"):
        return request.param, str(folder)
    return pytest.skip(f"there is no {request.param} in {folder}; `make engine` sets it up")


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


def test_every_client_tells_which_requests_met_the_slo(tool, vllm, engine_env, tmp_path):
    name, bin_dir = tool
    options = {"bin_dir": bin_dir, "max_requests": 12, "warmup": 0}
    limits = {"ttft_ms": 1e6, "tpot_ms": 1e6, "e2e_latency_ms": 1e6}
    [found] = measure(CLIENTS[name], vllm, tmp_path, engine_env, Load("D(50,20)", 3), limits_ms=limits, **options)
    assert found.goodput_requests_per_s == pytest.approx(found.requests_per_s)


def test_goodput_is_what_vllm_itself_makes_of_it(vllm, vllm_bin, engine_env, tmp_path):
    endpoint = vllm
    argv = [vllm_bin / "vllm", "bench", "serve", "--backend", "openai", "--base-url", endpoint.base_url, "--model", "tiny",
            "--tokenizer", endpoint.tokenizer, "--dataset-name", "random", "--random-input-len", "50",
            "--random-output-len", "20", "--num-prompts", "40", "--max-concurrency", "8", "--ignore-eos",
            "--percentile-metrics", "ttft,tpot,e2el",
            "--save-result", "--save-detailed", "--result-dir", tmp_path, "--result-filename", "own.json"]  # fmt: skip
    subprocess.run(argv, env={**os.environ, **engine_env}, check=True, capture_output=True)
    [first] = parse_vllm_bench((tmp_path / "own.json").read_text())
    limits = {
        "ttft": first.ttft_ms["p50"],
        "tpot": 1.5 * first.tpot_ms["mean"],
        "e2el": 2 * first.e2e_latency_ms["mean"],
    }
    goodput = ["--goodput", *(f"{name}:{value}" for name, value in limits.items())]
    subprocess.run([*argv, *goodput], env={**os.environ, **engine_env}, check=True, capture_output=True)
    text = (tmp_path / "own.json").read_text()
    [found] = parse_vllm_bench(
        text, limits_ms=dict(zip(("ttft_ms", "tpot_ms", "e2e_latency_ms"), limits.values(), strict=True))
    )
    print(f"vllm bench: {json.loads(text)['request_goodput']} good of {found.requests_per_s} requests/s")
    assert found.goodput_requests_per_s == pytest.approx(json.loads(text)["request_goodput"])


def test_one_genai_bench_run_measures_several_concurrencies(vllm, bench_bin, engine_env, tmp_path):
    loads = (Load("D(50,20)", 1), Load("D(50,20)", 4))
    found = measure(
        GenaiBenchClient(), vllm, tmp_path, engine_env, *loads, bin_dir=str(bench_bin), max_requests=10, warmup=0
    )
    assert tuple(item.load for item in found) == loads
    assert all(item.completed >= 10 and item.error_rate == 0 for item in found)
    assert found[1].output_tokens_per_s > found[0].output_tokens_per_s


def test_every_client_counts_and_means_the_same(vllm, engine_env, tmp_path, tool):
    name, bin_dir = tool
    loads = [Load("D(60,10)", 2), Load("D(60,10)", request_rate=20.0)][: 1 if name == "genai_bench" else 2]
    found = measure(CLIENTS[name], vllm, tmp_path, engine_env, *loads, bin_dir=bin_dir, max_requests=20, warmup=4)
    assert [item.load for item in found] == loads
    for item in found:
        show(name, item)
        assert (item.failed, item.error_rate, item.errors) == (0, 0, ())
        # genai-bench looks at its limit once a second.
        assert item.completed >= 20 if name == "genai_bench" else item.completed == 20
        # Tokens are counted, and counted alike.
        assert item.output_tokens_per_s / item.requests_per_s == pytest.approx(10, rel=0.1)
        assert item.total_tokens_per_s / item.requests_per_s == pytest.approx(70, rel=0.35)
        # ms in every latency: e2e is TTFT and nine more tokens.
        whole = item.ttft_ms["mean"] + 9 * item.tpot_ms["mean"]
        assert item.e2e_latency_ms["mean"] == pytest.approx(whole, rel=0.1)
        assert 1 < item.ttft_ms["mean"] < 10_000
        assert item.ttft_ms["p50"] <= item.ttft_ms["p90"] <= item.ttft_ms["p95"] <= item.ttft_ms["p99"]
        # Little's law: a client that sends one after the other, or far too many at once, is found out.
        in_flight = item.requests_per_s * item.e2e_latency_ms["mean"] / 1000
        assert in_flight < (2.6 if item.load.concurrency else 20)
        assert item.requests_per_s * item.duration_s == pytest.approx(item.completed, rel=0.35)


def test_every_client_takes_a_data_set(vllm, engine_env, tmp_path, tool):
    name, bin_dir = tool
    data = tmp_path / "prompts.jsonl"
    data.write_text(
        "".join(json.dumps({"prompt": f"Say {word}.\nLoudly.", "output_tokens": 7}) + "\n" for word in "abcdef")
    )
    options = {
        "bin_dir": bin_dir,
        "max_requests": 6,
        "traffic_scenarios": ("dataset",),
        "dataset": str(data),
        "warmup": 0,
    }
    [found] = measure(CLIENTS[name], vllm, tmp_path / "out", engine_env, Load("dataset", 2), **options)
    assert found.failed == 0
    assert found.completed >= 6
    assert found.output_tokens_per_s / found.requests_per_s == pytest.approx(7, rel=0.1)


def test_requests_that_the_engine_refuses_are_an_error_with_its_reason(vllm, engine_env, tmp_path, tool):
    name, bin_dir = tool
    with pytest.raises(BenchError, match=r"no request completed: .*(400|Bad Request)"):
        measure(
            CLIENTS[name], vllm, tmp_path, engine_env, Load("D(2000,50)", 2), bin_dir=bin_dir, max_requests=4, warmup=0
        )


def test_a_client_that_is_cancelled_leaves_no_process(vllm, engine_env, tmp_path, tool):
    name, bin_dir = tool
    seen, began = set(), []

    def well_under_way():
        roots = [child for child in psutil.Process().children() if place(child).is_relative_to(tmp_path)]
        seen.update(roots, *(root.children(recursive=True) for root in roots))
        if roots or name == "quick":
            began.append(time.monotonic())
        return bool(began) and time.monotonic() - began[0] > (
            0.5 if name == "quick" else 8
        )  # its workers are up by then

    load = Load("D(60,900)", 2)
    with pytest.raises(BenchCancelled):
        measure(
            CLIENTS[name],
            vllm,
            tmp_path,
            engine_env,
            load,
            bin_dir=bin_dir,
            max_requests=500,
            warmup=0,
            cancelled=well_under_way,
        )
    assert bool(seen) == (name != "quick")
    assert [process for process in seen if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []


def place(process):
    try:
        return Path(process.cwd())
    except psutil.Error:
        return Path("/")
