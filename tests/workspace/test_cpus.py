from autotune.workspace.cpus import usable_cpus


def system(folder, siblings, nodes):
    for number, text in siblings.items():
        topology = folder / f"cpu/cpu{number}/topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(text + "\n")
    for number, text in nodes.items():
        (folder / f"node/node{number}").mkdir(parents=True)
        (folder / f"node/node{number}/cpulist").write_text(text + "\n")
    return folder


def test_threads_of_one_core_belong_together_and_have_a_numa_node(tmp_path):
    siblings = {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}
    cpus = usable_cpus(system(tmp_path, siblings, {0: "0,2", 1: "1,3"}), frozenset(range(4)))
    assert cpus.cores == ((0, 2), (1, 3))
    assert cpus.zones == {0: 0, 2: 0, 1: 1, 3: 1}


def test_what_the_process_is_kept_off_is_not_there(tmp_path):
    cpus = usable_cpus(system(tmp_path, dict.fromkeys(range(4), "0-3"), {0: "0-3"}), frozenset({1, 2}))
    assert cpus == (((1, 2),), {1: 0, 2: 0})


def test_a_system_that_does_not_tell_has_a_core_for_each_thread(tmp_path):
    assert usable_cpus(tmp_path, frozenset({0, 1})) == (((0,), (1,)), {})


def test_this_machine_has_cores():
    cpus = usable_cpus()
    assert cpus.cores == () or len({thread for core in cpus.cores for thread in core}) >= len(cpus.cores)
