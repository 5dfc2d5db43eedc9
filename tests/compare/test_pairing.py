from autotune.compare import pair_sides
from tests.compare.sides import side


def named(*keys):
    """Sides that were swept over these settings, titled by them."""
    return [side(key, key=frozenset(key.split())) for key in keys]


def titles(pairing):
    return [(one.title, other.title) for one, other in pairing.pairs]


def test_points_pair_by_what_was_swept_not_by_their_order():
    pairing = pair_sides(named("tp=1", "tp=2"), named("tp=2", "tp=1"))
    assert titles(pairing) == [("tp=1", "tp=1"), ("tp=2", "tp=2")]
    assert not pairing.alone_before
    assert not pairing.alone_after


def test_points_without_a_partner_are_named():
    pairing = pair_sides(named("tp=1", "tp=2"), named("tp=2", "tp=4"))
    assert titles(pairing) == [("tp=2", "tp=2")]
    assert [item.title for item in pairing.alone_before] == ["tp=1"]
    assert [item.title for item in pairing.alone_after] == ["tp=4"]


def test_a_single_one_is_compared_with_each():
    pairing = pair_sides(named("tp=9"), named("tp=1", "tp=2"))
    assert titles(pairing) == [("tp=9", "tp=1"), ("tp=9", "tp=2")]


def test_a_sweep_over_more_is_compared_with_the_point_it_agrees_with():
    pairing = pair_sides(named("tp=1", "tp=2"), named("tp=1 seqs=8", "tp=1 seqs=9", "tp=2 seqs=8"))
    assert titles(pairing) == [("tp=1", "tp=1 seqs=8"), ("tp=1", "tp=1 seqs=9"), ("tp=2", "tp=2 seqs=8")]


def test_sweeps_over_different_things_share_nothing():
    pairing = pair_sides(named("tp=1", "tp=2"), named("seqs=8", "seqs=9"))
    assert not pairing.pairs
    assert (len(pairing.alone_before), len(pairing.alone_after)) == (2, 2)


def test_what_was_read_from_files_pairs_by_the_settings_that_tell_it_apart():
    found = [
        side("x.yaml", config={"parallel.tp": 2, "model.id": "m"}),
        side("y.yaml", config={"parallel.tp": 1, "model.id": "m"}),
    ]
    pairing = pair_sides(named("parallel.tp=1", "parallel.tp=2"), found)
    assert titles(pairing) == [("parallel.tp=1", "y.yaml"), ("parallel.tp=2", "x.yaml")]


def test_what_says_nothing_of_its_config_pairs_by_name():
    before = [side("old/a", name="a"), side("old/b", name="b")]
    after = [side("new/b", name="b"), side("new/c", name="c")]
    pairing = pair_sides(before, after)
    assert titles(pairing) == [("old/b", "new/b")]
    assert [item.title for item in pairing.alone_after] == ["new/c"]
