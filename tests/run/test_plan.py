from autotune.run.plan import group_points, needs_as_much, run_fingerprint
from tests.run.points import make_point


def test_points_that_share_a_deployment_share_a_server_in_order_of_appearance():
    points = [make_point("b"), make_point("a", concurrency=1), make_point("b", concurrency=8)]
    groups = group_points(points)
    assert [[point.id for point in group.points] for group in groups] == [[points[0].id, points[2].id], [points[1].id]]


def test_a_run_is_known_by_its_points_in_order_and_its_executor():
    assert run_fingerprint(["a", "b"], "local") == run_fingerprint(["a", "b"], "local")
    assert (
        len({run_fingerprint(*key) for key in [(["a", "b"], "local"), (["b", "a"], "local"), (["a", "b"], "emulated")]})
        == 3
    )


def test_only_points_with_nothing_smaller_need_as_much_memory_as_one_that_ran_out_of_it():
    failed = make_point(misc={"context_length": 8192})
    assert needs_as_much(make_point(misc={"context_length": 16384}), failed)
    assert not needs_as_much(make_point(misc={"context_length": 4096}), failed)
    assert not needs_as_much(make_point(), failed)
    assert not needs_as_much(make_point(misc={"context_length": 16384}, parallel={"tp": 2}), failed)
    assert not needs_as_much(make_point(misc={"context_length": 16384}, memory={"mem_fraction_static": 0.95}), failed)
