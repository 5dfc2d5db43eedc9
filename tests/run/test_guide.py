"""A strategy at work in a run, on servers and clients that only take notes."""

import threading

import pytest

from autotune.run.guide import flat_points, metric_name, outcome
from autotune.score import get_objectives
from autotune.store import Failure, Result
from tests.run.points import make_point, measurement
from tests.run.test_runner import OOM, Setup

WIDTHS, LOADS = (1, 2, 4, 8), (1, 8, 64)


@pytest.fixture
def setup(tmp_path):
    return Setup(tmp_path)


def points(strategy="progressive_pareto", widths=WIDTHS, loads=LOADS, **optimization):
    wanted = {"strategy": strategy, "max_parallel": 1, "max_experiments": 8} | optimization
    return [
        make_point(f"tp{tp}", concurrency=load, gpus=tp, parallel={"tp": tp}, optimization=wanted)
        for tp in widths
        for load in loads
    ]


def answer(job):
    """Throughput and latency as wide servers under heavy loads have them, so that the frontier has many points."""
    (load,) = job.loads
    tpot = (10.0 + load.concurrency / 8) / job.gpus + 1.0
    rate = load.concurrency * 1000 / tpot
    made = measurement(load, rate)
    made.tpot_ms["mean"] = tpot
    return [made]


def test_it_runs_no_more_points_than_it_may_and_knows_a_server_that_is_up(setup):
    setup.client.act = answer
    summary = setup.run(points(widths=(1, 8), loads=(1, 2, 4, 8, 16, 32, 64, 128)))
    assert (len(summary.results), summary.exit_code) == (8, 0)
    assert len(setup.servers.started) < 8, "points on one server are measured one after the other"
    assert setup.servers.removed == setup.servers.started
    assert setup.store.find_run().finished


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["progressive_pareto", "hybrid", "random"])
def test_one_seed_makes_the_same_choices_when_the_measurements_are_the_same(tmp_path, strategy):
    chosen = []
    for number in range(2):
        setup = Setup(tmp_path / str(number))
        setup.client.act = answer
        chosen.append([result.point_id for result in setup.run(points(strategy)).results])
    assert chosen[0] == chosen[1]


def test_every_width_is_measured_within_the_limit(setup):
    setup.client.act = answer
    assert {result.deployment["gpus"] for result in setup.run(points()).results} == set(WIDTHS)


def test_experiments_run_side_by_side_and_each_point_once(setup):
    together = threading.Barrier(2, timeout=10)

    def act(job):
        if len(setup.client.jobs) <= 2:
            together.wait()  # two experiments are open at once
        return answer(job)

    setup.client.act = act
    many = [
        make_point(f"tp{tp}", concurrency=load, parallel={"tp": tp}, executor={"name": "local", "devices": ["0", "1", "2"]},
                   optimization={"strategy": "progressive_pareto", "max_experiments": 7})
        for tp in WIDTHS for load in LOADS
    ]  # fmt: skip
    summary = setup.run(many)
    assert len({result.point_id for result in summary.results}) == len(summary.results) == 7
    assert setup.servers.capacity_seen in (2, 3)


def test_it_goes_on_with_what_an_interrupted_run_had(setup):
    stopped = []

    def act(job):
        if len(setup.client.jobs) == 3:
            stopped.append(job)
            setup.stop.ask(None)
        return answer(job)

    from autotune.run import Stop

    setup.stop = Stop()
    setup.client.act = act
    first = setup.run(points(), stop=setup.stop)
    assert stopped
    assert len(first.results) < 8
    setup.client.act = answer
    second = setup.run(points())
    assert second.run_id == first.run_id
    assert len(second.results) == 8
    assert {result.point_id for result in first.results} <= {result.point_id for result in second.results}


def test_failures_are_experiments_and_what_follows_from_them_is_not_tried(setup):
    setup.client.act = answer
    setup.servers.failures = {"server-tp1": [OOM] * 9}
    summary = setup.run(points())
    failed = [result for result in summary.results if result.status == "failed"]
    assert len(summary.results) == 8
    assert len(failed) <= 1, "no other load is tried on a server that has no room for the model"
    assert setup.servers.started.count("server-tp1") <= 1


def test_when_all_fail_the_run_ends(setup):
    setup.servers.failures = {f"server-tp{tp}": [OOM] * 9 for tp in WIDTHS}
    summary = setup.run(points(max_experiments=None))
    assert 1 <= len(summary.results) <= 12
    assert {result.status for result in summary.results} <= {"failed", "pruned"}
    assert summary.exit_code == 1


def test_what_a_result_tells():
    point = make_point("a", gpus=2)
    objectives = get_objectives(["maximize_throughput_per_gpu", "minimize_tpot", "minimize_ttft_per_gpu"])
    assert [metric_name(item) for item in objectives] == ["output_tokens_per_s_per_gpu", "tpot_ms", "ttft_ms_x_gpus"]

    def result(**more):
        return Result("run", point.id, "done", "measured", (), {}, {"gpus": 2}, **more)

    (load,) = [measurement(None, 100.0)]
    told = outcome(result(measurements=(load,), best=0, score=1.0), objectives)
    assert told == {"output_tokens_per_s_per_gpu": 50.0, "tpot_ms": 2.0, "ttft_ms_x_gpus": 24.0, "feasible": 1.0}
    assert outcome(result(measurements=(load,), best=0, score=None), objectives)["feasible"] == 0.0
    crashed = outcome(Result("run", point.id, "failed", "measured", (), {}, {}, failure=Failure("out_of_memory", "no", phase="start")), objectives)  # fmt: skip
    assert (crashed.kind, crashed.at_start, crashed.tried) == ("out_of_memory", True, True)
    pruned = outcome(Result("run", point.id, "pruned", "measured", (), {}, {}, failure=Failure("cooling_down", "")), objectives)  # fmt: skip
    assert (pruned.kind, pruned.tried) == ("cooling_down", False)


def test_points_are_told_apart_by_what_differs_alone():
    flat = flat_points([make_point("a", parallel={"tp": 1}), make_point("a", parallel={"tp": 2}, concurrency=4)])
    assert flat == [
        {"parallel.tp": 1, "benchmark.num_concurrency": 1},
        {"parallel.tp": 2, "benchmark.num_concurrency": 4},
    ]
