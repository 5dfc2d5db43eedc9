"""The main job on a real engine: vLLM on the CPU, measured with genai-bench, killed half way and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.engine, pytest.mark.slow]


class Sweep:
    """One `autotune run` of the example, in a home of its own."""

    def __init__(self, home, model, vllm_bin, bench_bin):
        self.model = model
        self.env = {
            **os.environ,
            "AUTOTUNE_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(home / "hf"),
        }
        (home / "hf" / "hub").mkdir(parents=True)
        self.words = [
            sys.executable, "-m", "autotune", "run", str(ROOT / "examples" / "cpu_engine.yaml"), f"model.id={model}",
            f"executor.bin_dir={vllm_bin}", f"benchmark.bin_dir={bench_bin}",
        ]  # fmt: skip
        self.home = home

    def start(self):
        return subprocess.Popen(
            self.words, cwd=self.home, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def results(self):
        done = subprocess.run(
            [sys.executable, "-m", "autotune", "results", "--format", "json"],
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode == 0 else []

    def processes(self):
        """Whatever serves the model, by its command line."""
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if str(self.model) in (process.info["cmdline"] or []) and "serve" in process.info["cmdline"]
        ]


def wait_for(condition, timeout_s):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.5)
    pytest.fail(f"not so after {timeout_s} s")


def test_a_real_sweep_survives_kill_9(tmp_path, tiny_model, vllm_bin, bench_bin):
    sweep = Sweep(tmp_path, tiny_model, vllm_bin, bench_bin)
    first = sweep.start()
    wait_for(lambda: sum(row["status"] == "done" for row in sweep.results()) >= 2, 400)
    wait_for(sweep.processes, 60)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    wait_for(lambda: not sweep.processes(), 60)
    before = {row["point_id"]: row for row in sweep.results() if row["status"] == "done"}

    second = sweep.start()
    out, err = second.communicate(timeout=900)
    assert second.returncode == 1, err
    assert not sweep.processes()

    rows = sweep.results()
    assert len({row["point_id"] for row in rows}) == len(rows) == 5
    for row in rows:
        assert row["kind"] == "measured"
        if row["point_id"] in before:
            # Which point is the best may change with the points that came later.
            kept = {**before[row["point_id"]], "picks": row["picks"]}
            assert row == kept, "a finished point was run again"
    done = [row for row in rows if row["status"] == "done"]
    assert len(done) == 4
    for row in done:
        assert [item["concurrency"] for item in row["measurements"]] == [1, 4]
        for metrics in row["measurements"]:
            assert metrics["error_rate"] == 0
            assert metrics["completed"] >= 12
            assert 0 < metrics["ttft_ms"]["p50"] < 10_000
            assert 0 < metrics["tpot_ms"]["mean"] < 1_000
            assert metrics["output_tokens_per_s"] > 10
    (broken,) = [row for row in rows if row["status"] == "failed"]
    assert broken["failure"]["kind"] == "start_crash"
    assert "max_model_len" in broken["failure"]["message"]
    assert broken["failure"]["remedy"]
    assert broken["failure"]["log_tail"]

    assert "*" in out, "the frontier is marked"
    report = Path(out.rpartition("report ")[2].strip())
    page = report.read_text()
    assert "EMULATED" not in page
    assert all(row["point_id"] in page for row in rows)
