import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.report.effects import Outage, effect_metrics, find_effects, find_outages, ordered_values
from autotune.report.rows import swept_columns
from autotune.score import OBJECTIVES
from tests.report.results import failed, measurement, result

TOKENS, TPOT = OBJECTIVES["maximize_throughput"], OBJECTIVES["minimize_tpot"]


def point(name, tokens, *settings, **more):
    return result(name, settings, [measurement(tokens=tokens, tpot=1000 / tokens)], **more)


def test_only_points_that_differ_in_one_setting_are_compared():
    results = [
        point("a", 100, "parallel.tp=2", "quantization=bf16"),
        point("b", 150, "parallel.tp=4", "quantization=bf16"),
        point("c", 400, "parallel.tp=4", "quantization=fp8"),
    ]
    effects = find_effects(results)
    assert [(item.setting, item.old, item.new, item.points) for item in effects] == [
        ("parallel.tp", "2", "4", 1),
        ("quantization", "bf16", "fp8", 1),
    ]
    change = effects[0].change(TOKENS)
    assert (change.median, change.low, change.high, change.better) == (1.5, 1.5, 1.5, 1)
    assert effects[0].change(TPOT).better == 1


def test_median_and_range_are_over_the_pairs():
    ratios = {"bf16": 1.5, "fp8": 2.0, "fp8_kv": 0.8}
    results = [
        point(f"{quantization}{tp}", 100 * (ratio if tp == 4 else 1), f"parallel.tp={tp}", f"quantization={quantization}")
        for quantization, ratio in ratios.items()
        for tp in (2, 4)
    ]  # fmt: skip
    change = find_effects(results)[0].change(TOKENS)
    assert (change.median, change.low, change.high, len(change.ratios), change.better) == (1.5, 0.8, 2.0, 3, 2)
    assert change.mixed
    assert find_effects(results)[0].few


def test_five_pairs_are_not_few():
    results = [point(f"{n}{tp}", 100 * tp, f"parallel.tp={tp}", f"misc.seed={n}") for n in range(5) for tp in (1, 2)]
    assert [item.few for item in find_effects(results) if item.setting == "parallel.tp"] == [False]


def test_numbers_step_by_step_and_names_from_the_first():
    numbers = [point(f"p{tp}", tp, f"parallel.tp={tp}") for tp in (8, 1, 4)]
    assert [(item.old, item.new) for item in find_effects(numbers)] == [("1", "4"), ("4", "8")]
    names = [point(name, 1, f"+profile={name}") for name in ("plain", "b", "a")]
    assert [(item.old, item.new) for item in find_effects(names)] == [("a", "b"), ("a", "plain")]
    typed = ["x=1", "+profile=plain,b,a"]
    assert [(item.old, item.new) for item in find_effects(names, typed)] == [("plain", "b"), ("plain", "a")]


def test_values_in_order():
    assert ordered_values("s", {"s": ["16", "4", "16", "1e1"]}) == ["4", "1e1", "16"]
    assert ordered_values("s", {"s": ["true", "false"]}) == ["false", "true"]
    assert ordered_values("s", {"s": ["x", "", "10"]}) == ["", "10", "x"]


def test_loads_are_matched_and_others_left_out():
    one = result("a", ("parallel.tp=2",), [measurement(1, tokens=10), measurement(8, tokens=20)])
    two = result("b", ("parallel.tp=4",), [measurement(8, tokens=50), measurement(64, tokens=99)])
    (effect,) = find_effects([one, two])
    assert [(pair.before.measurement.load.concurrency, pair.ratio(TOKENS)) for pair in effect.pairs] == [(8, 2.5)]


def test_measurements_full_of_errors_prove_nothing():
    good, bad = point("a", 100, "parallel.tp=2"), result("b", ("parallel.tp=4",), [measurement(error_rate=0.5)])
    assert find_effects([good, bad]) == []


def test_nothing_measured_is_paired_with_anything_emulated():
    emulated = result("b", ("parallel.tp=4",), [measurement(kind="emulated")], kind="emulated")
    assert find_effects([point("a", 100, "parallel.tp=2"), emulated]) == []


