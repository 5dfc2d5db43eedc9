"""Runs through Hydra's launchers: submitit, with its local executor in the place of Slurm."""

import os

import pytest

from autotune.store import Store

SLOW = pytest.mark.slow
FAST = ["executor=emulated", "executor.speed=200", "benchmark=smoke", "system.gpu=h100_sxm"]
LOCAL = ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=5"]


@pytest.fixture(autouse=True)
def environment_as_it_was(monkeypatch):
    """A store named on the command line goes to the jobs by the environment."""
    monkeypatch.setenv("AUTOTUNE_STORE", "")
    monkeypatch.delenv("AUTOTUNE_STORE")


@SLOW
def test_each_server_is_a_job_and_a_run_of_its_own_and_the_table_has_all(autotune, tmp_path):
    done = autotune(*FAST, *LOCAL, "parallel.tp=1,2", "benchmark.num_concurrency=1,2", "-m")
    assert done.code == 0, done.err
    assert done.out.count("EMULATED") >= 4
    assert "2 jobs, one a server" in done.err
    with Store(tmp_path / "data" / "autotune.db") as store:
        runs = store.runs()
        assert sorted(run.point_count for run in runs) == [2, 2]
        assert all(run.finished for run in runs)
        assert {result.status for result in store.results(runs[0].run_id)} == {"done"}
    assert all(f"run {run.run_id}\n" in done.out for run in runs)
    (jobs,) = (tmp_path / "data" / "launched").iterdir()
    assert jobs.stat().st_mode & 0o077 == 0
    assert list(jobs.glob("*.job")) == [], "nothing that was handed over is left"
    assert os.getpid() not in {int(path.name) for path in (jobs / ".submitit").iterdir() if path.name.isdecimal()}


@SLOW
def test_a_named_store_is_the_jobs_too_and_a_job_that_lacks_something_ends_the_command_with_its_code(
    autotune, tmp_path
):
    command = ["executor=local", "executor.bin_dir=nowhere", "system.gpu=h100_sxm", "benchmark.tool=quick"]
    done = autotune(*command, *LOCAL, "--store", "mine.db")
    assert (done.code, done.out) == (2, "")
    assert (tmp_path / "mine.db").exists()
    (jobs,) = (tmp_path / "data" / "launched").iterdir()
    logs = "".join(path.read_text() for path in (jobs / ".submitit").rglob("*_log.err"))
    assert "error[AT030]: the command `vllm`" in logs


def test_a_launcher_that_is_not_there_and_a_setting_it_does_not_have(autotune):
    done = autotune(*FAST, "hydra/launcher=submitit_slrm")
    assert (done.code, done.codes) == (2, ["AT030"])
    assert "submitit_local, submitit_slurm" in done.err
    done = autotune(*FAST, "hydra/launcher=submitit_local", "hydra.launcher.timeout_mn=5")
    assert (done.code, done.codes) == (2, ["AT004"])


def test_slurm_where_there_is_none_is_no_defect_of_autotune(autotune, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    done = autotune(*FAST, "hydra/launcher=submitit_slurm")
    assert (done.code, done.codes) == (2, ["AT030"])
    assert "srun" in done.err


def test_nothing_is_launched_that_does_not_compile(autotune, tmp_path):
    done = autotune(*FAST, *LOCAL, "parallel.tp=3")
    assert (done.code, "AT012" in done.codes) == (2, True)
    assert not (tmp_path / "data" / "launched").exists()


def test_where_jobs_run_is_nothing_to_the_other_verbs(autotune):
    assert autotune("check", *FAST, *LOCAL, "parallel.tp=1,2", "-m").code == 0


def test_a_strategy_that_learns_cannot_steer_jobs_and_that_is_said(autotune, monkeypatch):
    ran = []
    monkeypatch.setattr("autotune.cli.launch.run_launched", lambda points, *_: ran.append(len(points)) or 0)
    said = autotune(
        *FAST, *LOCAL, "parallel.tp=1,2,4,8", "optimization.strategy=hybrid", "optimization.max_experiments=3", "-m"
    )
    assert (said.code, said.codes) == (0, ["AT115"])
    quiet = autotune(*FAST, *LOCAL, "parallel.tp=1,2,4,8", "optimization.strategy=random", "-m")
    assert (quiet.code, quiet.codes) == (0, [])
    assert ran == [3, 4]
