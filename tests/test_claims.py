import pytest
import yaml

from autotune.claims import Claim, Claims, read_claims, write_claims
from autotune.metrics import Load, Measurement

CLAIMS = Claims(
    "somebody",
    "1.0",
    tuple(
        Claim(
            {"model.id": "org/m", "parallel.tp": tp, "benchmark.num_concurrency": [clients]},
            Measurement(Load("D(10,20)", clients), ttft_ms={"mean": 5.0}, requests_per_s=2.0, kind="predicted"),
        )
        for tp, clients in ((2, 8), (4, 16))
    ),
)


def test_claims_come_back_from_the_text_of_a_task():
    text = yaml.safe_dump({"predicted": write_claims(CLAIMS, ["model.id", "system.gpu"])})
    assert "for:\n    model.id: org/m" in text
    assert read_claims(yaml.safe_load(text)) == CLAIMS


def test_a_claim_is_about_the_points_that_have_all_of_its_values():
    config = {"model": {"id": "org/m"}, "parallel": {"tp": 4}, "benchmark": {"num_concurrency": (16,)}}
    assert [item.load.concurrency for item in CLAIMS.about(config)] == [16]
    assert CLAIMS.about(config | {"model": {"id": "org/other"}}) == []
    assert CLAIMS.about({}) == []


@pytest.mark.parametrize(
    "block",
    [
        [], {"loads": []}, {"by": 3, "loads": []}, {"by": "x", "lods": []}, {"by": "x", "loads": {}}, {"by": "x", "for": 3, "loads": [1]},
        {"by": "x", "loads": [{"concurrency": 3}]}, {"by": "x", "loads": [{"scenario": "D(1,1)", "ttft": 3}]}, {"by": "x", "loads": ["x"]},
    ],
)  # fmt: skip
def test_a_block_that_cannot_be_read_is_refused(block):
    with pytest.raises(ValueError, match="predicted"):
        read_claims({"predicted": block})


def test_a_task_without_claims_has_none():
    assert read_claims({"model": {"id": "x"}}) is None
    assert read_claims("text") is None
