import math

import pytest

from autotune.diagnostics import InputError
from autotune.score import OBJECTIVES, get_objectives, objective_values
from tests.score.measured import measurement


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minimize_latency", 1000.0),
        ("minimize_latency_per_gpu", 2000.0),
        ("minimize_ttft", 100.0),
        ("minimize_ttft_per_gpu", 200.0),
        ("minimize_tpot", 10.0),
        ("minimize_tpot_per_gpu", 20.0),
        ("maximize_throughput", -1000.0),
        ("maximize_throughput_per_gpu", -500.0),
        ("maximize_goodput", -6.0),
        ("maximize_goodput_per_gpu", -3.0),
    ],
)
def test_what_each_objective_reads(name, value):
    assert OBJECTIVES[name].value(measurement(goodput_requests_per_s=6.0)) == value


def test_goodput_that_is_not_known_is_no_number():
    assert math.isnan(OBJECTIVES["maximize_goodput"].value(measurement()))


def test_the_server_size_can_be_given():
    assert OBJECTIVES["maximize_throughput_per_gpu"].value(measurement(output_tokens_per_s_per_gpu=math.nan), 4) == -250
    assert math.isnan(OBJECTIVES["minimize_ttft_per_gpu"].value(measurement(output_tokens_per_s_per_gpu=math.nan)))


def test_the_median_stands_in_for_a_missing_mean_and_itl_for_tpot():
    assert OBJECTIVES["minimize_ttft"].value(measurement(ttft_ms={"p50": 7.0})) == 7.0
    assert OBJECTIVES["minimize_tpot"].value(measurement(tpot_ms={}, itl_ms={"mean": 4.0})) == 4.0
    assert math.isnan(OBJECTIVES["minimize_ttft"].value(measurement(ttft_ms={"p99": 7.0})))


def test_every_unknown_objective_is_named():
    with pytest.raises(InputError) as error:
        get_objectives(["minimize_ttft", "minimise_latency", "fast"])
    assert [item.code for item in error.value.diagnostics] == ["AT003", "AT003"]
    assert "minimize_latency" in error.value.diagnostics[0].help


def test_a_row_of_the_frontier_has_one_column_an_objective():
    assert objective_values(measurement(), get_objectives(["maximize_throughput", "minimize_tpot"])) == (-1000.0, 10.0)
