import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.metrics import Load, Measurement
from autotune.predict import PREDICTORS, Calibrated, Calibration, Pair, Subject, subject_of
from autotune.predict.calibration import fit
from tests.examples import examples
from tests.predict.points import config_for, facts_for, predict

TTFT, TPOT, RATE = "ttft_ms.mean", "tpot_ms.mean", "output_tokens_per_s_per_gpu"


def subject(engine="vllm", gpu="h100_sxm", quantization="fp8", **features):
    return Subject(engine, gpu, quantization, "", {"concurrency": 8.0, **features})


def pair(factor, group="", *, ttft=1.0, **where):
    """A prediction of 100 and 10 ms with 101 tokens out, one request at a time, and what would be measured."""
    slow = 100 * ttft + 1000 * factor
    return Pair(
        subject(**where),
        {TTFT: 100.0, TPOT: 10.0, "e2e_latency_ms.mean": 1100.0, RATE: 101 / 1.1},
        {TTFT: 100.0 * ttft, TPOT: 10.0 * factor, RATE: 101 / slow * 1e3},
        group,
    )


def test_a_steady_factor_is_found_and_taken_out():
    found = fit([pair(1.5, ttft=2.0) for _ in range(12)])
    assert found.factor(TPOT, subject()) == pytest.approx(1.5)
    assert found.factor(TTFT, subject()) == pytest.approx(2.0)
    assert found.factor(RATE, subject()) == pytest.approx(1.0)
    error = found.errors[TPOT]
    assert (error.mean, error.raw_mean, error.pairs) == (pytest.approx(0, abs=1e-6), pytest.approx(1 / 3), 12)
    assert found.errors[RATE].mean == pytest.approx(0, abs=1e-6)


def test_each_engine_gpu_and_format_has_its_own_factor_when_it_has_the_pairs():
    found = fit([pair(1.2) for _ in range(60)] + [pair(2.4, engine="sglang", gpu="b200_sxm") for _ in range(60)])
    assert found.factor(TPOT, subject()) == pytest.approx(1.2, rel=0.05)
    assert found.factor(TPOT, subject(engine="sglang", gpu="b200_sxm")) == pytest.approx(2.4, rel=0.05)


def test_few_pairs_are_believed_in_part_and_the_unseen_gets_the_mean():
    many = [pair(1.0) for _ in range(60)]
    one = fit([*many, pair(4.0, gpu="l4")]).factor(TPOT, subject(gpu="l4"))
    ten = fit([*many, *(pair(4.0, gpu="l4") for _ in range(10))]).factor(TPOT, subject(gpu="l4"))
    assert 1.1 < one < ten < 4.0
    unseen = fit(many + [pair(2.0, gpu="l4") for _ in range(60)]).factor(TPOT, subject(engine="other", gpu="new"))
    assert 1.0 < unseen < 2.0


def test_a_slope_is_kept_only_where_it_helps_what_was_left_out():
    rng = random.Random(0)
    sizes = [2.0**power for power in range(10)]
    sloped = [
        pair(size**0.2, f"run {run}", concurrency=size, isl=rng.choice(sizes)) for run in range(6) for size in sizes
    ]
    found = fit(sloped)
    assert set(found.corrections[TPOT].centers) == {"concurrency"}
    assert found.errors[TPOT].mean < 0.03
    flat = [pair(math.exp(rng.gauss(0, 0.2)), f"run {run}", concurrency=size) for run in range(6) for size in sizes]
    assert fit(flat).corrections[TPOT].centers == {}


def test_the_error_is_of_groups_that_were_left_out():
    """Two runs that disagree: each is predicted from the other, so the error is not small."""
    found = fit([pair(1.0, "one") for _ in range(20)] + [pair(2.0, "two") for _ in range(20)])
    assert found.errors[TPOT].mean > 0.6
    alone = fit([pair(1.0) for _ in range(20)] + [pair(2.0) for _ in range(20)])
    assert alone.errors[TPOT].mean < found.errors[TPOT].mean


def test_what_the_latencies_do_not_explain_of_a_rate_is_a_factor_of_its_own():
    lost = [pair(1.5, ttft=2.0) for _ in range(10)]
    for item in lost:
        item.measured[RATE] *= 0.8
    found = fit(lost)
    assert found.factor(RATE, subject()) == pytest.approx(0.8)
    assert found.errors[RATE].mean == pytest.approx(0, abs=1e-6)


def test_a_calibrated_measurement_obeys_littles_law_and_its_own_sum():
    calibration = fit([pair(1.5, ttft=3.0) for _ in range(10)])
    raw = predict(c=8, osl=200)
    found = calibration.apply(raw, subject())
    assert found.kind == "predicted"
    assert found.tpot_ms["mean"] == pytest.approx(1.5 * raw.tpot_ms["mean"])
    assert found.itl_ms["mean"] == pytest.approx(1.5 * raw.itl_ms["mean"])
    assert found.e2e_latency_ms["mean"] == pytest.approx(found.ttft_ms["mean"] + 199 * found.tpot_ms["mean"])
    assert found.requests_per_s * found.e2e_latency_ms["mean"] / 1e3 == pytest.approx(8)
    assert found.output_tokens_per_s == pytest.approx(200 * found.requests_per_s)
    assert found.output_tokens_per_s_per_user == pytest.approx(1e3 / found.tpot_ms["mean"])


