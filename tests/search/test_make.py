import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.search import STRATEGIES, Failure, choose_strategy, make_strategy
from tests.examples import examples
from tests.search.landscape import OBJECTIVES, POINTS, drive, measure, share

FEW = POINTS[::27]
NAMES = sorted(STRATEGIES)


def make(name, points=FEW, objectives=OBJECTIVES, **more):
    return make_strategy(name, points, objectives=objectives, predictor=measure, **more)


def measured(points):
    return lambda index: measure(points[index])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limit", [1, 5, None])
def test_no_point_twice_no_more_than_allowed_and_the_same_again(name, limit):
    asked = drive(make(name, seed=3, max_experiments=limit), measured(FEW))
    assert asked
    assert len(set(asked)) == len(asked) <= (limit or len(FEW))
    assert asked == drive(make(name, seed=3, max_experiments=limit), measured(FEW))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "outcome",
    [
        Failure("start_crash"),
        Failure("out_of_memory"),
        {"output_tokens_per_s_per_gpu": math.nan, "tpot_ms": 1.0},
        {"tpot_ms": 5.0},
        {},
        {"output_tokens_per_s_per_gpu": 10.0, "tpot_ms": 1.0, "feasible": 0.0},
        {"output_tokens_per_s_per_gpu": 0.0, "tpot_ms": 0.0},
        {"output_tokens_per_s_per_gpu": 10.0, "tpot_ms": 1.0},
    ],
    ids=["crash", "memory", "nan", "missing", "nothing", "infeasible", "zero", "all-alike"],
)
def test_it_goes_on_whatever_all_points_give(name, outcome):
    asked = drive(make(name), lambda index: outcome)
    assert asked
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("name", NAMES)
def test_one_point_and_none(name):
    assert drive(make(name, POINTS[:1]), measured(POINTS)) == [0]
    assert drive(make(name, []), measured(POINTS)) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("objectives", [
    {"tpot_ms": "min"},
    {"output_tokens_per_s_per_gpu": "max"},
    {"output_tokens_per_s_per_gpu": "max", "tpot_ms": "min", "ttft_ms": "min"},
    {"output_tokens_per_s_per_gpu": "max", "tpot_ms": "min", "ttft_ms": "min", "something": "max"},
])  # fmt: skip
def test_any_number_of_objectives(name, objectives):
    asked = drive(
        make_strategy(name, FEW, objectives=objectives, predictor=measure, max_experiments=6),
        lambda index: measure(FEW[index]) | {"something": -float(index)},
    )
    assert len(asked) == 6


@pytest.mark.parametrize("name", NAMES)
def test_several_asks_may_be_open_and_a_dropped_one_comes_again(name):
    strategy = make(name)
    opened = [strategy.ask() for _ in range(4)]
    assert len(set(opened)) == 4
    for index in opened[1:]:
        strategy.tell(index, measure(FEW[index]))
    strategy.drop(opened[0])
    rest = drive(strategy, measured(FEW))
    assert opened[0] in rest or name in ("progressive_pareto", "hybrid", "two_stage")
    assert not set(rest) & set(opened[1:])


@pytest.mark.parametrize("name", NAMES)
def test_what_an_earlier_run_measured_is_neither_asked_for_again_nor_forgotten_in_the_limit(name):
    strategy = make(name, max_experiments=4)
    for index in (0, 7):
        strategy.tell(index, measure(FEW[index]))
    asked = drive(strategy, measured(FEW))
    assert len(asked) == 2
    assert not {0, 7} & set(asked)


@pytest.mark.parametrize("name", ["grid", "random", "progressive_pareto", "hybrid", "two_stage", "bayesian"])
def test_out_of_memory_rules_out_what_needs_more_and_nothing_else(name):
    points = [{"tp": tp, "max_running_requests": seats} for tp in (1, 2) for seats in (64, 128, 256)]
    strategy = make_strategy(name, points, objectives={"tpot_ms": "min"}, predictor=lambda point: {"tpot_ms": 1.0})
    strategy.tell(1, Failure("out_of_memory"))
    asked = drive(strategy, lambda index: {"tpot_ms": 1.0})
    assert 2 not in asked, "tp=1 with 256 requests needs more than with 128"
    assert set(asked) <= {0, 3, 4, 5}
    assert name == "two_stage" or set(asked) == {0, 3, 4, 5}


def test_a_server_that_never_came_up_is_not_tried_under_another_load():
    points = [{"parallel.tp": tp, "benchmark.num_concurrency": load} for tp in (1, 2) for load in (8, 1)]
    strategy = make_strategy("grid", points, objectives={"tpot_ms": "min"})
    strategy.tell(0, Failure("start_crash"))
    assert drive(strategy, lambda index: {"tpot_ms": 1.0}) == [2, 3]
    strategy = make_strategy("grid", points, objectives={"tpot_ms": "min"})
    strategy.tell(0, Failure("benchmark"))
    assert drive(strategy, lambda index: {"tpot_ms": 1.0}) == [1, 2, 3]


