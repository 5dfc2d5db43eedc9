"""A sweep on a cluster gives the table that the same sweep gives elsewhere; the cluster is a stand-in over real HTTP."""

from __future__ import annotations

import pytest

import autotune
from autotune.run import run_points
from autotune.run.emulated_server import EmulatedServer
from autotune.store import Store
from tests.run.cluster.fake_cluster import FakeCluster, Plan, waiting
from tests.run.points import NO_GPU
from tests.run.timings import LinearTiming

SWEEP = [
    "+profile=fp8_quantized", "parallel.tp=1,2,4", "benchmark.num_concurrency=1,4", "benchmark.tool=quick",
    "benchmark.max_requests=8", "benchmark.traffic_scenarios=['D(64,8)']", "model.served_name=tiny",
]  # fmt: skip


@pytest.fixture
def upstream():
    with EmulatedServer(LinearTiming(), "tiny", 100.0) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


def table(store):
    """What the results table shows of each point, without figures and times."""
    return [
        (
            result.status,
            result.overrides[:3],
            [(item.load, item.completed > 0, item.failed) for item in result.measurements],
        )
        for result in store.results()
    ]


@pytest.mark.slow
def test_six_points_give_the_table_of_the_emulated_executor(tmp_path, upstream):
    with FakeCluster(lambda _: Plan(upstream=upstream)) as cluster:
        config = cluster.write_kubeconfig(tmp_path / "kubeconfig")
        with Store(tmp_path / "cluster.db") as store:
            points = autotune.compile(
                [*SWEEP, "executor=kubernetes", f"executor.kubeconfig={config}", "optimization.max_parallel=2"]
            )
            summary = run_points(points, store=store, data_dir=tmp_path / "cluster", probes=NO_GPU)
            measured = table(store)
        assert cluster.objects() == []
        assert len([item for item in cluster.applied() if item["kind"] == "Deployment"]) == 3
    assert (summary.exit_code, len(points)) == (0, 6)
    assert {result.kind for result in summary.results} == {"measured"}
    with Store(tmp_path / "emulated.db") as store:
        points = autotune.compile([*SWEEP, "executor=emulated", "executor.speed=100"])
        run_points(points, store=store, data_dir=tmp_path / "emulated", probes=NO_GPU)
        assert measured == table(store)


@pytest.mark.slow
def test_a_point_whose_pod_crashes_is_classed_and_the_others_go_on(tmp_path, upstream):
    broken = Plan(
        waiting("CrashLoopBackOff", restarts=1, last={"exitCode": 1, "reason": "Error"}),
        previous_log="ValueError: User-specified max_model_len (9) is greater than the derived max_model_len\n",
    )

    def plan(document):
        limits = document["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
        return broken if limits["nvidia.com/gpu"] == "2" else Plan(upstream=upstream)

    with FakeCluster(plan) as cluster, Store(tmp_path / "results.db") as store:
        config = cluster.write_kubeconfig(tmp_path / "kubeconfig")
        points = autotune.compile([*SWEEP, "executor=kubernetes", f"executor.kubeconfig={config}"])
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU)
        assert cluster.objects() == []
    assert summary.exit_code == 1
    assert [result.status for result in summary.results] == ["done", "done", "failed", "failed", "done", "done"]
    failure = summary.results[2].failure
    assert (failure.kind, "max_model_len" in failure.message) == ("start_crash", True)
