from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import Source, Writer
from autotune.layers import Layer, apply_layers, compile_condition, flatten, get_path, split_path
from tests.examples import examples

PIN = Writer(Source.USER, override="parallel.tp=2")


def layer(profile, name, when=None, **values):
    writes = tuple(
        (
            split_path(key.replace("__", ".")),
            value,
            Writer(Source.PROFILE, f"profiles/{profile}.yaml", 3, profile, name),
        )
        for key, value in values.items()
    )
    condition = None if when is None else compile_condition(when)
    return Layer(profile, name, condition, writes, Writer(Source.PROFILE, f"profiles/{profile}.yaml", 2, profile, name))


def apply(data, layers, pinned=None):
    return apply_layers(data, layers, pinned or {}, lambda current, roots: {**current, "gpu": {"supports_fp8": True}})


def test_a_later_profile_wins_and_the_loser_is_on_record():
    result = apply({"parallel": {"tp": None}}, [layer("a", "x", parallel__tp=2), layer("b", "y", parallel__tp=4)])
    assert result.data == {"parallel": {"tp": 4}}
    assert [(write.value, write.writer.profile) for write in result.writes] == [(2, "a"), (4, "b")]
    assert result.origin["parallel.tp"].profile == "b"
    assert result.diagnostics == []


def test_no_layer_writes_what_the_user_pinned():
    result = apply({"parallel": {"tp": 2}}, [layer("a", "x", parallel__tp=8, parallel__pp=2)], {"parallel.tp": PIN})
    assert result.data == {"parallel": {"tp": 2, "pp": 2}}
    lost = [write for write in result.writes if not write.stands]
    assert [(write.path, write.value) for write in lost] == [("parallel.tp", 8)]
    assert "override parallel.tp=2" in lost[0].reason


def test_a_false_condition_is_recorded_with_what_it_read():
    result = apply({"parallel": {"tp": 1}}, [layer("a", "x", "!gpu.supports_fp8 && parallel.tp > 0", parallel__tp=4)])
    assert result.data["parallel"]["tp"] == 1
    (record,) = result.records
    assert record.outcome == "false"
    assert record.values == "gpu.supports_fp8 = true, parallel.tp = 1"


def test_a_condition_sees_what_an_earlier_layer_wrote():
    result = apply(
        {"parallel": {"tp": 1, "ep": None}},
        [layer("a", "x", parallel__tp=4), layer("a", "y", "parallel.tp == 4", parallel__ep=4)],
    )
    assert result.data["parallel"] == {"tp": 4, "ep": 4}


def test_two_layers_of_one_profile_that_disagree_are_an_error():
    result = apply({}, [layer("a", "x", parallel__tp=2), layer("a", "y", parallel__tp=4)])
    assert [item.code for item in result.diagnostics] == ["AT024"]
    assert "`x` and `y`" in result.diagnostics[0].message


def test_two_layers_of_one_profile_that_agree_are_not():
    assert apply({}, [layer("a", "x", parallel__tp=2), layer("a", "y", parallel__tp=2)]).diagnostics == []


def test_a_condition_over_an_unset_value_is_an_error_not_a_layer_silently_off():
    result = apply({"runtime": {"isl": None}}, [layer("a", "x", "runtime.isl > 8192", parallel__tp=2)])
    assert [item.code for item in result.diagnostics] == ["AT008"]
    assert "runtime.isl = null" in result.diagnostics[0].message


def test_a_condition_that_is_no_truth_value_is_an_error():
    result = apply({"parallel": {"tp": 2}}, [layer("a", "x", "parallel.tp + 1", parallel__tp=2)])
    assert "must give true or false" in result.diagnostics[0].message


def test_the_input_is_not_changed():
    data = {"misc": {"env": {"A": "1"}}}
    apply(data, [layer("a", "x", misc__env__B="2")])
    assert data == {"misc": {"env": {"A": "1"}}}


PATHS = ["parallel.tp", "parallel.pp", "memory.page_size", "misc.env.A"]
LAYERS = st.lists(
    st.tuples(st.sampled_from("abc"), st.dictionaries(st.sampled_from(PATHS), st.integers(0, 9), min_size=1)),
    max_size=6,
)


@settings(max_examples=examples(200), deadline=None, derandomize=True)
@given(LAYERS, st.sets(st.sampled_from(PATHS)))
def test_the_last_unpinned_write_stands_whatever_came_before(written, pinned):
    layers = [
        layer(profile, f"l{index}", **{key.replace(".", "__"): value for key, value in values.items()})
        for index, (profile, values) in enumerate(written)
    ]
    start = {"parallel": {"tp": -1, "pp": -1}, "memory": {"page_size": -1}, "misc": {"env": {"A": -1}}}
    result = apply(start, layers, dict.fromkeys(pinned, PIN))
    for path in PATHS:
        offered = [values[path] for _, values in written if path in values]
        expected = -1 if path in pinned or not offered else offered[-1]
        assert get_path(result.data, split_path(path)) == expected
        assert (path in result.origin) == (expected != -1)
    assert {".".join(path) for path, _ in flatten(result.data)} == set(PATHS)
