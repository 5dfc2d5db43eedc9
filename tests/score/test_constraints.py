import math

import pytest

from autotune.diagnostics import InputError
from autotune.score import compile_constraints, unmet_constraints
from tests.score.measured import measurement


def unmet(source, **fields):
    return unmet_constraints(measurement(**fields), compile_constraints([source]))


@pytest.mark.parametrize(
    "source",
    [
        "ttft_ms.p95 < 300.0 && error_rate == 0.0",
        "ttft_ms.p95 < 300",
        "completed >= 100.0",
        "output_tokens_per_s / output_tokens_per_s_per_gpu == 2.0",
        "[ttft_ms.mean, ttft_ms.p95].all(x, x < 201.0)",
        "has(ttft_ms.p99) ? ttft_ms.p99 < 1.0 : true",
    ],
)
def test_constraints_that_hold(source):
    assert unmet(source) == ()


def test_a_constraint_that_does_not_hold_says_so():
    assert unmet("ttft_ms.p95 < 100.0") == ("`ttft_ms.p95 < 100.0` does not hold",)


def test_what_was_not_measured_is_not_met():
    assert "'p99' was not measured" in unmet("ttft_ms.p99 < 100.0")[0]
    assert "requests_per_s was not measured" in unmet("requests_per_s > 1.0")[0]
    assert unmet("ttft_ms.mean < 500.0", ttft_ms={"mean": math.nan})


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("ttft_ms.p95 <", "is not CEL"),
        ("ttft.p95 < 1.0", "'ttft', which is no metric"),
        ("ttft_ms.p95 < 1.0 || tpot < 1.0", "'tpot', which is no metric"),
        ("ttft_ms.p42 < 1.0", "'p42'"),
        ("error_rate == 0.0 || ttft_ms.p42 < 1.0", "'p42'"),
        ("error_rate", "not true or false"),
        ("error_rate + 1 < 2.0", "float + int"),
        ('ttft_ms.p95 < "fast"', "No such overload"),
        ("", "is not CEL"),
    ],
)
def test_a_wrong_constraint_is_an_error_with_its_reason(source, words):
    with pytest.raises(InputError) as error:
        compile_constraints([source])
    finding = error.value.diagnostics[0]
    assert (finding.code, finding.path) == ("AT008", "optimization.constraints")
    assert words in finding.message


def test_an_unknown_metric_lists_what_is_known():
    with pytest.raises(InputError) as error:
        compile_constraints(["ttft < 1.0"])
    assert "did you mean ttft_ms" in error.value.diagnostics[0].help
    assert ".p95" in error.value.diagnostics[0].help
    assert "error_rate" in error.value.diagnostics[0].help


def test_every_wrong_constraint_is_reported():
    with pytest.raises(InputError) as error:
        compile_constraints(["a < 1.0", "error_rate == 0.0", "b < 1.0"])
    assert len(error.value.diagnostics) == 2


def test_goodput_can_be_bounded_and_its_share_too():
    (share,) = compile_constraints(["goodput_requests_per_s / requests_per_s >= 0.9"])
    assert share.why_not(measurement(goodput_requests_per_s=9.5, requests_per_s=10.0)) is None
    assert "does not hold" in share.why_not(measurement(goodput_requests_per_s=8.0, requests_per_s=10.0))
    assert "goodput_requests_per_s was not measured" in share.why_not(measurement(requests_per_s=10.0))
