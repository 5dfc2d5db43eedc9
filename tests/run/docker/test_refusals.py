import pytest

from autotune.run.docker.address import EngineError
from autotune.run.docker.engine import ContainerState, split_image
from autotune.run.docker.images import PullProgress
from autotune.run.docker.refusals import end_failure, engine_failure, image_failure


@pytest.mark.parametrize(
    ("said", "kind", "remedy"),
    [
        ("pull access denied for vllm/vlm, repository does not exist or may require 'docker login': denied", "image", "docker login"),
        ("manifest for vllm/vllm-openai:v9 not found: manifest unknown: manifest unknown", "image", "no such image or tag"),
        ("no matching manifest for linux/arm64/v8 in the manifest list entries", "image", "architecture"),
        ("unauthorized: authentication required", "image", "docker login"),
        ("toomanyrequests: You have reached your pull rate limit.", "infrastructure", "docker login"),
        ('Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host', "infrastructure", "network and proxy"),
        ("failed to register layer: write /usr/lib/x: no space left on device", "infrastructure", "docker system df"),
        ("something never heard of", "image", "docker pull"),
    ],
)  # fmt: skip
def test_an_image_that_cannot_be_had_has_a_class_and_a_remedy(said, kind, remedy):
    failure = image_failure("vllm/vllm-openai:v9", said)
    assert failure.kind == kind
    assert remedy in failure.remedy
    assert "vllm/vllm-openai:v9" in failure.message
    assert said in failure.message


@pytest.mark.parametrize(
    ("said", "kind", "remedy"),
    [
        ('could not select device driver "" with capabilities: [[gpu]]', "infrastructure", "NVIDIA Container Toolkit"),
        ("nvidia-container-cli: initialization error: nvml error: driver not loaded", "infrastructure", "NVIDIA Container Toolkit"),
        ('invalid mount config for type "bind": bind source path does not exist: /data', "refused", "deploy.host_path"),
        ("Duplicate mount point: /models", "refused", "executor.volumes"),
        ('exec: "vllm": executable file not found in $PATH: unknown', "start_crash", "system.image"),
        ("driver failed programming external connectivity: Bind for 127.0.0.1:3 failed: port is already allocated", "infrastructure", "port"),
    ],
)  # fmt: skip
def test_a_container_that_is_not_started_has_a_class_and_a_remedy(said, kind, remedy):
    failure = engine_failure(EngineError(said, status=500), "start the container")
    assert failure.kind == kind
    assert remedy in failure.remedy
    assert said in failure.message


def state(code, *, out_of_memory=False):
    return ContainerState(running=False, exit_code=code, out_of_memory=out_of_memory, error="")


@pytest.mark.parametrize(
    ("ended", "log", "phase", "kind"),
    [
        (None, "", "benchmark", "infrastructure"),
        (state(137, out_of_memory=True), "loading\n", "start", "out_of_memory"),
        (state(137), "loading\n", "start", "killed"),
        (state(143), "loading\n", "start", "infrastructure"),
        (state(0), "INFO: Shutting down\n", "benchmark", "infrastructure"),
        (state(0), "usage: vllm serve\n", "start", "start_crash"),
        (state(1), "torch.OutOfMemoryError: CUDA out of memory.\n", "start", "out_of_memory"),
        (state(1), "RuntimeError: boom\n", "start", "start_crash"),
        (state(1), "RuntimeError: boom\n", "benchmark", "benchmark"),
        (state(143), "torch.OutOfMemoryError: CUDA out of memory.\n", "benchmark", "out_of_memory"),
    ],
)
def test_how_a_container_ended_decides_with_what_it_said(ended, log, phase, kind):
    assert end_failure(ended, log, phase).kind == kind


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("vllm/vllm-openai:v0.33.0", ("vllm/vllm-openai", "v0.33.0")),
        ("localhost:5000/vllm", ("localhost:5000/vllm", "latest")),
        ("localhost:5000/vllm:v1", ("localhost:5000/vllm", "v1")),
        ("nvcr.io/nvidia/tritonserver@sha256:ab12", ("nvcr.io/nvidia/tritonserver", "sha256:ab12")),
    ],
)
def test_an_image_is_pulled_by_one_tag(image, parts):
    assert split_image(image) == parts


def test_the_progress_of_a_pull_adds_up_its_layers():
    sums = PullProgress()
    for message in (
        {"status": "Pulling from made/image", "id": "latest"},
        {"status": "Downloading", "id": "a", "progressDetail": {"current": 10, "total": 100}},
        {"status": "Downloading", "id": "b", "progressDetail": {"current": 5, "total": 50}},
        {"status": "Download complete", "id": "a", "progressDetail": {}},
        {"status": "Extracting", "id": "a", "progressDetail": {"current": 3, "total": 100}},
        {"status": "Downloading", "id": "c", "progressDetail": {"current": 7}},
    ):
        sums.take(message)
    assert (sums.done_bytes, sums.total_bytes) == (105, 150)