def test_the_rate_of_an_open_loop_is_that_of_its_arrivals():
    calibration = fit([pair(1.5) for _ in range(10)])
    raw = predict(rate=2.0)
    assert calibration.apply(raw, subject()).requests_per_s == raw.requests_per_s


def test_only_predictions_are_calibrated():
    with pytest.raises(ValueError, match="measured measurement is not calibrated"):
        fit([pair(1.5)]).apply(Measurement(Load("D(1,1)", 1)), subject())


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0, None])
def test_values_that_are_none_are_passed_over(value):
    broken = pair(1.5)
    broken.measured[TPOT] = value
    if value is None:
        del broken.measured[TPOT]
    found = fit([broken, *(pair(1.5) for _ in range(5))])
    assert found.errors[TPOT].pairs == 5
    assert found.factor(TPOT, subject()) == pytest.approx(1.5)


def test_nothing_to_fit_from_changes_nothing():
    empty = fit([])
    assert empty.errors == {}
    assert empty.apply(raw := predict(), subject()).as_dict() == raw.as_dict()
    assert "nothing to compare" in empty.expected_error()


def test_it_says_its_error_and_where_it_has_no_pairs():
    found = fit([pair(1.5, f"run {run % 3}") for run in range(12)], version="7")
    assert found.expected_error() == (
        "calibrated on 12 pairs of roofline 7: TTFT off by 0% on average (0% uncalibrated), TPOT off by 0% on average "
        "(33% uncalibrated), tok/s/GPU off by 0% on average (45% uncalibrated)"
    )
    assert "none of them for vllm l4 fp8" in found.expected_error(subject(gpu="l4"))
    assert "none of them" not in found.expected_error(subject())


def test_it_is_kept_as_json_and_read_back():
    found = fit([pair(1.1 + 0.1 * run, f"run {run}", concurrency=2.0**run) for run in range(8)], version="7")
    again = Calibration.from_dict(json.loads(json.dumps(found.as_dict())))
    assert again == found
    assert again.apply(predict(), subject()).as_dict() == found.apply(predict(), subject()).as_dict()
    assert Pair.from_dict(json.loads(json.dumps(pair(1.5).as_dict()))) == pair(1.5)


@pytest.mark.parametrize("data", [{}, {"format": 2}, {"format": 1}, {"format": 1, "predictor": "x", "version": "1", "corrections": {"a": 3}}])  # fmt: skip
def test_what_is_no_calibration_is_refused(data):
    with pytest.raises(ValueError, match=r"format|not a calibration"):
        Calibration.from_dict(data)


def test_a_calibrated_predictor_is_a_predictor_and_says_so():
    config, facts, load = (
        config_for(parallel={"tp": 2}, quantization={"gemm_mode": "fp8"}),
        facts_for(),
        Load("D(100,50)", 4),
    )
    assert subject_of(config, facts, load) == Subject(
        "vllm",
        "h100_sxm",
        "fp8",
        facts.model.id,
        {"isl": 100.0, "osl": 50.0, "tp": 2, "pp": 1, "dp": 1, "ep": 1, "concurrency": 4},
    )
    roofline = PREDICTORS["roofline"]
    found = Calibrated(roofline, fit([pair(1.5) for _ in range(10)])).predict(config, facts, load)
    raw = roofline.predict(config, facts, load).measurement
    assert found.measurement.tpot_ms["mean"] == pytest.approx(1.5 * raw.tpot_ms["mean"])
    assert found.predictor == "roofline+calibration"
    assert found.expected_error.startswith("calibrated on 10 pairs")
    with pytest.raises(ValueError, match="for other, not for roofline"):
        Calibrated(roofline, fit([], predictor="other"))


@settings(deadline=None, max_examples=examples(30))
@given(
    st.lists(
        st.tuples(
            st.floats(0.2, 5), st.sampled_from(["vllm", "sglang"]), st.sampled_from(["a", "b"]), st.integers(1, 512)
        ),
        max_size=25,
    )
)
def test_any_pairs_give_a_finite_positive_factor_and_one_that_does_not_depend_on_their_order(items):
    pairs = [pair(factor, group, engine=engine, concurrency=c) for factor, engine, group, c in items]
    found, reverse = fit(pairs), fit(pairs[::-1])
    for item in pairs:
        assert 0 < found.factor(TPOT, item.subject) < math.inf
        assert reverse.factor(TPOT, item.subject) == pytest.approx(found.factor(TPOT, item.subject), rel=1e-6)
