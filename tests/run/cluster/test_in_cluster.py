"""Load clients that run in pods beside the server: the commands are run for real by the stand-in for a kubelet."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

import autotune
from autotune.bench import BenchCancelled, BenchError, BenchJob, Endpoint, Load
from autotune.diagnostics import InputError
from autotune.engines.deployment import SecretRef, Volume
from autotune.run import run_points
from autotune.run.cluster import load_job
from autotune.run.executor import ExperimentFailed
from autotune.schema import Benchmark
from autotune.store import Store
from tests.bench.test_file_fed import COMMANDS, DATA, STAND_IN
from tests.bench.test_genai_bench import DATA as GENAI_DATA
from tests.bench.test_genai_bench import STAND_IN as GENAI_STAND_IN
from tests.run.cluster.fake_cluster import FakeCluster, Plan, unschedulable, waiting
from tests.run.cluster.test_server import SERVER, serve
from tests.run.cluster.waits import eventually
from tests.run.points import NO_GPU

IMAGE = "registry.example/clients:1"
LOAD = Load("D(30,5)", 4)


@pytest.fixture
def image(tmp_path):
    """`image(tool, mode)`: a folder that stands for what an image has on its PATH."""

    def make(tool, mode="works"):
        folder = tmp_path / f"image-{tool}-{mode}"
        folder.mkdir()
        if tool == "genai_bench":
            text = GENAI_STAND_IN.format(python=sys.executable, sample=str(GENAI_DATA / "D100_100_text-to-text_num_concurrency_4_time_1s.json"))  # fmt: skip
            command = folder / "genai-bench"
        else:
            text = STAND_IN.format(python=sys.executable, tool=tool, mode=mode, data=str(DATA))
            command = folder / COMMANDS[tool]
        command.write_text(text)
        command.chmod(0o755)
        return str(folder)

    return make


def jobs_run(upstream, job_plan=None):
    """Servers that serve, Jobs that run."""
    return lambda document: (job_plan or Plan(runs=True)) if document["kind"] == "Job" else Plan(upstream=upstream)


def bench_job(endpoint, folder, *loads, cancelled=lambda: False, **options):
    settings = Benchmark(**({"max_requests": 6, "image": IMAGE} | options))
    folder.mkdir(parents=True, exist_ok=True)
    seen = replace(endpoint, tokenizer=options.get("tokenizer", "org/tokenizer"))
    return BenchJob(seen, settings, loads or (LOAD,), folder, 1, {"HF_TOKEN": "hush"}, cancelled)


def measure(executor, place, tool, *loads, deployment=SERVER, **options):
    endpoint = serve(executor, deployment, place, asked=False)
    client = executor.client(tool)
    job = bench_job(endpoint, place.folder / "bench", *loads, tool=tool, **options)
    assert client.preflight(job.benchmark) == []
    return client.measure(job)


def left(cluster):
    """What is there beside the server's own."""
    return [item for item in cluster.objects() if item[0] in ("Job", "ConfigMap") and "-run" not in item[1] and "-files" not in item[1]]  # fmt: skip


def job_of(cluster):
    return next(item for item in cluster.applied() if item["kind"] == "Job")


@pytest.mark.parametrize(
    "tool",
    [
        pytest.param("guidellm", marks=pytest.mark.slow),
        "vllm_bench",
        pytest.param("aiperf", marks=pytest.mark.slow),
        "genai_bench",
    ],
)
def test_a_client_runs_in_a_pod_and_its_results_come_back(start, upstream, image, tool):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image(tool)
    load = Load("D(100,100)", 4) if tool == "genai_bench" else LOAD
    (found,) = measure(executor, place, tool, load)
    assert (found.load, found.completed > 0, found.failed) == (load, True, 0)
    assert left(cluster) == []
    executor.remove()
    assert cluster.objects() == []
    assert not any(place.records.iterdir())


