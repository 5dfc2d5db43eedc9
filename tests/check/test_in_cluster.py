"""Load clients in the cluster: what each needs is known before anything starts."""

import pytest

import autotune
from autotune.bench import CLIENTS
from autotune.check.in_cluster import CLIENT_IMAGES

INSIDE = ["executor.reach=in_cluster"]


def test_every_client_that_is_a_command_is_here():
    assert CLIENT_IMAGES.keys() == CLIENTS.keys() - {"quick"}


def problems(*overrides):
    (point,) = autotune.compile([*INSIDE, *overrides])
    return [(item.path, item.message) for item in point.diagnostics if item.code == "AT047"]


@pytest.mark.parametrize(
    ("overrides", "path", "says"),
    [
        (["executor=kubernetes"], "benchmark.image", "benchmark.tool=genai_bench"),
        (["executor=kubernetes", "benchmark.tool=vllm_bench"], "benchmark.image", "benchmark.tool=vllm_bench"),
        (["executor=kubernetes", "benchmark.tool=quick"], "benchmark.tool", "runs where autotune runs"),
        (["executor=ome"], "benchmark.results_uri", "only a claim can be read back"),
        (["executor=ome", "benchmark.results_uri=s3://b/x"], "benchmark.results_uri", "only a claim can be read back"),
        (["executor=ome", "benchmark.tool=vllm_bench"], "benchmark.image", "benchmark.tool=vllm_bench"),
    ],
)
def test_what_is_missing_is_an_error_with_its_path(overrides, path, says):
    [(found, message)] = problems(*overrides)
    assert found == path
    assert says in message


@pytest.mark.parametrize(
    "overrides",
    [
        ["executor=kubernetes", "benchmark.image=registry.example/clients:1"],
        ["executor=kubernetes", "benchmark.tool=guidellm"],
        ["executor=kubernetes", "benchmark.tool=aiperf"],
        ["executor=ome", "benchmark.results_uri=pvc://results/autotune"],
        ["executor=ome", "benchmark.tool=guidellm"],
    ],
)
def test_what_is_there_is_no_error(overrides):
    assert problems(*overrides) == []


def test_elsewhere_no_image_is_asked_for():
    (point,) = autotune.compile(["executor=kubernetes", "benchmark.tool=quick"])
    assert not [item for item in point.diagnostics if item.code == "AT047"]
