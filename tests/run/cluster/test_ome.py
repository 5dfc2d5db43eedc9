"""OME: its own resources serve, and its BenchmarkJob measures; what that says of itself counts for nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

import autotune
from autotune.bench import BenchError, Load
from autotune.run import run_points
from autotune.run.cluster import benchmark_job
from autotune.run.cluster.records import sweep_records
from autotune.run.cluster.server import ClusterServer
from autotune.run.executor import ExperimentFailed, Place
from autotune.schema import Benchmark
from autotune.store import Store
from tests.bench.test_genai_bench import DATA
from tests.emit.crds import needs_crds
from tests.run.cluster.fake_cluster import FakeCluster, Plan, unschedulable, waiting
from tests.run.cluster.test_in_cluster import bench_job
from tests.run.cluster.test_server import SERVER, serve
from tests.run.cluster.waits import eventually
from tests.run.points import NO_GPU

pytestmark = needs_crds

SAMPLE = json.loads((DATA / "D100_100_text-to-text_num_concurrency_4_time_1s.json").read_text())
LOADS = (Load("D(100,100)", 1), Load("D(100,100)", 4))
RESULTS = {"results_uri": "pvc://results/autotune", "max_requests": 50}


def genai_bench(code=0, failed=(), missing=()):
    """What genai-bench leaves in the claim, as OME runs it: an ordinary result for each concurrency but those that failed."""

    def run(document, folder):
        spec = document["spec"]
        place = folder / spec["resultFolderName"]
        place.mkdir(parents=True)
        (place / "experiment_metadata.json").write_text('{"metrics_time_unit": "s"}')
        for scenario in spec["trafficScenarios"]:
            for number in spec["numConcurrency"]:
                data = json.loads(json.dumps(SAMPLE))
                data["aggregated_metrics"].update(num_concurrency=number, scenario=scenario)
                if number in missing:
                    continue
                name = f"D_text-to-text_num_concurrency_{number}_time_3s.json"
                if number in failed:
                    data["aggregated_metrics"].update(num_completed_requests=0, error_codes_frequency={"404": 50})
                    name = f"debug_for_run_D_{number}.json"
                (place / name).write_text(json.dumps(data))
        return code, "genai-bench says this\n"

    return run


def ome(upstream, **benchmark):
    """A cluster on which OME works."""

    def plan(document):
        if document["kind"] == "Job":
            return Plan(runs=True)
        if document["kind"] == "BenchmarkJob":
            return Plan(waiting("ContainerCreating"), benchmark=genai_bench(**benchmark))
        return Plan(upstream=upstream)

    return plan


@pytest.fixture(scope="module")
def server():
    (point,) = autotune.compile(
        ["model.served_name=tiny", "executor=ome", "benchmark.results_uri=pvc://results/autotune"]
    )
    return point.deployment


@pytest.fixture
def begin(start, tmp_path):
    def begin(plan, **settings):
        cluster, executor, place = start(plan, name="ome", reach="in_cluster", **settings)
        cluster.claims["results"] = str(tmp_path / "claim")
        (tmp_path / "claim" / "autotune").mkdir(parents=True)
        return cluster, executor, place

    return begin


def measure(executor, place, server, *loads, **options):
    endpoint = serve(executor, server, place, asked=False)
    client = executor.client("genai_bench")
    job = bench_job(endpoint, place.folder / "bench", *(loads or LOADS), **({"image": None} | RESULTS | options))
    assert client.preflight(job.benchmark) == []
    return client.measure(job)


def test_ome_serves_through_its_own_resources(start, upstream):
    cluster, executor, place = start(Plan(upstream=upstream), name="ome")
    endpoint = serve(executor, replace(SERVER, files={}), place)
    assert httpx.get(f"{endpoint.base_url}/health", trust_env=False).status_code == 200
    kinds = {kind for kind, _ in cluster.objects()}
    assert {"ClusterServingRuntime", "InferenceService"} <= kinds
    assert "ClusterBaseModel" not in kinds
    executor.remove()
    assert cluster.objects() == []


def test_its_benchmark_job_measures_and_the_results_come_back(begin, upstream, server):
    cluster, executor, place = begin(ome(upstream))
    found = measure(executor, place, server)
    assert [item.load for item in found] == list(LOADS)
    assert found[0].completed == SAMPLE["aggregated_metrics"]["num_completed_requests"]
    (job,) = [item for item in cluster.applied() if item["kind"] == "BenchmarkJob"]
    assert job["spec"]["numConcurrency"] == [1, 4]
    assert job["spec"]["endpoint"]["inferenceService"]["name"] == server.name
    assert job["metadata"]["ownerReferences"]
    assert not [kind for kind, _ in cluster.objects() if kind in ("Job", "BenchmarkJob")]
    assert "genai-bench says this" in (place.folder / "bench" / "run0" / "genai-bench.log").read_text()
    executor.remove()
    assert [kind for kind, _ in cluster.objects()] == ["ClusterBaseModel"]
    assert sweep_records(place.records) == 1
    assert cluster.objects() == []


@pytest.mark.slow
def test_the_reader_runs_on_the_jobs_node_from_the_jobs_image(begin, upstream, server):
    cluster, executor, place = begin(ome(upstream))
    measure(executor, place, server)
    (reader,) = [item for item in cluster.applied() if item["kind"] == "Job"]
    spec = reader["spec"]["template"]["spec"]
    assert spec["containers"][0]["image"] == "ome/genai-bench:1"
    assert "node-2" in json.dumps(spec["affinity"])
    assert spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": "results", "readOnly": True}


@pytest.mark.slow
def test_an_image_for_the_client_is_named_to_ome(begin, upstream, server):
    cluster, executor, place = begin(ome(upstream))
    measure(executor, place, server, image="registry.example/genai-bench:0.0.5")
    (job,) = [item for item in cluster.applied() if item["kind"] == "BenchmarkJob"]
    assert job["spec"]["podOverride"] == {"image": "registry.example/genai-bench:0.0.5"}


@pytest.mark.slow
def test_repeats_are_jobs_of_their_own_with_folders_of_their_own(begin, upstream, server):
    cluster, executor, place = begin(ome(upstream))
    found = measure(executor, place, server, *LOADS, *LOADS)
    assert [item.load for item in found] == [*LOADS, *LOADS]
    jobs = [item for item in cluster.applied() if item["kind"] == "BenchmarkJob"]
    assert len({item["spec"]["resultFolderName"] for item in jobs}) == 2


def test_a_completed_job_whose_requests_failed_is_a_failed_trial(begin, upstream, server):
    _, executor, place = begin(ome(upstream, failed=(4,)))
    with pytest.raises(BenchError, match=r"Completed: .*no request completed: 50 x status 404") as caught:
        measure(executor, place, server)
    assert "model.aliases" in caught.value.message
    assert [item.load for item in caught.value.measurements] == [LOADS[0]]


def test_a_failed_job_whose_results_are_there_is_a_measurement(begin, upstream, server):
    _, executor, place = begin(ome(upstream, code=1))
    assert [item.load for item in measure(executor, place, server)] == list(LOADS)


@pytest.mark.slow
def test_a_failed_job_without_results_says_so(begin, upstream, server):
    _, executor, place = begin(ome(upstream, code=1, missing=(1, 4)))
    with pytest.raises(BenchError, match="Failed: BackoffLimitExceeded: it left no result") as caught:
        measure(executor, place, server)
    assert "genai-bench says this" in caught.value.log_tail


def test_a_job_that_finds_no_node_is_classed(begin, upstream, server):
    def plan(document):
        lost = Plan(unschedulable("0/4 nodes match nvidia.com/gpu=true"))
        return lost if document["kind"] == "BenchmarkJob" else Plan(upstream=upstream)

    cluster, executor, place = begin(plan)
    with pytest.raises(ExperimentFailed) as caught:
        measure(executor, place, server)
    assert caught.value.failure.kind == "unschedulable"
    assert not [kind for kind, _ in cluster.objects() if kind == "BenchmarkJob"]


def test_a_job_that_ome_never_starts_is_not_waited_for_for_ever(begin, upstream, server, monkeypatch):
    monkeypatch.setattr(benchmark_job, "_PENDING_S", 0.2)
    _, executor, place = begin(lambda document: Plan(upstream=upstream, pods=document["kind"] != "BenchmarkJob"))
    with pytest.raises(ExperimentFailed, match="OME did not start the BenchmarkJob"):
        measure(executor, place, server)


@pytest.mark.slow
def test_a_model_on_its_way_to_a_node_is_waited_for_and_its_download_may_fail(begin, upstream, server):
    states = {"now": Plan(unschedulable("no node has the model"))}
    cluster, executor, place = begin(lambda _: states["now"], schedule_timeout_s=0.1)
    cluster.model_state = "In_Transit"
    endpoint = executor.deploy(server, place)
    with pytest.raises(ExperimentFailed) as caught:
        executor.ready(endpoint, 1.0, lambda: False)
    assert "OME says In_Transit" in caught.value.failure.message
    name = next(name for kind, name in cluster.objects() if kind == "ClusterBaseModel")
    cluster.change("ClusterBaseModel", name, status={"state": "Ready"})
    cluster.set_plan(server.name, Plan(upstream=upstream))
    executor.ready(endpoint, 20, lambda: False)
    cluster.change("ClusterBaseModel", name, status={"state": "Failed", "nodesFailed": ["node-1"]})
    failure = eventually(executor.failure)
    assert "could not bring the model to a node: Failed node-1" in failure.message


def test_a_model_that_somebody_made_is_used_and_stays(begin, upstream, server):
    cluster, executor, place = begin(ome(upstream))
    (document,) = executor._shape.shared(server)
    executor._cluster().apply(document)
    serve(executor, server, place)
    executor.remove()
    assert sweep_records(place.records) == 0
    assert [kind for kind, _ in cluster.objects()] == ["ClusterBaseModel"]


def test_a_model_that_another_run_uses_too_stays_until_that_ends(begin, upstream, server, tmp_path):
    cluster, executor, place = begin(ome(upstream))
    other = ClusterServer(executor._settings)
    (tmp_path / "runs" / "other" / "points").mkdir(parents=True)
    elsewhere = Place(tmp_path / "runs" / "other" / "points", tmp_path / "runs" / "other" / "servers")
    executor.deploy(server, place)
    other.deploy(replace(server, name=f"{server.name}-b", labels={}), elsewhere)
    for one in (executor, other):
        one.remove(at_once=True)
    assert sweep_records(place.records) == 1
    assert [kind for kind, _ in cluster.objects()] == ["ClusterBaseModel"]
    assert sweep_records(elsewhere.records) == 1
    assert cluster.objects() == []


def test_results_elsewhere_than_on_a_claim_are_refused_before_anything_starts(begin):
    _, executor, _ = begin(Plan())
    (problem,) = executor.client("genai_bench").preflight(Benchmark(results_uri="s3://bucket/x"))
    assert (problem.code, problem.path) == ("AT047", "benchmark.results_uri")


def test_the_rights_of_benchmark_jobs_are_asked_for(begin, server):
    cluster, executor, _ = begin(Plan())
    cluster.forbidden = {("create", "benchmarkjobs"), ("list", "clusterbasemodels")}
    (refused,) = executor.preflight(server)
    assert "create benchmarkjobs.ome.io in default" in refused.message
    assert "list clusterbasemodels.ome.io" in refused.message


def test_a_sweep_is_measured_by_benchmark_jobs_and_leaves_nothing(tmp_path, upstream):
    with FakeCluster(ome(upstream, failed=(4,)), ome=True) as cluster, Store(tmp_path / "results.db") as store:
        cluster.claims["results"] = str(tmp_path / "claim")
        (tmp_path / "claim" / "autotune").mkdir(parents=True)
        config = cluster.write_kubeconfig(tmp_path / "kubeconfig")
        points = autotune.compile([
            "benchmark.num_concurrency=1,4", "benchmark.traffic_scenarios=['D(100,100)']", "model.served_name=tiny",
            "benchmark.results_uri=pvc://results/autotune", "executor=ome", f"executor.kubeconfig={config}",
            "executor.reach=in_cluster",
        ])  # fmt: skip
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU)
        assert cluster.objects() == []
    assert [result.status for result in summary.results] == ["done", "failed"]
    assert "no request completed" in summary.results[1].failure.message
