"""`autotune run` on the emulated executor, from the words to the frontier."""

import sys

import pytest

FAST = ["executor=emulated", "executor.speed=200", "benchmark=smoke"]


def test_the_sentence_runs_and_says_what_it_is(autotune):
    done = autotune("+profile=fp8_quantized", "parallel.tp=2,4", "-m", *FAST)
    assert done.code == 0
    assert "EMULATED" in done.out
    assert "*" in done.out
    rows = autotune("results", "--format", "json").json
    assert [(row["status"], row["kind"], row["config"]["parallel"]["tp"]) for row in rows] == [
        ("done", "emulated", 2), ("done", "emulated", 4),
    ]  # fmt: skip
    assert rows[0]["metrics"]["output_tokens_per_s"] > 0


def test_goodput_is_measured_where_a_target_says_what_is_good(autotune):
    words = ["parallel.tp=1", "benchmark.num_concurrency=[1,32]", "benchmark.max_requests=32", "system.gpu=h100_sxm",
             'benchmark.traffic_scenarios=["D(1024,4)"]', "slo.ttft.p95.threshold=200"]  # fmt: skip
    done = autotune("run", *words, "optimization.objectives=[maximize_goodput,minimize_tpot]", *FAST)
    assert done.code == 0, done.err
    assert "good req/s" in done.out
    (row,) = autotune("results", "--format", "json").json
    alone, crowded = row["measurements"]
    assert alone["goodput_requests_per_s"] == alone["requests_per_s"]
    assert crowded["goodput_requests_per_s"] < crowded["requests_per_s"]


def test_pruned_points_are_kept_with_their_reason(autotune):
    assert autotune("parallel.tp=1,3", "-m", *FAST).code == 0
    rows = {row["config"]["parallel"]["tp"]: row for row in autotune("results", "--format", "json").json}
    assert rows[1]["status"] == "done"
    assert rows[3]["status"] == "pruned"
    assert "32 attention heads" in rows[3]["failure"]["message"]


def test_no_more_experiments_than_allowed(autotune):
    done = autotune("parallel.tp=1,2,4,8", "optimization.max_experiments=2", "-m", *FAST)
    assert done.code == 0
    assert "2 of 4 points are run" in done.err
    assert len(autotune("results", "--format", "json").json) == 2


@pytest.mark.slow
def test_a_strategy_finds_the_frontier_with_a_part_of_the_points_and_says_so(autotune):
    sweep = ["parallel.tp=1,2,4,8", "benchmark.num_concurrency=1,4,16,64", "scheduling.max_running_requests=64,128"]
    done = autotune(*sweep, "optimization.strategy=auto", "-m", *FAST, "benchmark.max_requests=16")
    assert done.code == 0, done.err
    assert "hybrid chooses at most 17 of 32 points to run" in done.err
    rows = autotune("results", "--format", "json").json
    assert 12 <= len(rows) <= 17
    assert {row["status"] for row in rows} == {"done"}
    assert len({row["config"]["parallel"]["tp"] for row in rows}) >= 3, "the frontier has each of them"


def test_a_search_takes_no_more_experiments_than_allowed(autotune):
    sweep = ["parallel.tp=1,2,4,8", "benchmark.num_concurrency=1,4,16,64", "optimization.strategy=progressive_pareto"]
    done = autotune(*sweep, "optimization.max_experiments=3", "optimization.max_parallel=1", "-m", *FAST)
    assert done.code == 0, done.err
    assert "progressive_pareto chooses at most 3 of 16 points to run" in done.err
    assert len(autotune("results", "--format", "json").json) == 3


def test_a_strategy_whose_package_is_missing_says_which(autotune, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = autotune("parallel.tp=1,2,4,8", "optimization.strategy=bayesian", "-m", *FAST)
    assert (done.code, "AT030" in done.codes) == (2, True)
    assert "llm-autotune[search]" in done.err


def test_resume_finds_a_relative_store_from_another_folder(autotune, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    assert autotune("parallel.tp=2", "--store", "mine.db", *FAST).code == 0
    (run,) = autotune("results", "--list", "--store", "mine.db", "--format", "json").json
    monkeypatch.chdir(tmp_path / "elsewhere")
    done = autotune("resume", run["run_id"], "--store", "../mine.db")
    assert done.code == 0, done.err
    assert run["run_id"] in done.out
