import json
from pathlib import Path

import pytest

from autotune.bench.vllm_bench_result import parse_vllm_bench, why_vllm_bench_failed
from autotune.metrics import Load

DATA = Path(__file__).parent / "data"
ONE = (DATA / "vllm-bench" / "one" / "serve.json").read_text()


def test_the_unit_table_on_a_real_result():
    [found] = parse_vllm_bench(ONE, gpus=2, scenario="D(100,50)")
    assert found.load == Load("D(100,50)", concurrency=4)
    assert found.ttft_ms == pytest.approx(
        {"mean": 30.745222249981907, "p50": 26.492158499991092, "p90": 44.87512479986435, "p95": 45.30399234997731,
         "p99": 45.37870566991387}
    )  # fmt: skip
    assert found.tpot_ms["mean"] == pytest.approx(3.752860624489798)
    assert found.tpot_ms["p99"] == pytest.approx(4.180051419389294)
    assert found.itl_ms["mean"] == pytest.approx(3.677803412000003)
    assert found.e2e_latency_ms["mean"] == pytest.approx(214.63539284998205)
    # `latencies` are the same in seconds
    assert found.e2e_latency_ms["mean"] == pytest.approx(1000 * sum(json.loads(ONE)["latencies"]) / 20)
    # 20 requests of 50 tokens, 2083 tokens in, in 1.0799 s
    assert found.requests_per_s == pytest.approx(20 / 1.0798963519998779)
    assert found.output_tokens_per_s == pytest.approx(1000 / 1.0798963519998779)
    assert found.output_tokens_per_s_per_gpu == pytest.approx(500 / 1.0798963519998779)
    assert found.total_tokens_per_s == pytest.approx(3083 / 1.0798963519998779)
    assert found.output_tokens_per_s_per_user == pytest.approx(1000 / 3.752860624489798)
    assert (found.completed, found.failed, found.error_rate, found.kind) == (20, 0, 0.0, "measured")
    assert found.duration_s == pytest.approx(1.0798963519998779)


def test_without_a_scenario_it_is_the_mean_of_what_completed():
    assert parse_vllm_bench(ONE)[0].load.scenario == "D(104,50)"  # 2083 / 20 with the chat template, 1000 / 20


def test_a_sweep_has_the_median_and_p99_only_and_summary_json_is_a_list():
    folder = DATA / "vllm-sweep" / "exp1" / "SERVE--seqs8-BENCH--c8"
    [found] = parse_vllm_bench((folder / "run=0.json").read_text())
    assert found.ttft_ms == pytest.approx(
        {"mean": 86.09615162497875, "p50": 39.33063149997906, "p99": 243.21040147995063}
    )
    assert parse_vllm_bench((folder / "summary.json").read_text()) == [found]


def test_all_failed_is_counted_and_has_no_latency_though_vllm_writes_zeros():
    text = (DATA / "vllm-bench" / "all-failed" / "serve.json").read_text()
    [found] = parse_vllm_bench(text)
    assert (found.completed, found.failed, found.error_rate) == (0, 8, 1.0)
    assert found.ttft_ms == found.tpot_ms == found.itl_ms == found.e2e_latency_ms == {}
    assert "output_tokens_per_s" not in found.as_dict()
    assert found.load == Load("dataset", concurrency=2)
    assert why_vllm_bench_failed(text) == ""
    detailed = json.loads(text) | {"errors": ["", "Bad\nRequest", "later"]}
    assert why_vllm_bench_failed(json.dumps(detailed)) == "Bad Request"


def test_half_failed_is_counted():
    [found] = parse_vllm_bench((DATA / "vllm-bench" / "half-failed" / "serve.json").read_text())
    assert (found.completed, found.failed, found.error_rate) == (4, 4, 0.5)
    assert found.load == Load("D(100,5)", concurrency=2)


@pytest.mark.parametrize(
    ("said", "load"),
    [
        ({"request_rate": "inf", "max_concurrency": None}, Load("D(104,50)", concurrency=20)),
        ({"request_rate": 2.5, "max_concurrency": None}, Load("D(104,50)", request_rate=2.5)),
        ({"request_rate": 2.5, "max_concurrency": 8}, Load("D(104,50)", concurrency=8, request_rate=2.5)),
    ],
)
def test_rate_and_concurrency_are_the_load(said, load):
    assert parse_vllm_bench(json.dumps(json.loads(ONE) | said))[0].load == load


@pytest.mark.parametrize("bad", ["", "{", "{}", "[[]]"])
def test_what_is_no_result_says_so(bad):
    with pytest.raises(ValueError):
        parse_vllm_bench(bad)
