from random import Random

from autotune.search import order_points

IDS = [f"p{number}" for number in range(8)]


def test_the_grid_is_as_given_and_at_most_so_many():
    assert order_points(IDS, "grid", Random(0), None) == IDS
    assert order_points(IDS, "grid", Random(0), 3) == IDS[:3]
    assert order_points(IDS, "grid", Random(0), 99) == IDS


def test_random_is_the_same_for_a_seed_and_another_for_another():
    once = order_points(IDS, "random", Random(1), None)
    assert once == order_points(IDS, "random", Random(1), None)
    assert sorted(once) == IDS
    assert once not in (IDS, order_points(IDS, "random", Random(2), None))
    assert order_points(IDS, "random", Random(1), 3) == once[:3]
