import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.run.simulation import Simulation
from tests.examples import examples
from tests.run.timings import LinearTiming


def flat(**limits):
    """1 ms a step, 1 ms a prefilled token, so that times can be told by heart."""
    return LinearTiming(base_ms=1.0, prefill_ms=1.0, decode_ms=0.0, kv_ms=0.0, **limits)


def run(simulation):
    steps = []
    while (step := simulation.advance()) is not None:
        steps.append(step)
        assert len(steps) < 10_000
    return steps


def token_times(steps, sequence):
    return [step.end_ms for step in steps if sequence.first_step <= step.number <= sequence.last_step]


def test_one_request_prefills_in_one_step_and_then_decodes_one_token_a_step():
    simulation = Simulation(flat())
    sequence = simulation.add(10, 4, arrival_ms=5.0)
    assert token_times(run(simulation), sequence) == [16.0, 17.0, 18.0, 19.0]


def test_a_request_of_one_token_ends_with_its_prefill():
    simulation = Simulation(flat())
    sequence = simulation.add(10, 1, arrival_ms=0.0)
    [step] = run(simulation)
    assert (step.started, step.finished) == ((sequence,), (sequence,))


def test_a_newcomer_prefills_in_the_same_steps_that_decode_the_others():
    simulation = Simulation(flat())
    first = simulation.add(10, 5, arrival_ms=0.0)
    second = simulation.add(20, 2, arrival_ms=11.5)
    steps = run(simulation)
    # 0-11 prefill of the first; 11-12 decode; 12-33 decode beside the prefill of the second.
    assert token_times(steps, first) == [11.0, 12.0, 33.0, 34.0, 35.0]
    assert token_times(steps, second) == [33.0, 34.0]


def test_a_long_prompt_is_cut_into_chunks_that_leave_room_for_decoding():
    simulation = Simulation(flat(max_batched_tokens=8, max_running_requests=4))
    short = simulation.add(4, 6, arrival_ms=0.0)
    long = simulation.add(18, 1, arrival_ms=0.0)
    steps = run(simulation)
    assert [[count for sequence, count in step.chunks if sequence is long] for step in steps[:3]] == [[4], [7], [7]]
    assert short.first_step == 1
    assert long.first_step == 3


def test_no_more_requests_run_than_the_limit_and_the_others_come_first_come_first_served():
    simulation = Simulation(flat(max_running_requests=2))
    sequences = [simulation.add(5, 3, arrival_ms=float(at)) for at in range(5)]
    run(simulation)
    firsts = [sequence.first_step for sequence in sequences]
    assert firsts == sorted(firsts)
    assert sequences[2].first_step > min(sequences[0].last_step, sequences[1].last_step)


def test_a_request_waits_until_the_kv_cache_has_room_for_all_of_it():
    simulation = Simulation(flat(kv_capacity_tokens=30))
    first, second = (simulation.add(10, 10, arrival_ms=0.0) for _ in range(2))
    run(simulation)
    assert second.first_step == first.last_step + 1


def test_what_can_never_fit_is_refused():
    with pytest.raises(ValueError, match="KV cache"):
        Simulation(flat(kv_capacity_tokens=19)).add(10, 10, 0.0)


def test_planning_changes_nothing_and_an_earlier_arrival_still_joins():
    simulation = Simulation(flat())
    simulation.add(10, 1, arrival_ms=5.0)
    assert simulation.plan() == simulation.plan()
    simulation.add(10, 1, arrival_ms=5.0)
    [step] = run(simulation)
    assert (step.start_ms, step.end_ms) == (5.0, 26.0)


@pytest.mark.parametrize("after_steps", range(5))
def test_a_request_that_is_removed_leaves_its_room_to_others(after_steps):
    simulation = Simulation(flat(kv_capacity_tokens=40, max_batched_tokens=8, max_running_requests=4))
    gone = simulation.add(20, 20, arrival_ms=0.0)
    for _ in range(after_steps):
        simulation.advance()
    simulation.remove(gone)
    simulation.remove(gone)
    other = simulation.add(20, 20, arrival_ms=simulation.clock_ms)
    steps = run(simulation)
    assert len(token_times(steps, other)) == 20
    assert all(gone not in step.finished for step in steps)


def test_the_kv_tokens_read_are_those_of_the_running_requests():
    timing = flat()
    seen = []
    timing.step_ms = lambda *work: seen.append(work) or 1.0
    simulation = Simulation(timing)
    simulation.add(10, 3, arrival_ms=0.0)
    while simulation.plan() is not None:
        seen.clear()
        simulation.advance()
        last = seen[-1]
    assert last == (0, 1, 12)


requests = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 12), st.floats(0, 200)), min_size=1, max_size=25)


@settings(max_examples=examples(60), deadline=None)
@given(requests, st.integers(1, 6), st.integers(1, 50), st.integers(52, 200))
def test_every_request_gets_its_tokens_and_no_step_breaks_a_limit(requests, running, batched, capacity):
    timing = LinearTiming(max_running_requests=running, max_batched_tokens=batched, kv_capacity_tokens=capacity)
    work = []
    plain = timing.step_ms
    timing.step_ms = lambda *step: work.append(step) or plain(*step)
    simulation = Simulation(timing)
    sequences = [simulation.add(*request) for request in requests]
    steps = run(simulation)
    assert all(prefill + decode <= batched and decode <= running for prefill, decode, _ in work)
    assert all(kv <= capacity for _, _, kv in work)
    assert all(step.end_ms > step.start_ms for step in steps)
    for sequence in sequences:
        times = token_times(steps, sequence)
        assert len(times) == sequence.output_tokens
        assert times[0] >= sequence.arrival_ms
    assert {sequence for step in steps for sequence in step.finished} == set(sequences)
