from hypothesis import given
from hypothesis import strategies as st

from autotune.run.slots import Assigned, Layout, Slots

EIGHT = Layout((tuple("01234567"),))
#: Two NUMA nodes of four GPUs, with the CPU threads near them.
TWO_ZONES = Layout(
    EIGHT.nodes,
    {(0, name): int(name) // 4 for name in "01234567"},
    {(0, name): tuple(range(16)) if int(name) < 4 else tuple(range(16, 32)) for name in "01234567"},
)


def test_experiments_stand_side_by_side_while_they_fit_and_never_share_a_gpu():
    slots = Slots(EIGHT)
    four, two = slots.take(4), slots.take(2)
    assert len({*four, *two}) == 6
    assert slots.take(4) is None
    slots.give_back(four)
    assert slots.take(4) is not None


def test_a_deployment_of_one_node_is_not_spread_over_two():
    slots = Slots(Layout((("0", "1"), ("0", "1"))))
    assert not slots.fits(4)
    assert slots.take(4) is None
    assert slots.take(4, nodes=2) == ((0, "0"), (0, "1"), (1, "0"), (1, "1"))


def test_small_ones_fill_a_node_that_is_in_use_so_that_a_large_one_finds_an_empty_one():
    slots = Slots(Layout((tuple("0123"), tuple("0123"))))
    slots.take(1)
    slots.take(1)
    assert slots.take(4) is not None


def test_gpus_of_one_server_are_of_one_numa_node_where_that_is_possible():
    slots = Slots(TWO_ZONES)
    (single,) = slots.take(1)
    assert [name for _, name in slots.take(4)] == list("4567"), "not the rest of the node that is in use"
    assert [name for _, name in slots.take(3)] == list("123")
    slots.give_back([single])
    slots.give_back([(0, name) for name in "14567"])
    assert [name for _, name in slots.take(6)] == list("014567"), "no node is large enough, and few are used"


def test_a_server_stays_on_the_cores_near_its_gpus_unless_they_are_of_two_nodes():
    assert TWO_ZONES.assigned(((0, "5"), (0, "6"))) == Assigned(("5", "6"), tuple(range(16, 32)))
    assert TWO_ZONES.assigned(((0, "3"), (0, "4"))) == Assigned(("3", "4"))
    assert EIGHT.assigned(((0, "3"),)) == Assigned(("3",))


@given(
    st.sampled_from([EIGHT, TWO_ZONES, Layout((tuple("01234567"), tuple("0123"), ("GPU-a", "GPU-b")))]),
    st.lists(st.tuples(st.sampled_from([1, 2, 3, 4, 8]), st.sampled_from([1, 1, 2]), st.integers(0, 9)), max_size=40),
)
def test_no_slot_is_ever_handed_out_twice_and_none_is_lost(layout, requests):
    slots = Slots(layout)
    held = []
    for count, nodes, which in requests:
        taken = slots.take(count, nodes)
        if taken is None:
            if held:
                slots.give_back(held.pop(which % len(held)))
            continue
        assert len(taken) == -(-count // nodes) * nodes
        assert len({node for node, _ in taken}) == nodes
        held.append(taken)
        used = [slot for item in held for slot in item]
        assert len(used) == len(set(used))
    for item in held:
        slots.give_back(item)
    everything = [slots.take(1) for node in layout.nodes for _ in node]
    assert {slot for item in everything for slot in item} == {
        (index, name) for index, node in enumerate(layout.nodes) for name in node
    }
