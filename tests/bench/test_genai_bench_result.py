import json
from pathlib import Path

import pytest

from autotune.bench import BenchError, Load
from autotune.bench.genai_bench_result import parse_result, read_results

DATA = Path(__file__).parent / "data" / "genai-bench"


def load(path):
    return json.loads((DATA / path).read_text())


def test_a_real_result_in_seconds_becomes_ms():
    data = load("vllm-2scenarios/N80_10_40_5_text-to-text_num_concurrency_4_time_1s.json")
    found = parse_result(data, gpus=2)
    assert found.load == Load("N(80,10)/(40,5)", concurrency=4)
    assert found.ttft_ms["mean"] == pytest.approx(16.436366)
    assert found.tpot_ms["p99"] == pytest.approx(3.5094984)
    assert found.e2e_latency_ms["p50"] == pytest.approx(134.943336)
    assert set(found.ttft_ms) == {"mean", "p50", "p90", "p95", "p99"}
    assert found.output_tokens_per_s == pytest.approx(1077.569323)
    assert found.output_tokens_per_s_per_gpu == pytest.approx(538.784662)
    assert found.output_tokens_per_s_per_user == pytest.approx(1000 / 3.040507533)
    assert found.total_tokens_per_s == pytest.approx(3315.291768)
    assert found.requests_per_s == pytest.approx(26.864609)
    assert found.duration_s == pytest.approx(1.00504, abs=1e-5)
    assert (found.completed, found.failed, found.error_rate, found.kind) == (27, 0, 0.0, "measured")


def test_the_time_unit_of_the_file_decides():
    data = load("vllm-2scenarios/N80_10_40_5_text-to-text_num_concurrency_4_time_1s.json")
    for name in ("ttft", "tpot", "e2e_latency"):
        stats = data["aggregated_metrics"]["stats"][name]
        stats.update({key: value * 1000 for key, value in stats.items()})
    in_ms = parse_result(data | {"_time_unit": "ms"}, gpus=1)
    assert in_ms.ttft_ms["mean"] == pytest.approx(16.436366)
    assert in_ms.duration_s == pytest.approx(1.00504, abs=1e-5)


def test_the_unit_comes_from_the_metadata_where_the_file_has_none(tmp_path):
    data = load("vllm-2scenarios/D100_100_text-to-text_num_concurrency_1_time_3s.json")
    seconds = data["aggregated_metrics"]["stats"]["ttft"]["mean"]
    del data["_time_unit"]
    (tmp_path / "D100_100_text-to-text_num_concurrency_1_time_3s.json").write_text(json.dumps(data))
    (tmp_path / "experiment_metadata.json").write_text('{"metrics_time_unit": "ms"}')
    [found] = read_results(tmp_path, gpus=1)[0].values()
    assert found.ttft_ms["mean"] == pytest.approx(seconds)


def test_a_folder_is_read_by_what_stands_in_the_files():
    found, problems = read_results(DATA / "vllm-2scenarios", gpus=1)
    assert set(found) == {Load(scenario, number) for scenario in ("D(100,100)", "N(80,10)/(40,5)") for number in (1, 4)}
    assert problems == []
    assert set(read_results(DATA / "transformers-openai", gpus=1)[0]) == {Load("D(100,100)", 1), Load("D(100,100)", 4)}


def test_all_requests_failed_is_an_error_with_the_status_codes_though_the_file_says_error_rate_0():
    data = load("all-failed/debug_for_run_D100_100_1.json")
    assert data["aggregated_metrics"]["error_rate"] == 0.0
    with pytest.raises(BenchError, match=r"113 x status 422.*Unexpected fields.*ignore_eos"):
        parse_result(data, gpus=1)
    found, problems = read_results(DATA / "all-failed", gpus=1)
    assert found == {}
    assert "422" in problems[0]


def test_some_requests_failed_is_counted():
    data = load("vllm-2scenarios/D100_100_text-to-text_num_concurrency_4_time_1s.json")
    completed = data["aggregated_metrics"]["num_completed_requests"]
    data["aggregated_metrics"]["error_codes_frequency"] = {"500": completed, "503": 2 * completed}
    found = parse_result(data, gpus=1)
    assert (found.completed, found.failed) == (completed, 3 * completed)
    assert found.error_rate == pytest.approx(0.75)


def test_a_file_cut_short_is_a_problem_and_no_crash(tmp_path):
    (tmp_path / "D1_1_text-to-text_num_concurrency_1_time_3s.json").write_text('{"aggregated_metrics": {"scen')
    (tmp_path / "D1_1_text-to-text_num_concurrency_2_time_3s.json").write_text("{}")
    found, problems = read_results(tmp_path, gpus=1)
    assert found == {}
    assert len(problems) == 2