def test_settings_that_only_move_together_have_no_effect_of_their_own():
    tied = [point("a", 100, "parallel.tp=2", "parallel.dp=4"), point("b", 50, "parallel.tp=4", "parallel.dp=2")]
    assert find_effects(tied) == []


def test_points_that_did_not_run_are_passed_over_and_counted():
    results = [
        point("a", 100, "parallel.tp=2"),
        failed("b", ("parallel.tp=3",)),
        point("c", 150, "parallel.tp=4"),
        result("d", ("parallel.tp=8",), status="running"),
    ]
    assert [(item.old, item.new, item.points) for item in find_effects(results)] == [("2", "4", 1)]
    assert find_outages(results) == [Outage("parallel.tp", "3", 1, 1)]
    assert find_outages(results[::2]) == []


def test_what_layers_changed_too_is_named():
    small, large = point("a", 100, "parallel.tp=2"), point("b", 150, "parallel.tp=4", gpus=4)
    small = replace(small, config=small.config | {"memory": {"page_size": 16}})
    large = replace(large, config=large.config | {"memory": {"page_size": 64}})
    assert [item.along for item in find_effects([small, large])] == [("memory.page_size",)]


def test_metrics_are_the_usual_ones_and_the_objectives():
    assert [item.name for item in effect_metrics([])][:1] == ["maximize_throughput_per_gpu"]
    other = result(config={"optimization": {"objectives": ["minimize_latency", "minimize_tpot"]}})
    names = [item.name for item in effect_metrics([other])]
    assert names[-1] == "minimize_latency"
    assert names.count("minimize_tpot") == 1


@pytest.mark.parametrize("wrong", [0.0, math.nan, -1.0])
def test_what_is_not_positive_has_no_ratio(wrong):
    results = [point("a", 100, "parallel.tp=2"), result("b", ("parallel.tp=4",), [measurement(tokens=wrong)])]
    (effect,) = find_effects(results)
    assert effect.change(TOKENS) is None
    assert effect.change(TPOT).ratios == (1.0,)


VALUES = {"parallel.tp": ["1", "2", "4", "8"], "quantization": ["bf16", "fp8"], "misc.seed": ["0", "1", "2"]}
GRID = [(tp, q, seed) for tp in VALUES["parallel.tp"] for q in VALUES["quantization"] for seed in VALUES["misc.seed"]]


@given(st.lists(st.tuples(st.sampled_from(GRID), st.floats(1, 1e6)), max_size=24, unique_by=lambda item: item[0]))
def test_pairs_differ_in_exactly_one_setting_and_none_is_left_out(chosen):
    results = [
        point("-".join(values), tokens, *(f"{path}={value}" for path, value in zip(VALUES, values, strict=True)))
        for values, tokens in chosen
    ]
    settings = {item.point_id: item.overrides for item in results}
    found = set()
    for effect in find_effects(results):
        assert effect.points == len(effect.pairs)
        for pair in effect.pairs:
            old, new = (settings[row.result.point_id] for row in (pair.before, pair.after))
            assert sum(left != right for left, right in zip(old, new, strict=True)) == 1
            assert f"{effect.setting}={effect.old}" in old
            assert f"{effect.setting}={effect.new}" in new
            found.add((effect.setting, pair.before.result.point_id, pair.after.result.point_id))
        change = effect.change(TOKENS)
        assert change.low <= change.median <= change.high
        assert 0 <= change.better <= len(change.ratios) == len(effect.pairs)
    # The same pairs, found the slow way: neighbours along one setting among the points that are there.
    there = {values for values, _ in chosen}
    expected = set()
    for place, path in enumerate(VALUES):
        if path in swept_columns(results):
            for old in there:
                line = [(*old[:place], value, *old[place + 1 :]) for value in VALUES[path]]
                line = [values for values in line if values in there]
                at = line.index(old)
                expected |= {(path, "-".join(old), "-".join(new)) for new in line[at + 1 : at + 2]}
    assert found == expected
