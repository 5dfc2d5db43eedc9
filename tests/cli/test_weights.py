"""The verb `weights`."""

import pytest

from autotune.store import Store
from tests.report.results import measurement, result, run

PLAIN = ["system.gpu=h100_sxm"]


def test_weights_and_what_they_become_with_the_overrides_to_copy(autotune):
    done = autotune("weights", *PLAIN, "minimize_tpot=0.8")
    assert done.code == 0, done.err
    assert [line.split()[1:] for line in done.out.splitlines() if line.startswith("m")] == [
        ["0.500", "0.200"],
        ["0.500", "0.800"],
    ]
    copied = done.out.splitlines()[-1].split()
    assert copied == ["optimization.weights.maximize_throughput_per_gpu=0.2", "optimization.weights.minimize_tpot=0.8"]
    again = autotune("weights", *PLAIN, *copied, "--format", "json").json
    assert again["weights"] == pytest.approx({"maximize_throughput_per_gpu": 0.2, "minimize_tpot": 0.8})
    assert again["becomes"] == again["weights"]


def test_a_task_files_weights(autotune, tmp_path):
    (tmp_path / "task.yaml").write_text(
        "optimization:\n  objectives: [minimize_ttft, minimize_tpot, maximize_throughput]\n"
        "  weights: {minimize_ttft: 0.6, minimize_tpot: 0.3, maximize_throughput: 0.1}\n"
    )
    becomes = autotune("weights", "task.yaml", "minimize_ttft=0.8", "--format", "json").json["becomes"]
    assert becomes == pytest.approx({"minimize_ttft": 0.8, "minimize_tpot": 0.15, "maximize_throughput": 0.05})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["minimise_tpot=0.8"], "did you mean minimize_tpot"),
        (["minimize_tpot=1.8"], "between 0 and 1"),
        (["minimize_tpot=lots"], "is no number"),
        (["minimize_tpot=0.8", "maximize_throughput_per_gpu=0.3"], "sum to 1.1"),
        (["optimization.objectives=[minimize_ttft]", "minimize_ttft=0.4"], "stays 1"),
        (["optimization.objectives=[minimise_ttft]"], "unknown objective"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(autotune, words, said):
    done = autotune("weights", *PLAIN, *words)
    assert (done.code, done.out, done.codes) == (2, "", ["AT003"])
    assert said in done.err


def test_a_stored_run_is_ranked_anew_and_stays_as_it_was(autotune, tmp_path):
    results = [
        result("wide", (), [measurement(64, tpot=40, tokens=9000)]),
        result("quick", (), [measurement(1, tpot=4, tokens=100)]),
    ]
    with Store(tmp_path / "data" / "autotune.db") as store:
        store.save_run(run(results), [(item, ()) for item in results])
    before = autotune("results", "--format", "json").json
    done = autotune("weights", "--run", "run-1", "minimize_tpot=0.95")
    assert done.code == 0, done.err
    order = [word for line in done.out.splitlines() for word in line.split()[:2] if word in ("wide", "quick")]
    assert order[:2] == ["quick", "wide"]
    assert "the best was wide at D(100,100) c=64, and is quick at D(100,100) c=1" in done.err
    ranked = autotune("weights", "--run", "run-1", "minimize_tpot=0.95", "--format", "json").json["results"]
    assert [(row["point_id"], row["picks"]) for row in ranked] == [("quick", {"best": 0}), ("wide", {})]
    assert autotune("results", "--format", "json").json == before
    assert "the best stays" in autotune("weights", "--run", "run-1", "minimize_tpot=0.4").err


def test_with_a_run_nothing_else_is_taken(autotune, tmp_path):
    with Store(tmp_path / "data" / "autotune.db") as store:
        store.create_run(run())
    assert autotune("weights", "--run", "run-1", "parallel.tp=2").codes == ["AT004"]
    assert autotune("weights", "--run", "nope").codes == ["AT031"]
