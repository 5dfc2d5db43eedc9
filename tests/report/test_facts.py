from autotune import __version__
from autotune.report import Reported
from autotune.report.facts import run_facts
from tests.report.results import measurement, result, run

MACHINE = {
    "autotune": "0.0.9",
    "python": "3.11.7",
    "host": "node7",
    "os": "Debian",
    "cpu": "EPYC",
    "cpu_cores": 64,
    "memory_gb": 512.0,
    "gpus": ["NVIDIA H100", "NVIDIA H100"],
    "gpu_driver": "570.1",
    "git": {"commit": "abc123", "branch": "main", "dirty": True},
}


def facts(results, **more):
    return dict(run_facts(Reported(run(results, **more), tuple(results))))


def test_machine_versions_and_git_are_named():
    found = facts([result(measurements=[measurement()])], environment=MACHINE)
    assert found["GPUs here"] == "2 x NVIDIA H100"
    assert found["GPU driver"] == "570.1"
    assert found["CPU"] == "EPYC, 64 cores"
    assert found["git"] == "abc123 on main, with changes that are not committed"
    assert found["autotune"] == "0.0.9"
    assert found["Engine"] == "vllm 0.33.0"


def test_what_points_differ_in_is_listed_and_long_lists_are_cut():
    results = [result(str(n), environment={"image_digest": f"sha256:{n}"}) for n in range(9)]
    assert facts(results)["Image digest"] == ", ".join(f"sha256:{n}" for n in range(6)) + " and 3 more"


def test_a_run_from_before_the_machine_was_noted():
    found = facts([result()])
    assert found["autotune"] == __version__
    assert "git" not in found
    assert "Host" not in found


def test_imported_runs_say_from_which_tool():
    found = facts([], source={"tool": "guidellm", "version": "0.8.1", "folder": "/x", "host": "h"})
    assert found["Imported from"] == "guidellm 0.8.1"
    assert "/x" not in str(found)
