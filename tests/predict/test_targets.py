import pytest

import autotune
from autotune.predict.targets import slo_findings


def found(**overrides):
    settings = {"system.gpu": "h100_sxm"} | {path.replace("__", "."): value for path, value in overrides.items()}
    (point,) = autotune.compile(settings)
    return slo_findings(point)


def test_targets_below_the_prediction_are_found_with_figures_place_and_writer():
    ttft, tpot = found(runtime__ttft_target=1, runtime__tpot_target=2)
    assert (ttft.code, ttft.severity, ttft.path) == ("AT104", "warning", "runtime.ttft_target")
    assert ttft.message.startswith("runtime.ttft_target=1 ms, and the roofline predicts a TTFT of ")
    assert "at D(1024,256) c=1, the lightest load" in ttft.message
    assert tpot.path == "runtime.tpot_target"
    assert tpot.writer.override == "runtime.tpot_target=2"
    assert tpot.point is not None


@pytest.mark.parametrize(
    "settings",
    [{}, {"runtime__ttft_target": 200, "runtime__tpot_target": 50}, {"runtime__ttft_target": 1, "parallel__tp": 3}, {"runtime__ttft_target": 1, "system__gpu": "cpu"}],
)  # fmt: skip
def test_nothing_is_said_without_targets_of_targets_in_reach_and_of_points_that_cannot_run(settings):
    assert found(**settings) == []


@pytest.mark.parametrize("metric", ["ttft", "tpot", "e2e_latency"])
def test_thresholds_of_the_slo_group_count_too(metric):
    (item,) = found(slo={metric: {"p95": {"threshold": 0.5}}})
    assert item.path == f"slo.{metric}.p95.threshold"
    assert found(slo={metric: {"p95": {"threshold": 60000}}}) == []


def test_the_lightest_of_the_loads_decides():
    (slow,) = found(runtime__ttft_target=60, benchmark__traffic_scenarios=["D(8000,10)"])
    assert "D(8000,10) c=1" in slow.message
    assert found(runtime__ttft_target=60, benchmark__traffic_scenarios=["D(8000,10)", "D(100,10)"]) == []
    assert "r=0.5/s" in found(runtime__ttft_target=1, benchmark__request_rate=[0.5, 8])[0].message


def test_a_target_just_above_the_prediction_is_met():
    (item,) = found(runtime__tpot_target=1)
    predicted = float(item.message.partition("TPOT of ")[2].partition(" ms")[0])
    assert found(runtime__tpot_target=predicted * 1.01) == []
    assert len(found(runtime__tpot_target=predicted * 0.98)) == 1
