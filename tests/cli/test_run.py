"""`autotune run` on the emulated executor, from the words to the frontier."""

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


def test_a_strategy_that_is_not_there_is_said(autotune):
    done = autotune("parallel.tp=1,2", "optimization.strategy=bayesian", "-m", *FAST)
    assert done.code == 0
    assert "AT115" in done.codes


def test_resume_finds_a_relative_store_from_another_folder(autotune, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    assert autotune("parallel.tp=2", "--store", "mine.db", *FAST).code == 0
    (run,) = autotune("results", "--list", "--store", "mine.db", "--format", "json").json
    monkeypatch.chdir(tmp_path / "elsewhere")
    done = autotune("resume", run["run_id"], "--store", "../mine.db")
    assert done.code == 0, done.err
    assert run["run_id"] in done.out