def test_it_is_told_the_servers_address_in_the_cluster_and_nothing_of_this_machine(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("aiperf")
    server = replace(SERVER, secrets=(SecretRef("HF_TOKEN", "hub", "token"),))
    measure(executor, place, "aiperf", deployment=server)
    seen = json.loads((place.folder / "bench" / "run0" / "seen.json").read_text())
    assert seen["argv"][seen["argv"].index("--url") + 1] == f"http://{SERVER.name}.default.svc:{SERVER.port}"
    applied = json.dumps(cluster.applied())
    assert "hush" not in applied
    assert str(place.folder) not in applied
    assert seen["env"]["HF_TOKEN"] == "a secret"
    assert "OPENAI_API_KEY" not in seen["env"]


def test_the_job_is_the_runs_kept_apart_from_the_server_and_no_target_of_its_service(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("aiperf")
    measure(executor, place, "aiperf")
    job = job_of(cluster)
    owner = next(item for item in cluster.applied() if item["metadata"]["name"] == f"{SERVER.name}-run")
    assert job["metadata"]["labels"]["autotune/run"] == owner["metadata"]["labels"]["autotune/run"]
    assert [item["name"] for item in job["metadata"]["ownerReferences"]] == [owner["metadata"]["name"]]
    service = next(item for item in cluster.applied() if item["kind"] == "Service")["spec"]["selector"]
    pod = job["spec"]["template"]
    assert not service.items() <= pod["metadata"]["labels"].items()
    (term,) = pod["spec"]["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["labelSelector"]["matchLabels"] == service
    assert pod["spec"]["tolerations"][0]["key"] == SERVER.gpu_resource
    assert (job["spec"]["backoffLimit"], pod["spec"]["restartPolicy"]) == (0, "Never")


def test_a_tokenizer_in_the_servers_volume_is_mounted_at_the_client_too(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("aiperf")
    cluster.claims["weights"] = str(place.folder)
    volumes = (Volume("model", "/models", pvc="weights"), Volume("other", "/data", pvc="data"))
    server = replace(SERVER, volumes=volumes, model="/models/tiny")
    endpoint = serve(executor, server, place, asked=False)
    job = bench_job(endpoint, place.folder / "bench", tool="aiperf")
    executor.client("aiperf").measure(replace(job, endpoint=replace(endpoint, tokenizer="/models/tiny")))
    spec = job_of(cluster)["spec"]["template"]["spec"]
    assert {"name": "model", "persistentVolumeClaim": {"claimName": "weights"}} in spec["volumes"]
    mounts = {mount["mountPath"]: mount for mount in spec["containers"][0]["volumeMounts"]}
    assert mounts["/models"]["readOnly"]
    assert "/data" not in mounts


def test_files_larger_than_a_config_map_travel_in_several(start, upstream, image, monkeypatch):
    monkeypatch.setattr("autotune.run.cluster.parcel.PIECE_BYTES", 500)
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("vllm_bench")
    (found,) = measure(executor, place, "vllm_bench", Load("D(300,5)", 2))
    assert found.completed
    assert len([item for item in cluster.applied() if "binaryData" in item]) > 2
    assert left(cluster) == []


def test_a_log_that_breaks_off_while_it_is_followed_is_read_again(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("vllm_bench")
    cluster.breaks_logs = True
    (found,) = measure(executor, place, "vllm_bench")
    assert found.completed


@pytest.mark.parametrize(
    ("plan", "kind", "says"),
    [
        (Plan(waiting("InvalidImageName", "couldn't parse image")), "image", "the load client: InvalidImageName"),
        (Plan(unschedulable("0/4 nodes: Insufficient cpu")), "unschedulable", "the load client: no node takes the pod"),
        (Plan({"phase": "Failed", "reason": "Evicted", "message": "disk"}), "infrastructure", "was evicted"),
    ],
)  # fmt: skip
def test_what_keeps_the_clients_pod_from_running_has_its_class(start, upstream, plan, kind, says):
    cluster, executor, place = start(jobs_run(upstream, plan), reach="in_cluster")
    with pytest.raises(ExperimentFailed) as caught:
        measure(executor, place, "vllm_bench")
    assert caught.value.failure.kind == kind
    assert says in caught.value.failure.message
    assert left(cluster) == []
    assert executor.failure() is None  # the server is well


def test_memory_that_the_client_ran_out_of_is_not_the_servers(start, upstream):
    dead = {"phase": "Failed", "containerStatuses": [{"restartCount": 0, "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}  # fmt: skip
    cluster, executor, place = start(jobs_run(upstream, Plan(dead, log="loading\n")), reach="in_cluster")
    with pytest.raises(BenchError, match="killed for its memory") as caught:
        measure(executor, place, "vllm_bench")
    assert "loading" in caught.value.log_tail
    assert left(cluster) == []


def test_an_image_without_python_is_said(start, upstream):
    reason = {"exitCode": 128, "reason": "StartError", "message": 'exec: "python3": executable file not found in $PATH'}
    dead = {"phase": "Failed", "containerStatuses": [{"restartCount": 0, "state": {"terminated": reason}}]}
    _, executor, place = start(jobs_run(upstream, Plan(dead)), reach="in_cluster")
    with pytest.raises(BenchError, match="python3"):
        measure(executor, place, "vllm_bench")


@pytest.mark.slow
def test_an_image_without_the_command_is_said(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("guidellm")
    with pytest.raises(BenchError, match="ended with status 127 and left no result") as caught:
        measure(executor, place, "vllm_bench")
    assert "this image has no command vllm" in caught.value.log_tail


@pytest.mark.slow
def test_a_client_that_leaves_nothing_is_an_error_with_what_it_said(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("vllm_bench", "nothing")
    with pytest.raises(BenchError, match="left no result") as caught:
        measure(executor, place, "vllm_bench")
    assert "no such tokenizer" in caught.value.log_tail


def test_requests_that_all_failed_fail_the_load_whatever_the_status(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("vllm_bench", "all-failed")
    with pytest.raises(BenchError, match="no request completed"):
        measure(executor, place, "vllm_bench")


def test_a_client_that_is_cancelled_is_ended_and_its_job_deleted(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("vllm_bench", "hang")
    hangs = lambda: any(bytes(log) == b"" for log in cluster.kubelet.logs.values()) and bool(cluster.kubelet._processes)  # noqa: E731
    with pytest.raises(BenchCancelled):
        measure(executor, place, "vllm_bench", cancelled=hangs)
    assert left(cluster) == []
    assert eventually(lambda: all(process.poll() is not None for process in cluster.kubelet._processes.values()))


def test_a_pod_that_someone_deletes_is_the_clusters_fault(start, upstream, image):
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster")
    cluster.images[IMAGE] = image("vllm_bench", "hang")

    def delete():
        if cluster.kubelet._processes:
            for name in [name for name in cluster.kubelet.logs if name in cluster.pods]:
                cluster.drop_pods(name)
        return False

    with pytest.raises(ExperimentFailed) as caught:
        measure(executor, place, "vllm_bench", cancelled=delete)
    assert caught.value.failure.kind == "infrastructure"
    assert "someone or something deleted it" in caught.value.failure.message


def test_the_rights_of_a_job_are_asked_for(start):
    cluster, executor, _ = start(Plan(), reach="in_cluster")
    cluster.forbidden = {("create", "jobs"), ("watch", "pods")}
    refused, told = executor.preflight(SERVER)
    assert (refused.code, "create jobs.batch in default" in refused.message) == ("AT052", True)
    assert (told.code, told.severity, "watch pods in default" in told.message) == ("AT216", "note", True)


def test_the_built_in_client_does_not_run_there(start, tmp_path):
    _, executor, _ = start(Plan(), reach="in_cluster")
    (problem,) = executor.client("quick").preflight(Benchmark(tool="quick"))
    assert problem.code == "AT047"
    with pytest.raises(InputError):
        executor.client("quick").measure(bench_job(Endpoint("http://a", "a", "a", "vllm"), tmp_path))


def test_a_point_is_measured_in_the_cluster_from_end_to_end(tmp_path, upstream, image):
    with FakeCluster(jobs_run(upstream)) as cluster, Store(tmp_path / "results.db") as store:
        cluster.images[IMAGE] = image("vllm_bench")
        config = cluster.write_kubeconfig(tmp_path / "kubeconfig")
        points = autotune.compile([
            "benchmark.tool=vllm_bench", f"benchmark.image={IMAGE}", "benchmark.max_requests=8", "benchmark.num_concurrency=1,4",
            "benchmark.traffic_scenarios=['D(64,8)']", "model.served_name=tiny", "executor=kubernetes",
            f"executor.kubeconfig={config}", "executor.reach=in_cluster",
        ])  # fmt: skip
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU)
        assert cluster.objects() == []
    assert [result.status for result in summary.results] == ["done", "done"], summary.results[0].failure
    assert {item["metadata"]["name"] for item in cluster.applied() if item["kind"] == "Job"} == {
        item["metadata"]["labels"][load_job.JOB_LABEL] for item in cluster.applied() if item["kind"] == "Job"
    }


@pytest.mark.slow
def test_a_client_without_its_image_fails_the_point_and_leaves_nothing(tmp_path, upstream):
    plan = jobs_run(upstream, Plan(waiting("ErrImageNeverPull", "not present")))
    with FakeCluster(plan) as cluster, Store(tmp_path / "results.db") as store:
        config = cluster.write_kubeconfig(tmp_path / "kubeconfig")
        points = autotune.compile([
            "benchmark.tool=vllm_bench", f"benchmark.image={IMAGE}", "benchmark.max_requests=8", "model.served_name=tiny",
            "executor=kubernetes", f"executor.kubeconfig={config}", "executor.reach=in_cluster",
        ])  # fmt: skip
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU)
        assert cluster.objects() == []
    (result,) = summary.results
    assert (result.failure.kind, result.failure.phase) == ("image", "benchmark")
    assert "the load client" in result.failure.message
    assert "benchmark.image" in result.failure.remedy
