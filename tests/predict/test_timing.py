import pytest

from autotune.metrics import Load
from autotune.predict import Roofline
from autotune.run.simulate import simulate
from tests.predict.points import config_for, facts_for


def timing(model="Llama-3.1-8B-Instruct", engine="vllm", **groups):
    return Roofline().timing(config_for(**groups), facts_for(model, engine=engine))


def test_limits_are_of_the_whole_server():
    one, four = timing(), timing(parallel={"dp": 4})
    assert four.max_running_requests == 4 * one.max_running_requests
    assert four.max_batched_tokens == 4 * one.max_batched_tokens
    assert four.kv_capacity_tokens == pytest.approx(4 * one.kv_capacity_tokens, rel=0.01)
    assert timing(scheduling={"max_running_requests": 7}).max_running_requests == 7
    assert timing(memory={"max_total_tokens": 5000}).kv_capacity_tokens == 5000


def test_more_work_takes_longer():
    found = timing()
    assert (
        found.step_ms(0, 1, 1000)
        < found.step_ms(0, 64, 64_000)
        < found.step_ms(2048, 64, 64_000)
        < found.step_ms(8192, 64, 64_000)
    )
    assert found.step_ms(0, 64, 64_000) < found.step_ms(0, 64, 640_000)
    assert found.step_ms(0, 0, 0) > 0


def test_a_small_prefill_rides_along_while_the_weights_are_read():
    found = timing()
    alone, together = found.step_ms(64, 0, 0), found.step_ms(64, 8, 8000)
    assert together - found.step_ms(0, 8, 8000) < 0.2 * alone


def test_replicas_decode_side_by_side():
    assert timing(parallel={"dp": 4}).step_ms(0, 64, 64_000) == pytest.approx(timing().step_ms(0, 16, 16_000))


def test_ranks_that_share_experts_read_more_of_them():
    alone = timing("Qwen3-30B-A3B", engine="sglang", parallel={"tp": 1})
    shared = timing("Qwen3-30B-A3B", engine="vllm", parallel={"dp": 8})
    assert shared.sharing == 8
    assert shared.step_ms(0, 8, 0) > alone.step_ms(0, 1, 0) * 0.5
    assert shared.collective_token_s > 0 == alone.collective_token_s


@pytest.mark.parametrize(
    ("concurrency", "scenario", "groups"),
    [
        (1, "D(1000,100)", {}),
        (16, "D(1000,100)", {}),
        (64, "D(200,1000)", {}),
        (64, "D(8000,200)", {}),
        (32, "U(100,2000)/(20,200)", {}),
        (64, "D(1000,200)", {"parallel": {"dp": 4}}),
    ],
)
def test_the_formula_agrees_with_a_simulation_of_the_same_steps(concurrency, scenario, groups):
    config, facts, load = (
        config_for(benchmark={"max_requests": 200}, **groups),
        facts_for(),
        Load(scenario, concurrency),
    )
    formula = Roofline().predict(config, facts, load).measurement
    simulated = simulate(Roofline().timing(config, facts), load, 200)
    assert formula.tpot_ms["mean"] == pytest.approx(simulated.tpot_ms["mean"], rel=0.1)
    assert formula.output_tokens_per_s == pytest.approx(simulated.output_tokens_per_s, rel=0.2)
