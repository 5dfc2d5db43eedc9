import os
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from autotune.bench import BenchError
from autotune.diagnostics import InputError, diagnostic
from autotune.run import Probes, Stop, open_run, run_points
from autotune.run.events import Noted, PointFinished, RunClosed, RunOpened, ServerReady, Stopping
from autotune.run.executor import EXECUTORS
from autotune.store import Failure, RunInputs, Store
from autotune.workspace.cpus import Cpus
from tests.predict.points import facts_for
from tests.run.points import NO_GPU, FakeClient, FakeServers, make_point, measurement, wait_cancelled

OOM = Failure("out_of_memory", "no room")
LOST = Failure("infrastructure", "address already in use")


class Listener:
    def __init__(self, on_event=lambda event: None):
        self.events = []
        self.on_event = on_event

    def report(self, event):
        self.events.append(event)
        self.on_event(event)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


class Setup:
    """A store, a data folder, fake servers and a fake client; `run` is run_points on them."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = FakeServers()
        self.client = FakeClient()
        self.listener = Listener()
        self.store = Store(folder / "results.db")
        self.now = datetime(2026, 11, 23, 3, 11, 42, tzinfo=UTC)

    def clock(self):
        self.now += timedelta(seconds=1)
        return self.now

    def run(self, points, **more):
        settings = {"store": self.store, "data_dir": self.folder, "make": self.servers.make, "client_of": lambda name: self.client,
                    "reporter": self.listener, "clock": self.clock, "probes": NO_GPU}  # fmt: skip
        return run_points(points, **(settings | more))

    def statuses(self):
        return {result.point_id: result.status for result in self.store.results()}


@pytest.fixture
def setup(tmp_path):
    made = Setup(tmp_path)
    yield made
    made.store.close()


def test_one_server_serves_all_points_of_a_deployment_and_is_removed(setup):
    points = [make_point("a", concurrency=1), make_point("b"), make_point("a", concurrency=8)]
    summary = setup.run(points)
    assert setup.servers.started == ["server-a", "server-b"]
    assert setup.servers.removed == ["server-a", "server-b"]
    assert (summary.exit_code, summary.count("done"), summary.waiting) == (0, 3, 0)
    assert [result.point_id for result in summary.results] == [point.id for point in points]
    assert setup.store.results()[0].measurements[0].kind == "measured"
    assert setup.store.find_run().finished


def test_the_best_load_and_its_score_come_from_the_scoring(setup):
    points = [make_point("a", benchmark={"num_concurrency": [1, 2, 4]})]
    (result,) = setup.run(points, score_of=lambda measurements, config: (len(measurements) - 1, -7.0)).results
    assert (result.best, result.score, len(result.measurements)) == (2, -7.0, 3)


def test_a_failed_server_fails_its_points_and_no_others(setup):
    setup.servers.failures["server-a"] = [Failure("start_crash", "bad flag", "mend it", "log")]
    points = [make_point("a", concurrency=1), make_point("a", concurrency=2), make_point("b")]
    summary = setup.run(points)
    assert [result.status for result in summary.results] == ["failed", "failed", "done"]
    assert summary.results[1].failure.message == "bad flag"
    assert summary.exit_code == 1
    assert setup.servers.running == {}
    assert setup.servers.started.count("server-a") == 1


def test_a_failure_of_the_machine_is_tried_once_more(setup):
    setup.servers.failures = {"server-a": [LOST, None], "server-b": [LOST, LOST, None]}
    points = [make_point("a"), make_point("b")]
    summary = setup.run(points)
    assert [result.status for result in summary.results] == ["done", "failed"]
    assert [result.attempts for result in summary.results] == [2, 2]
    assert setup.servers.started == ["server-a", "server-a", "server-b", "server-b"]


def test_repeats_are_stored_as_one_measurement_with_its_interval(setup):
    rates = iter((9.0, 11.0, 10.0))
    setup.client.act = lambda job: [replace(measurement(load), ttft_ms={"mean": next(rates)}) for load in job.loads]
    (result,) = setup.run([make_point("a", benchmark={"repeats": 3})]).results
    [found] = setup.store.results()[0].measurements
    assert (found.repeats, found.ttft_ms["mean"], result.best) == (3, 10.0, 0)
    assert found.ci95["ttft_ms.mean"] == pytest.approx(2.484, abs=1e-3)


@pytest.mark.slow
def test_a_load_with_too_many_failed_requests_is_a_failed_benchmark_that_quotes_them(setup):
    def act(job):
        return [
            replace(measurement(load), completed=90, failed=10, error_rate=0.1, errors=("10 x HTTP 503",))
            for load in job.loads
        ]

    setup.client.act = act
    points = [make_point("a"), make_point("a", benchmark={"max_error_rate": 0.2})]
    refused, allowed = setup.run(points).results
    assert (refused.status, allowed.status) == ("failed", "done")
    assert refused.failure.kind == "benchmark"
    assert refused.failure.message.endswith(
        "10 of 100 requests failed (10.0%, benchmark.max_error_rate=0.01): 10 x HTTP 503"
    )
    assert [item.failed for item in refused.measurements] == [10]


def test_a_benchmark_that_fails_fails_its_point_and_keeps_what_came_out(setup):
    def act(job):
        if job.benchmark.num_concurrency == (2,):
            raise BenchError("no request completed", "tool log", [measurement(job.loads[0])])

    setup.client.act = act
    points = [make_point("a", concurrency=1), make_point("a", concurrency=2), make_point("a", concurrency=4)]
    summary = setup.run(points)
    assert [result.status for result in summary.results] == ["done", "failed", "done"]
    failed = summary.results[1]
    assert (failed.failure.kind, failed.failure.message, failed.failure.log_tail) == (
        "benchmark",
        "no request completed",
        "tool log",
    )
    assert (failed.best, len(failed.measurements)) == (None, 1)
    assert setup.servers.started == ["server-a"]


def test_a_server_that_dies_explains_the_failure_and_the_other_points_get_a_new_one(setup):
    def act(job):
        if job.benchmark.num_concurrency == (4,):
            setup.servers.died["server-a"] = OOM
            wait_cancelled(job)

    setup.client.act = act
    summary = setup.run([make_point("a", concurrency=4), make_point("a", concurrency=2)])
    assert [result.status for result in summary.results] == ["failed", "done"]
    assert summary.results[0].failure == replace(OOM, phase="benchmark")
    assert setup.servers.started == ["server-a", "server-a"]


@pytest.mark.parametrize("dies", [True, False])
def test_requests_that_failed_because_the_server_died_are_no_measurement(setup, dies):
    """Some clients are done with a dead server before anybody has seen that it is dead."""

    def act(job):
        if dies and len(setup.client.jobs) == 1:
            threading.Timer(0.2, setup.servers.died.__setitem__, ("server-a", LOST)).start()
        rate = 0.009 if len(setup.client.jobs) == 1 else 0.0  # no more than benchmark.max_error_rate
        return [replace(measurement(load), error_rate=rate) for load in job.loads]

    setup.client.act = act
    (result,) = setup.run([make_point("a")]).results
    assert (result.status, result.attempts) == ("done", 2 if dies else 1)
    assert [item.error_rate for item in result.measurements] == [0.0 if dies else 0.009]


def test_memory_that_ran_out_under_load_prunes_what_loads_the_same_or_a_larger_server_more(setup):
    def act(job):
        if job.benchmark.num_concurrency == (4,):
            setup.servers.died["server-a"] = OOM
            wait_cancelled(job)

    setup.client.act = act
    points = [make_point("a", concurrency=load, misc={"context_length": 8192}) for load in (4, 8, 1)]
    points += [make_point("16k", concurrency=load, misc={"context_length": 16384}) for load in (8, 1)]
    summary = setup.run(points)
    assert [result.status for result in summary.results] == ["failed", "pruned", "done", "pruned", "done"]
    assert "under its load" in summary.results[3].failure.message


def test_an_unexpected_exception_of_a_client_is_a_failed_point_not_the_end(setup):
    def act(job):
        if job.benchmark.num_concurrency == (1,):
            raise KeyError("surprise")

    setup.client.act = act
    summary = setup.run([make_point("a", concurrency=1), make_point("b", concurrency=2)])
    assert [result.status for result in summary.results] == ["failed", "done"]
    assert "KeyError" in summary.results[0].failure.message


def test_an_experiment_that_takes_too_long_is_cancelled_and_classed_as_timeout(setup):
    setup.client.act = wait_cancelled
    began = time.monotonic()
    summary = setup.run([make_point("a", optimization={"timeout_s": 0.1})])
    assert summary.results[0].failure.kind == "timeout"
    assert time.monotonic() - began < 10
    assert setup.servers.running == {}


def test_points_that_need_more_memory_than_one_that_ran_out_of_it_are_pruned(setup):
    setup.servers.failures["server-8k"] = [OOM]
    points = [
        make_point("8k", misc={"context_length": 8192}),
        make_point("16k", misc={"context_length": 16384}),
        make_point("4k", misc={"context_length": 4096}),
    ]
    summary = setup.run(points)
    assert [result.status for result in summary.results] == ["failed", "pruned", "done"]
    assert points[0].id in summary.results[1].failure.message
    assert "server-16k" not in setup.servers.started


def test_points_that_the_checks_refuse_are_stored_as_pruned_with_the_reason(setup):
    bad = replace(make_point("b"), diagnostics=(diagnostic("AT012", "tp=3 does not divide 32 heads"),))
    summary = setup.run([make_point("a"), bad])
    assert summary.results[1].status == "pruned"
    assert "AT012: tp=3" in summary.results[1].failure.message
    assert summary.exit_code == 0
    with pytest.raises(InputError, match="AT023"):
        setup.run([bad])


def test_finished_points_are_not_run_again_and_a_finished_run_is_not_gone_on_with(setup):
    points = [make_point("a"), make_point("b"), make_point("c")]
    stop = Stop()
    setup.listener = Listener(lambda event: stop.ask() if isinstance(event, PointFinished) else None)
    first = setup.run(points, stop=stop)
    assert (first.waiting, first.exit_code) == (2, 130)
    assert setup.statuses() == {points[0].id: "done"}

    setup.listener = Listener()
    setup.servers.started.clear()
    second = setup.run(points)
    assert second.run_id == first.run_id
    assert setup.servers.started == ["server-b", "server-c"]
    assert setup.listener.of(RunOpened)[0].resumed
    assert second.waiting == 0

    third = setup.run(points)
    assert third.run_id != second.run_id
    assert setup.servers.started.count("server-a") == 1


def test_going_on_runs_points_again_that_were_in_work_or_failed_for_the_machines_sake(setup):
    points = [make_point(name) for name in "abcd"]
    stop = Stop()
    setup.servers.failures = {
        "server-a": [Failure("killed", "SIGKILL")] * 2,
        "server-b": [Failure("start_crash", "bad")],
    }
    setup.listener = Listener(lambda event: stop.ask() if isinstance(event, ServerReady) else None)
    setup.run(points, stop=stop)
    left = setup.store.results()[0]
    setup.store.save(replace(left, point_id=points[3].id, status="running", failure=None))
    assert setup.statuses() == {points[0].id: "failed", points[1].id: "failed", points[3].id: "running"}

    setup.listener = Listener()
    setup.servers.started.clear()
    summary = setup.run(points)
    assert setup.servers.started == ["server-a", "server-c", "server-d"]
    assert [result.status for result in summary.results] == ["done", "failed", "done", "done"]


def test_a_named_run_is_gone_on_with_only_for_the_same_points(setup):
    summary = setup.run([make_point("a")], inputs=RunInputs(("model=tiny",), cwd="/here"))
    again = setup.run([make_point("a")], run_id=summary.run_id)
    assert again.run_id == summary.run_id
    assert setup.servers.started == ["server-a"]
    assert setup.store.find_run(summary.run_id).inputs.overrides == ("model=tiny",)
    with pytest.raises(InputError, match="AT031"):
        setup.run([make_point("b")], run_id=summary.run_id)


def test_a_run_that_another_holds_is_an_error(setup):
    points = [make_point("a")]
    with (
        open_run(setup.store, [points[0].id], "local", RunInputs(), data_dir=setup.folder, clock=setup.clock) as held,
        pytest.raises(InputError, match=f"AT032.*{held.run_id}"),
    ):
        setup.run(points)
    assert setup.run(points).run_id == held.run_id


def test_experiments_that_fit_run_side_by_side_on_gpus_of_their_own(setup):
    together = threading.Barrier(2, timeout=10)
    setup.client.act = lambda job: None if together.wait() >= 0 else []
    points = [make_point("a", gpus=4), make_point("b", gpus=4)]
    seen = {}
    setup.listener = Listener(
        lambda event: seen.update(setup.servers.running) if isinstance(event, ServerReady) else None
    )
    summary = setup.run(points, probes=Probes(lambda name: name, lambda: ("h100_sxm",) * 8))
    assert summary.count("done") == 2
    assert sorted(seen["server-a"] + seen["server-b"]) == list("01234567")


@pytest.mark.slow
def test_in_a_mixture_of_sizes_no_two_servers_ever_hold_one_gpu(setup):
    sizes = [1, 2, 4, 8, 1, 1, 2, 4, 1, 2, 1, 8, 4, 2, 1, 1]
    points = [make_point(f"{number}", gpus=gpus) for number, gpus in enumerate(sizes)]
    most = []

    def look(job):
        with setup.servers.lock:
            held = [device for devices in setup.servers.running.values() for device in devices]
        most.append(len(held))
        assert len(held) == len(set(held))

    setup.client.act = look
    summary = setup.run(points, probes=Probes(lambda name: name, lambda: ("h100_sxm",) * 8))
    assert summary.count("done") == len(sizes)
    assert max(most) == 8


def test_two_servers_without_a_gpu_at_once_have_cores_of_their_own(setup):
    together = threading.Barrier(2, timeout=10)
    seen = {}

    def act(job):
        seen.update(setup.servers.cpus)
        together.wait()

    setup.client.act = act
    cpus = Cpus(((0, 4), (1, 5), (2, 6), (3, 7)), {})
    points = [make_point(name, vendor="cpu", optimization={"max_parallel": 2}) for name in "ab"]
    summary = setup.run(points, probes=Probes(lambda name: name, tuple, cpus=lambda: cpus))
    assert summary.count("done") == 2
    assert sorted(seen.values()) == [(0, 1, 4, 5), (2, 3, 6, 7)]


def test_a_doubt_about_the_slots_is_noted_and_stands_beside_what_is_missing(setup):
    points = [make_point("a", vendor="cpu", optimization={"max_parallel": 2})]
    probes = Probes(lambda name: name, tuple, cpus=lambda: Cpus(((0,),), {}))
    setup.run(points, probes=probes)
    assert [event.diagnostic.code for event in setup.listener.of(Noted)] == ["AT124"]
    setup.client.preflight = lambda benchmark: [diagnostic("AT030", "genai-bench is not installed")]
    with pytest.raises(InputError) as caught:
        setup.run(points, probes=probes)
    assert sorted(item.code for item in caught.value.diagnostics) == ["AT030", "AT124"]


def test_max_parallel_and_the_gpus_there_are_bound_what_runs_at_once(setup):
    setup.servers.slow_start_s = 0.05
    probes = Probes(lambda name: name, lambda: ("h100_sxm",) * 8)
    summary = setup.run([make_point(name, gpus=4) for name in "abc"], probes=probes)
    assert summary.count("done") == 3
    assert setup.servers.capacity_seen == 2
    setup.servers.capacity_seen = 0
    setup.run([make_point(name, gpus=1, optimization={"max_parallel": 1}) for name in "abc"], probes=probes)
    assert setup.servers.capacity_seen == 1
    with pytest.raises(InputError, match="AT015"):
        setup.run([make_point("a", gpus=16)], probes=probes)


def test_emulated_results_are_marked_and_stretched_to_emulated_time(setup):
    setup.servers.kind, setup.servers.speed = "emulated", 10.0
    (result,) = setup.run([make_point("a", executor={"name": "emulated"})]).results
    assert result.kind == "emulated"
    assert result.measurements[0].kind == "emulated"
    assert result.measurements[0].tpot_ms["mean"] == pytest.approx(20.0)
    assert result.measurements[0].output_tokens_per_s == pytest.approx(10.0)


def test_what_is_missing_is_said_before_anything_starts(setup):
    setup.client.preflight = lambda benchmark: [diagnostic("AT030", "genai-bench is not installed")]
    with pytest.raises(InputError, match="AT030"):
        setup.run([make_point("a")])
    assert setup.servers.started == []
    assert setup.store.runs() == []


def test_two_executors_in_one_run_and_one_that_is_not_there_are_errors(setup, monkeypatch):
    with pytest.raises(InputError, match="AT027"):
        setup.run([make_point("a"), make_point("b", executor={"name": "emulated"})])
    monkeypatch.delitem(EXECUTORS, "docker")
    with pytest.raises(InputError, match=r"AT030.*docker") as caught:
        run_points(
            [make_point("a", executor={"name": "docker"})], store=setup.store, data_dir=setup.folder, probes=NO_GPU
        )
    assert ", ".join([*EXECUTORS, "auto"]) in caught.value.diagnostics[0].help


def test_ctrl_c_ends_the_measurement_and_the_server_and_keeps_the_rest_for_later(setup):
    def act(job):
        os.kill(os.getpid(), signal.SIGINT)
        wait_cancelled(job)

    setup.client.act = act
    before = signal.getsignal(signal.SIGINT)
    summary = setup.run([make_point("a"), make_point("b")])
    assert (summary.exit_code, summary.waiting) == (130, 2)
    assert setup.servers.running == {}
    assert setup.store.results() == []
    assert not setup.store.find_run().finished
    assert [event.by for event in setup.listener.of(Stopping)] == ["SIGINT"]
    assert setup.listener.of(RunClosed)[0].interrupted
    assert signal.getsignal(signal.SIGINT) is before


def test_sigterm_while_a_server_starts_is_heeded_too(setup):
    setup.servers.slow_start_s = 30
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
    began = time.monotonic()
    summary = setup.run([make_point("a")])
    assert summary.exit_code == 143
    assert setup.servers.running == {}
    assert time.monotonic() - began < 5


def test_an_error_of_the_store_ends_the_run_and_every_server(setup):
    setup.store.save = lambda result, raw=(): (
        (_ for _ in ()).throw(InputError(diagnostic("AT031", "disk full"))) if result.status == "done" else None
    )
    with pytest.raises(InputError, match="disk full"):
        setup.run([make_point("a"), make_point("b")])
    assert setup.servers.running == {}


def test_secrets_of_the_environment_are_not_stored(setup):
    point = make_point("a", executor={"name": "local", "env": {"HF_TOKEN": "hf_verysecret", "OMP_NUM_THREADS": "2"}})
    point = replace(point, overrides=(*point.overrides, "executor.env.HF_TOKEN=hf_verysecret"))
    (result,) = setup.run([point]).results
    assert "verysecret" not in str(setup.store.results())
    assert result.config["executor"]["env"]["OMP_NUM_THREADS"] == "2"


def test_a_result_keeps_what_was_predicted_what_served_it_and_what_the_client_wrote(setup):
    def write(job):
        (job.folder / "results").mkdir(parents=True)
        (job.folder / "results" / "raw.json").write_bytes(b'{"ttft": 1}')

    setup.client.act = write
    point = replace(
        make_point("a", runtime={"isl": 1000, "osl": 200}, misc={"context_length": 16384}), facts=facts_for()
    )
    summary = setup.run([point], inputs=RunInputs(cwd=str(setup.folder)))
    (stored,) = setup.store.results()
    assert [item.measurement.load for item in stored.predictions] == [item.load for item in stored.measurements]
    assert stored.environment["engine"] == "vllm"
    assert setup.store.find_run().environment["python"]
    (file,) = setup.store.raw(summary.run_id, point.id)
    assert (file.name, file.content) == ("results/raw.json", b'{"ttft": 1}')