def test_auto_takes_the_grid_where_a_search_would_not_be_shorter():
    assert choose_strategy("auto", 12, predicted=True) == "grid"
    assert choose_strategy("auto", 12, predicted=False, limit=6) == "progressive_pareto"
    assert choose_strategy("auto", 13, predicted=False) == "progressive_pareto"
    assert choose_strategy("auto", 13, predicted=True) == "hybrid"
    assert choose_strategy("random", 13, predicted=True) == "random"


def test_random_is_another_order_for_another_seed():
    orders = {tuple(drive(make("random", seed=seed), measured(FEW))) for seed in range(4)}
    assert len(orders) == 4
    assert all(sorted(order) == list(range(len(FEW))) for order in orders)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "greedy"}, "unknown strategy 'greedy'; there are grid"),
        ({"objectives": {}}, "at least one objective"),
        ({"objectives": {"tpot_ms": "minimise"}}, "'max' or 'min', not"),
        ({"max_experiments": 0}, "at least 1, not 0"),
        ({"name": "hybrid", "predictor": None}, "hybrid needs a predictor"),
        ({"name": "two_stage", "predictor": [{}]}, "for each of the 12 points"),
    ],
)
def test_what_cannot_be_is_said(arguments, words):
    with pytest.raises(ValueError, match=words):
        make_strategy(**{"name": "grid", "points": FEW, "objectives": OBJECTIVES, **arguments})


@pytest.mark.slow
def test_a_predictor_is_a_function_or_a_list_and_may_not_know_every_point():
    known = [None if index == 4 else measure(point) for index, point in enumerate(FEW)]
    for name in ("two_stage", "hybrid"):
        by_list = make_strategy(name, FEW, objectives=OBJECTIVES, predictor=known)
        by_function = make_strategy(name, FEW, objectives=OBJECTIVES, predictor=dict(enumerate(known)).get and (
            lambda point: None if point is FEW[4] else measure(point)))  # fmt: skip
        assert drive(by_list, measured(FEW)) == drive(by_function, measured(FEW))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "needed"), [("progressive_pareto", 10), ("hybrid", 6), ("two_stage", 6)])
def test_the_frontier_of_324_points_is_found_in_few_experiments(name, needed):
    for seed in range(3):
        asked = drive(make(name, POINTS, seed=seed), measured(POINTS))
        assert len(asked) <= 17
        assert share(asked[:needed]) >= 0.95
    shuffled = drive(make("random", POINTS, seed=0, max_experiments=needed), measured(POINTS))
    assert share(shuffled) < share(asked[:needed])


@pytest.mark.slow
def test_hybrid_corrects_a_prediction_that_is_wrong():
    def wrong(point):
        metrics = measure(point)
        slow = 0.5 if point["quantization.gemm_mode"] == "bf16" else 2.0
        return {"tpot_ms": metrics["tpot_ms"] * slow, "output_tokens_per_s_per_gpu": metrics["output_tokens_per_s_per_gpu"] / slow}  # fmt: skip

    asked = drive(make_strategy("hybrid", POINTS, objectives=OBJECTIVES, predictor=wrong), measured(POINTS))
    assert len(asked) <= 17
    assert share(asked) >= 0.95


def test_a_server_that_runs_is_preferred_where_nothing_else_decides():
    points = [{"misc.kernel": kernel, "benchmark.num_concurrency": load} for kernel in "ab" for load in (4, 16, 64)]
    told = {0: (40.0, 5.0), 2: (160.0, 20.0), 3: (40.0, 5.0), 5: (160.0, 20.0)}

    def fifth(running):
        strategy = make_strategy("progressive_pareto", points, objectives=OBJECTIVES, max_experiments=6)
        for index, (throughput, tpot) in told.items():
            strategy.tell(index, {"output_tokens_per_s_per_gpu": throughput, "tpot_ms": tpot})
        return strategy.ask(running)

    assert fifth([0]) == 1
    assert fifth([5]) == 4


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(data=st.data())
def test_any_space_with_any_outcomes_ends_without_a_point_twice(data):
    values = st.one_of(
        st.none(), st.booleans(), st.integers(-3, 300), st.floats(0.1, 1.0), st.sampled_from(["a", "fp8"])
    )
    names = ["tp", "batch_size", "memory.kv", "x"]
    points = data.draw(st.lists(st.dictionaries(st.sampled_from(names), values), min_size=1, max_size=12))
    outcomes = st.one_of(
        st.builds(Failure, st.sampled_from(["out_of_memory", "start_crash", "benchmark"])),
        st.fixed_dictionaries({"tpot_ms": st.floats(-10, 1e6)}, optional={"output_tokens_per_s_per_gpu": st.floats(allow_nan=True, allow_infinity=True)}),
    )  # fmt: skip
    strategy = make_strategy("progressive_pareto", points, objectives=OBJECTIVES, seed=data.draw(st.integers(0, 9)))
    asked = drive(strategy, lambda index: data.draw(outcomes))
    assert asked
    assert len(set(asked)) == len(asked)
