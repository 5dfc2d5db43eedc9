"""The real load clients in pods of the stand-in for a cluster: their command lines, files and results, on an emulated server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autotune.bench import Load
from tests.run.cluster.conftest import quick_looks, start, upstream  # noqa: F401
from tests.run.cluster.test_in_cluster import IMAGE, bench_job, jobs_run
from tests.run.cluster.test_server import SERVER, serve

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("tool", ["guidellm", "aiperf", "genai_bench"])
def test_a_real_client_in_a_pod_measures_what_it_is_told(start, upstream, bench_bin, tiny_model, tool):  # noqa: F811
    url = f"http://{upstream[0]}:{upstream[1]}"
    cluster, executor, place = start(jobs_run(upstream), reach="in_cluster", service_url=url)
    cluster.images[IMAGE] = f"{bench_bin}:/usr/bin:/bin"
    endpoint = serve(executor, SERVER, place)
    job = bench_job(endpoint, place.folder / "bench", Load("D(64,8)", 2), tool=tool, max_requests=10)
    (found,) = executor.client(tool).measure(replace(job, endpoint=replace(endpoint, tokenizer=str(tiny_model))))
    assert found.completed >= 10
    assert found.failed == 0
    assert found.ttft_ms["mean"] > 0
