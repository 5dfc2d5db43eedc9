from autotune.run.slots import GpuSlots


def test_experiments_stand_side_by_side_while_they_fit_and_never_share_a_gpu():
    slots = GpuSlots([tuple("01234567")])
    four, two = slots.take(4), slots.take(2)
    assert len({*four, *two}) == 6
    assert slots.take(4) is None
    slots.give_back(four)
    assert slots.take(4) is not None


def test_a_deployment_of_one_node_is_not_spread_over_two():
    slots = GpuSlots([("0", "1"), ("0", "1")])
    assert not slots.fits(4)
    assert slots.take(4) is None
    assert slots.take(4, nodes=2) == ((0, "0"), (0, "1"), (1, "0"), (1, "1"))


def test_small_ones_fill_a_node_that_is_in_use_so_that_a_large_one_finds_an_empty_one():
    slots = GpuSlots([tuple("0123"), tuple("0123")])
    slots.take(1)
    slots.take(1)
    assert slots.take(4) is not None
