import math

import pytest

from autotune.score import get_objectives
from autotune.verify.choice import compare_frontiers, regrets
from tests.verify.pairs import pair

OBJECTIVES = get_objectives(("maximize_throughput_per_gpu", "minimize_tpot"))


def made(rows, **more):
    """Pairs from (predicted tokens, predicted tpot, measured tokens, measured tpot)."""
    return [
        pair({"tokens": a, "tpot": b}, {"tokens": c, "tpot": d}, point=f"p{index}", **more)
        for index, (a, b, c, d) in enumerate(rows)
    ]


def test_a_perfect_prediction_shares_all_and_regrets_nothing():
    rows = [(100, 10, 100, 10), (200, 20, 200, 20), (150, 25, 150, 25)]
    pairs = made(rows)
    overlap = compare_frontiers(pairs, OBJECTIVES)
    assert overlap.predicted == overlap.measured == overlap.shared == (0, 1)
    assert overlap.reached == pytest.approx(1.0)
    assert [item.mean for item in regrets(pairs, OBJECTIVES)] == [0.0, 0.0, 0.0]


def test_the_share_of_the_hypervolume_is_what_the_predicted_points_measured():
    # Measured frontier: p0 and p1; predicted: p1 alone. Reference (worst measured): 100 tokens, tpot 40.
    pairs = made([(100, 30, 200, 10), (400, 10, 400, 20), (50, 40, 100, 40)])
    overlap = compare_frontiers(pairs, OBJECTIVES)
    assert (overlap.predicted, overlap.measured, overlap.shared) == ((1,), (0, 1), (1,))
    # In tokens/s/GPU, of 2 GPUs: p0 covers (100 - 50) x (40 - 10), p1 (200 - 50) x (40 - 20), both (100 - 50) x (40 - 20).
    assert overlap.reached == pytest.approx((150 * 20) / (50 * 30 + 150 * 20 - 50 * 20))


def test_regret_is_under_each_load_and_in_the_better_direction():
    slow = made([(300, 10, 200, 10), (200, 20, 250, 20)], concurrency=4)
    fast = made([(500, 30, 500, 30), (100, 40, 100, 40)], concurrency=64)
    throughput, tpot, score = regrets(slow + fast, OBJECTIVES)
    assert [item.load for item in throughput.losses] == ["D(100,100) c=4", "D(100,100) c=64"]
    # Under c=4 p0 is predicted best and gives 200 of 250 tokens/s; under c=64 the choice is right.
    assert throughput.worst.share == pytest.approx(0.2)
    assert throughput.mean == pytest.approx(0.1)
    assert tpot.mean == 0.0
    assert score.objective == "score"


def test_points_that_share_no_load_are_compared_over_all_loads():
    pairs = [*made([(300, 10, 200, 10)], concurrency=4), *made([(200, 20, 250, 20)], concurrency=8)]
    (found, *_) = regrets(pairs, OBJECTIVES)
    assert [item.load for item in found.losses] == [""]


def test_nothing_is_made_of_what_is_not_known():
    lone = made([(300, 10, 200, 10)])
    assert regrets(lone, OBJECTIVES) == []
    assert math.isnan(compare_frontiers(lone, OBJECTIVES).reached)
    assert compare_frontiers(made([(math.nan, 10, 200, 10)]), OBJECTIVES) is None
    assert compare_frontiers([], OBJECTIVES) is None
