from pathlib import Path

import pytest

from autotune.bench.result_folder import read_folder
from autotune.schema import Config
from autotune.store import Store
from autotune.store.imported import imported_run, point_id

DATA = Path(__file__).parents[1] / "bench" / "data"


def read(folder):
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".json", ".jsonl")
    }
    servers = read_folder({name: content.decode() for name, content in files.items()})
    return {point_id(server, files, 1): server for server in servers}


def imported(folder, **more):
    settings = {"folder": "/out", "host": "node7", "gpus": 2, "now": "2026-11-26T02:00:00+00:00", "run_id": "r1"}
    return imported_run(read(folder), **{**settings, **more})


@pytest.mark.parametrize("folder", ["genai-bench", "guidellm", "aiperf", "vllm-bench", "vllm-sweep"])
def test_what_is_known_of_the_config_is_a_valid_config(folder):
    run, results = imported(DATA / folder)
    assert (run.executor, run.finished, run.source["folder"], run.source["host"]) == ("import", True, "/out", "node7")
    assert [result.point_id for result in results] == list(run.points)
    for result in results:
        if "model" in result.config:
            Config.model_validate(result.config)
        assert result.kind == "measured"
        assert result.deployment["gpus"] == 2
        assert result.config["benchmark"]["tool"] == run.source["tool"]


def test_a_sweep_of_vllm_becomes_points_that_differ_in_their_flags():
    run, results = imported(DATA / "vllm-sweep")
    assert run.source["tool"] == "vllm_bench"
    assert [result.config["misc"]["extra_args"] for result in results] == [{"--max-num-seqs": 1}, {"--max-num-seqs": 8}]
    assert "misc.extra_args.--max-num-seqs=8" in results[1].overrides
    assert results[0].config["benchmark"]["num_concurrency"] == [1, 8]
    assert results[0].config["runtime"] == {"isl": 104, "osl": 50}
    assert results[0].best is not None


def test_a_folder_in_which_all_failed_becomes_a_failed_result_with_the_counts():
    _, results = imported(DATA / "genai-bench")
    failed, *rest = results
    assert (failed.status, failed.best, failed.score, failed.measurements) == ("failed", None, None, ())
    assert failed.failure.kind == "benchmark"
    assert "113 x status 422" in failed.failure.message
    assert {result.status for result in rest} == {"done"}


def test_the_id_follows_the_content_and_not_the_place(tmp_path):
    whole, part = read(DATA), read(DATA / "guidellm")
    assert set(part) < set(whole)
    assert read(DATA) == whole
    files = {"serve.json": (DATA / "vllm-bench/one/serve.json").read_bytes()}
    (server,) = read_folder({"serve.json": files["serve.json"].decode()})
    assert point_id(server, files, 1) != point_id(server, files, 2)


def test_an_imported_run_comes_back_as_it_was(place):
    run, results = imported(DATA / "vllm-sweep", run_id="20261126-020000-abcdef")
    with Store(place) as store:
        store.save_run(run, [(result, ()) for result in results])
        assert store.results() == results
        assert store.find_run().source == run.source
        assert store.runs_with(run.points) == dict.fromkeys(run.points, run.run_id)
        assert store.latest_unfinished() is None
