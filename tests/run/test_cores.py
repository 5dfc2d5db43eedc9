from autotune.run.cores import number_ranges, share_cores, share_evenly
from autotune.run.slots import Assigned

#: Two NUMA nodes of four cores with two threads each, numbered as Linux does on two sockets.
CORES = tuple((number, number + 8) for number in range(8))
ZONES = {thread: (thread % 8) // 4 for thread in range(16)}


def test_a_share_is_whole_cores_of_one_numa_node():
    layout = share_cores(CORES, ZONES, 3)
    assert layout.nodes == (("0-2", "4-6"),), "the fourth core of each node is left, not joined over the two"
    assert layout.assigned(((0, "4-6"),)) == Assigned((), (4, 5, 6, 12, 13, 14))


def test_a_share_larger_than_a_node_is_over_both():
    assert share_cores(CORES, ZONES, 6).nodes == (("0-5",),)
    assert not share_cores(CORES, ZONES, 9)


def test_cores_are_shared_out_evenly_and_no_two_servers_have_one_core():
    for servers in range(1, 12):
        layout = share_evenly(CORES, ZONES, servers)
        assert len(layout.nodes[0]) == min(servers, 8)
        used = [thread for name in layout.nodes[0] for thread in layout.cpus[0, name]]
        assert len(used) == len(set(used))
    assert share_evenly(CORES, ZONES, 2).nodes == (("0-3", "4-7"),)


def test_numbers_are_written_as_the_kernel_writes_them():
    assert number_ranges([8, 0, 1, 2, 3, 10, 11]) == "0-3,8,10-11"
