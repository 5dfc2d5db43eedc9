import pytest

from autotune import api
from autotune.score.findings import goal_findings


def found(**data):
    (point,) = api.compile({"model.id": "Qwen/Qwen3-8B", "system.gpu": "h100_sxm", **data})
    return [(item.code, item.path) for item in goal_findings(point)]


def test_a_goal_that_can_be_judged_has_none():
    assert found() == []
    assert found(**{"optimization.objectives": ["maximize_goodput"], "slo.ttft.p95.threshold": 5000}) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"optimization.objectives": ["be_fast", "minimize_tpot"]}, [("AT003", "optimization.objectives")]),
        ({"optimization.constraints": ["ttft_ms.p97 < 3.0"]}, [("AT008", "optimization.constraints")]),
        ({"optimization.objectives": ["maximize_goodput_per_gpu"]}, [("AT150", "optimization.objectives")]),
        ({"optimization.constraints": ["goodput_requests_per_s > 2.0"]}, [("AT150", "optimization.constraints")]),
        ({"optimization.weights.minimize_ttft": 0.5}, [("AT151", "optimization.weights.minimize_ttft")]),
    ],
)
def test_what_would_be_noticed_only_after_measuring_is_found_before(data, expected):
    assert found(**data) == expected
