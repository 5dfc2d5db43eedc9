from autotune.report.provenance import Setting, chosen_settings, layer_counts, split_settings
from tests.report.results import result

CONFIG = {"parallel": {"tp": 2}, "misc": {"seed": 1, "extra_args": {"--a.b": 3}, "env": {"API_KEY": "x"}}}


def test_defaults_are_left_out_and_secrets_masked():
    origin = {
        "parallel.tp": "override parallel.tp=2",
        "misc.seed": "default",
        "misc.extra_args.--a.b": "mine.yaml:3",
        "misc.env": "conf/misc/default.yaml:2",
        "misc.env.API_KEY": "override misc.env.API_KEY=x",
        "gone.path": "mine.yaml:4",
    }
    assert chosen_settings(result(config=CONFIG, origin=origin)) == [
        Setting("misc.env.API_KEY", "********", "override misc.env.API_KEY=********"),
        Setting("misc.extra_args.--a.b", "3", "mine.yaml:3"),
        Setting("parallel.tp", "2", "override parallel.tp=2"),
    ]


def test_what_all_points_have_from_the_same_writer_is_said_once():
    one = result("a", config=CONFIG, origin={"parallel.tp": "p.yaml:1", "misc.seed": "override misc.seed=1"})
    two = result("b", config=CONFIG, origin={"parallel.tp": "q.yaml:1", "misc.seed": "override misc.seed=1"})
    common, own = split_settings([one, two])
    assert [item.path for item in common] == ["misc.seed"]
    assert [[item.writer for item in items] for items in own] == [["p.yaml:1"], ["q.yaml:1"]]
    assert split_settings([]) == ([], [])


def test_very_long_values_are_cut():
    (setting,) = chosen_settings(result(config={"a": {"b": "x" * 5000}}, origin={"a.b": "f.yaml:1"}))
    assert len(setting.value) < 400
    assert setting.value.endswith("...")


def test_layers_are_counted():
    results = [result("a", applied_layers=("x", "y")), result("b", applied_layers=("y",))]
    assert layer_counts(results) == [("x", 1), ("y", 2)]
