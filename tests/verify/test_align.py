import math

import pytest

from autotune.metrics import Load, Measurement
from autotune.schema import Config
from autotune.verify.align import RATE, align, find_prediction, in_flight, per_gpu
from tests.verify.pairs import side

CONFIG = Config.model_validate({"model": {"id": "org/m"}, "runtime": {"isl": 100, "osl": 100}})


def test_like_is_laid_against_like():
    found = align(side(ttft=80.0, kind="predicted"), side(ttft=100.0))
    assert set(found) == {"ttft_ms", "tpot_ms", "e2e_latency_ms", RATE}
    assert found["ttft_ms"].error == pytest.approx(-0.2)
    assert math.exp(found["ttft_ms"].log_ratio) == pytest.approx(0.8)


def test_a_total_is_divided_by_the_gpus_where_one_side_lacks_the_other():
    total = side(tokens=4000.0, output_tokens_per_s_per_gpu=math.nan)
    assert per_gpu(total, 4) == 1000.0
    assert align(side(tokens=2000.0, gpus=2), total, 4)[RATE].measured == 1000.0
    assert RATE not in align(side(), total, None)


def test_a_median_stands_for_a_mean_that_the_tool_did_not_give():
    measured = side(ttft_ms={"p50": 90.0, "p99": 400.0})
    found = align(side(ttft=99.0, kind="predicted"), measured)["ttft_ms"]
    assert (found.predicted, found.measured, found.median) == (99.0, 90.0, True)
    assert not align(side(), side())["ttft_ms"].median
    assert "ttft_ms" not in align(side(), side(ttft_ms={"p99": 400.0}))


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_what_is_not_above_zero_is_no_pair(value):
    assert "tpot_ms" not in align(side(tpot=value), side())
    assert "tpot_ms" not in align(side(), side(tpot=value))


def test_requests_in_flight_are_the_clients_or_rate_times_latency():
    assert in_flight(side(16)) == 16
    rated = Measurement(Load("D(100,100)", request_rate=4.0), e2e_latency_ms={"mean": 2000.0}, requests_per_s=3.5)
    assert in_flight(rated) == 7.0
    assert math.isnan(in_flight(Measurement(Load("D(1,1)", request_rate=4.0))))


def test_a_request_rate_finds_the_batch_that_it_keeps_full():
    batches = [side(clients, kind="predicted") for clients in (4, 8, 16)]
    rated = Measurement(Load("N(100,0)/(100,0)", request_rate=4.0), e2e_latency_ms={"mean": 1950.0}, requests_per_s=4.0)
    assert find_prediction(batches, rated, CONFIG).load.concurrency == 8
    idle = Measurement(Load("D(100,100)", request_rate=1.0), e2e_latency_ms={"mean": 1000.0}, requests_per_s=1.0)
    assert find_prediction(batches, idle, CONFIG) is None


def test_a_prediction_is_of_its_own_load():
    batches = [side(clients, kind="predicted") for clients in (8, 9)]
    assert find_prediction(batches, side(9), CONFIG).load.concurrency == 9
    assert find_prediction(batches, side(8, scenario="D(500,100)"), CONFIG) is None
    assert find_prediction([], side(8), CONFIG) is None
