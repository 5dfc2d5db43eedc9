import pytest

from autotune.bench import Load, expand_loads
from autotune.bench.loads import arrival_times, request_sizes
from autotune.diagnostics import InputError
from autotune.schema import Benchmark, Runtime


def test_the_default_load_is_the_runtime_groups_workload_point():
    assert expand_loads(Benchmark(), Runtime(isl=300, osl=20)) == (Load("D(300,20)", concurrency=1),)


def test_without_a_workload_point_the_documented_default_is_taken():
    assert expand_loads(Benchmark(), Runtime()) == (Load("D(1024,128)", concurrency=1),)


def test_scenarios_times_concurrencies_in_the_order_given():
    benchmark = Benchmark(traffic_scenarios=("D(1,2)", "U(3,4)"), num_concurrency=(4, 1))
    assert [load.label for load in expand_loads(benchmark, Runtime())] == [
        "D(1,2) c=4",
        "D(1,2) c=1",
        "U(1,3)/(1,4) c=4",
        "U(1,3)/(1,4) c=1",
    ]


def test_request_rates_take_the_place_of_concurrencies():
    benchmark = Benchmark(num_concurrency=(4,), request_rate=(0.5, 2.0))
    assert expand_loads(benchmark, Runtime(isl=1, osl=2)) == (
        Load("D(1,2)", request_rate=0.5),
        Load("D(1,2)", request_rate=2.0),
    )


def test_repeats_are_whole_rounds():
    loads = expand_loads(Benchmark(num_concurrency=(1, 2), repeats=2), Runtime())
    assert [load.concurrency for load in loads] == [1, 2, 1, 2]


def test_all_bad_scenarios_are_reported_at_once():
    with pytest.raises(InputError) as caught:
        expand_loads(Benchmark(traffic_scenarios=("D(1,2)", "U(9,1)/(1,1)", "N(5,1)", "dataset")), Runtime())
    assert [found.path for found in caught.value.diagnostics] == [
        "benchmark.traffic_scenarios",
        "benchmark.traffic_scenarios",
        "benchmark.dataset",
    ]


def test_a_dataset_is_a_scenario_when_there_is_one():
    benchmark = Benchmark(traffic_scenarios=("dataset",), dataset="prompts.txt")
    assert expand_loads(benchmark, Runtime())[0].scenario == "dataset"


def test_every_client_gets_the_same_request_sizes_and_a_longer_run_begins_like_a_shorter_one():
    load = Load("N(80,10)/(40,5)", concurrency=4)
    assert request_sizes(load, 50)[:20] == request_sizes(load, 20)


def test_arrivals_are_a_poisson_process_of_the_rate_asked_for():
    times = arrival_times(5.0, 5000)
    gaps = [after - before for before, after in zip([0.0, *times], times, strict=False)]
    mean = sum(gaps) / len(gaps)
    assert mean == pytest.approx(0.2, rel=0.05)
    # Exponential gaps have a standard deviation equal to their mean.
    assert (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5 == pytest.approx(mean, rel=0.1)
