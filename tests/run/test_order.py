import random

import pytest

from autotune.run.floor import Job, makespan, shortest_makespan
from autotune.run.order import best_order
from autotune.run.slots import Layout

EIGHT = Layout((tuple("01234567"),))


def mixture(seed):
    """Experiments of tp 1, 2, 4 and 8, of one to six loads each of a minute and a start of one to five minutes."""
    rng = random.Random(seed)
    return [
        Job(f"{number}", rng.choice([1, 2, 4, 8]), seconds=rng.randint(1, 6) * 60 + rng.uniform(60, 300))
        for number in range(rng.randint(12, 40))
    ]


@pytest.mark.parametrize("seed", range(50))
def test_the_last_of_a_mixture_ends_within_a_tenth_of_the_lower_bound(seed):
    jobs = mixture(seed)
    order = best_order(jobs, EIGHT, None)
    assert sorted(job.name for job in order) == sorted(job.name for job in jobs)
    assert makespan(order, EIGHT, None) <= 1.1 * shortest_makespan(jobs, EIGHT, None)


def test_of_one_width_the_longest_starts_first():
    jobs = [Job("short", 1, seconds=1), Job("long", 1, seconds=9), Job("middle", 1, seconds=5)]
    assert [job.name for job in best_order(jobs, EIGHT, 2)] == ["long", "middle", "short"]


def test_the_same_jobs_give_the_same_order():
    assert best_order(mixture(3), EIGHT, None) == best_order(mixture(3), EIGHT, None)


@pytest.mark.slow
def test_what_is_estimated_wrongly_costs_less_than_what_ran_in_the_order_of_the_sweep():
    """Real experiments take other times than were estimated; the order still has to be worth it."""
    ours = theirs = 0.0
    for seed in range(20):
        jobs = sorted(mixture(seed), key=lambda job: job.slots)
        rng = random.Random(seed)
        real = {job.name: Job(job.name, job.slots, seconds=job.seconds * rng.uniform(0.6, 1.4)) for job in jobs}
        ours += makespan([real[job.name] for job in best_order(jobs, EIGHT, None)], EIGHT, None)
        theirs += makespan([real[job.name] for job in jobs], EIGHT, None)
    assert ours < theirs
