from autotune.report import Reported
from autotune.report.effects import find_effects
from autotune.report.series import MAX_OWN, choose_series
from tests.report.results import failed, measurement, result, run


def series(results):
    return choose_series(Reported(run(results), tuple(results)), find_effects(results))


def grid(count, tokens=lambda tp, seed: 100.0):
    return [
        result(f"{tp}-{seed}", (f"parallel.tp={tp}", f"misc.seed={seed}"), [measurement(tokens=tokens(tp, seed))])
        for tp in (1, 2, 4)
        for seed in range(count)
    ]


def test_a_few_points_have_a_series_each():
    found = series([*grid(4), failed()])
    assert found.own
    assert len(found.legend) == MAX_OWN
    assert found.legend[0] == (0, "#1 tp=1 seed=0")


def test_many_points_share_the_series_of_the_setting_that_moves_them_most():
    found = series(grid(7, lambda tp, seed: 100 * tp + seed))
    assert (found.own, found.setting) == (False, "tp")
    assert found.legend == ((0, "tp=1"), (1, "tp=2"), (2, "tp=4"))
    assert found.index[:8] == (0,) * 7 + (1,)
    assert series(grid(7, lambda tp, seed: 100 * (seed + 1) + tp)).setting == "seed"


def test_settings_with_too_many_values_are_no_colours():
    assert series(grid(9)).setting == "tp"
    many = [result(str(seed), (f"misc.seed={seed}",), [measurement()]) for seed in range(20)]
    assert series(many).legend == ((0, "every point"),)
