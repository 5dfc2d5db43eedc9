import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.run.floor import Floor, Job, makespan, shortest_makespan
from autotune.run.slots import Layout

EIGHT = Layout((tuple("01234567"),))
JOBS = st.lists(st.tuples(st.sampled_from([1, 2, 4, 8]), st.floats(1, 100)), min_size=1, max_size=30)


def make_jobs(sizes):
    return [Job(f"job-{number}", slots, seconds=seconds) for number, (slots, seconds) in enumerate(sizes)]


def test_what_does_not_fit_now_lets_those_behind_it_go_first():
    floor = Floor(make_jobs([(4, 1), (8, 1), (4, 1)]), EIGHT, None)
    assert [job.name for job, _ in floor.start()] == ["job-0", "job-2"]
    floor.end("job-0")
    assert floor.start() == []
    floor.end("job-2")
    assert [job.name for job, _ in floor.start()] == ["job-1"]


def test_at_once_bounds_what_runs_with_and_without_slots():
    for layout in (EIGHT, Layout()):
        floor = Floor(make_jobs([(1, 1)] * 3), layout, 2)
        assert len(floor.start()) == 2
        floor.end("job-0")
        assert [job.name for job, _ in floor.start()] == ["job-2"]


@given(JOBS, st.sampled_from([None, 1, 2, 3]), st.integers(0, 2**32))
def test_two_jobs_never_hold_one_gpu_whatever_ends_first(sizes, at_once, seed):
    floor, rng, ran = Floor(make_jobs(sizes), EIGHT, at_once), random.Random(seed), []
    while floor.waiting or floor.running:
        started = floor.start()
        ran += [job.name for job, _ in started]
        assert all(len(taken) == job.slots for job, taken in started)
        held = [slot for taken in floor.running.values() for slot in taken]
        assert len(held) == len(set(held))
        assert at_once is None or len(floor.running) <= at_once
        floor.end(rng.choice(sorted(floor.running)))
    assert sorted(ran) == sorted(f"job-{number}" for number in range(len(sizes))), "each runs once"


@given(JOBS, st.sampled_from([None, 1, 2, 3]))
def test_no_order_ends_before_the_lower_bound(sizes, at_once):
    jobs = make_jobs(sizes)
    assert makespan(jobs, EIGHT, at_once) >= shortest_makespan(jobs, EIGHT, at_once) * (1 - 1e-9)


@pytest.mark.parametrize(
    ("sizes", "at_once", "bound"),
    [
        ([(8, 3), (8, 4)], None, 7),
        ([(4, 3), (4, 3), (4, 3)], None, 4.5),
        ([(8, 3), (2, 5), (2, 5)], None, 8),
        ([(1, 2)] * 6, 2, 6),
        ([(1, 9), (1, 1)], None, 9),
    ],
)
def test_the_lower_bound_of_a_few_that_one_can_see(sizes, at_once, bound):
    assert shortest_makespan(make_jobs(sizes), EIGHT, at_once) == pytest.approx(bound)


def test_without_slots_as_many_lanes_as_may_run_at_once():
    jobs = make_jobs([(1, 3), (1, 2), (1, 1)])
    assert makespan(jobs, Layout(), 2) == 3
    assert shortest_makespan(jobs, Layout(), 2) == 3


def test_longer_jobs_make_a_longer_bound():
    spans = [shortest_makespan(make_jobs([(2, seconds)] * 5), EIGHT, None) for seconds in (1, 2, 3)]
    assert all(later > earlier for earlier, later in pairwise(spans))
