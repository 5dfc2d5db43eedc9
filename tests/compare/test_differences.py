import pytest

from autotune.compare import compare_sides
from tests.compare.sides import side

OPENAI_LIKE = "sk-" + "a1" * 12


def found(before, after):
    return {(item.kind, item.name): (item.before, item.after) for item in compare_sides(before, after)}


def test_equal_sides_differ_in_nothing():
    assert compare_sides(side("a", "-tp", "2"), side("b", "--tensor_parallel_size=2")) == []


def test_each_kind_in_its_order():
    before = side(image="a:1", env={"X": "1"}, files={"/c.yaml": "a: 1\n"}, config={"parallel.tp": 1}, whole=True)
    after = side(
        "b",
        "--seed",
        "1",
        image="a:2",
        env={"X": "2"},
        files={"/c.yaml": "a: 2\n"},
        config={"parallel.tp": 2},
        whole=True,
    )
    assert list(found(before, after).items()) == [
        (("image", "image"), (("a:1",), ("a:2",))),
        (("flag", "--seed"), (None, ("1",))),
        (("env", "X"), (("1",), ("2",))),
        (("file", "/c.yaml: a"), (("1",), ("2",))),
        (("config", "parallel.tp"), (("1",), ("2",))),
    ]


def test_swapped_sides_swap_the_difference():
    one, other = side("a", "--seed", "1", "--enable-sleep-mode"), side("b", "--seed", "2", env={"A": "b"})
    forth, back = compare_sides(one, other), compare_sides(other, one)
    assert {(item.name, item.before, item.after) for item in forth} == {
        (item.name, item.after, item.before) for item in back
    }


def test_a_difference_names_the_config_path_and_who_set_it():
    before = side(
        "a",
        "--max-num-seqs",
        "64",
        config={},
        said=frozenset(),
        writers={"scheduling.max_running_requests": "the base"},
    )
    after = side(
        "b",
        "--max-num-seqs",
        "512",
        said=frozenset({"scheduling.max_running_requests"}),
        writers={"scheduling.max_running_requests": "profiles/x.yaml:3"},
    )
    (item,) = compare_sides(before, after)
    assert (item.path, item.set_before, item.set_after) == (
        "scheduling.max_running_requests",
        "the base",
        "profiles/x.yaml:3",
    )


def test_a_flag_of_extra_args_and_a_variable_lead_to_their_paths():
    writers = {"misc.extra_args.-tp": "override a", "misc.env.X": "override b"}
    after = side("b", "-tp", "2", env={"X": "1"}, said=frozenset(writers), writers=writers)
    by_name = {item.name: item for item in compare_sides(side(), after)}
    assert by_name["--tensor-parallel-size"].path == "misc.extra_args.-tp"
    assert by_name["--tensor-parallel-size"].set_after == "override a"
    assert (by_name["X"].path, by_name["X"].set_after) == ("misc.env.X", "override b")


def test_what_one_side_cannot_know_is_not_compared():
    whole = side(image="a:1", files={"/c.yaml": "a: 1\n"}, config={"parallel.tp": 2}, whole=True)
    bare = side("b", image=None, without_files=True)
    assert compare_sides(whole, bare) == compare_sides(bare, whole) == []


def test_variables_that_others_put_into_a_running_server_are_no_difference():
    given, running = side(env={"A": "1", "B": "2"}), side("b", env={"A": "9", "PATH": "/bin"}, injected=True)
    assert found(given, running) == {("env", "A"): (("1",), ("9",)), ("env", "B"): (("2",), None)}
    assert found(running, given) == {("env", "A"): (("9",), ("1",)), ("env", "B"): (None, ("2",))}


def test_base_defaults_that_a_manifest_leaves_out_are_no_difference():
    point = side(
        config={"parallel.tp": 2, "model.id": "m", "benchmark.num_concurrency": [1]},
        whole=True,
        said=frozenset({"parallel.tp", "benchmark.num_concurrency"}),
    )
    manifest = side("b", config={"parallel.tp": 2}, said=frozenset({"parallel.tp"}))
    assert found(point, manifest) == {}
    other = side("c", config={"parallel.tp": 4}, said=frozenset({"parallel.tp"}))
    assert found(point, other) == {("config", "parallel.tp"): (("2",), ("4",))}


def test_files_are_compared_by_key_and_other_texts_as_a_whole():
    one = side(files={"/c.yaml": "kv: {dtype: fp8, n: 1}\nx: [1, 2]\n", "/t.jinja": "a\nb"})
    same = side("b", files={"/c.yaml": "x:\n- 1\n- 2\nkv:\n  n: 1\n  dtype: fp8\n", "/t.jinja": "a\nb"})
    assert compare_sides(one, same) == []
    other = side("c", files={"/c.yaml": "kv: {dtype: auto, n: 1}\nx: [1, 2]\n", "/t.jinja": "a\nc"})
    assert found(one, other) == {
        ("file", "/c.yaml: kv.dtype"): (("fp8",), ("auto",)),
        ("file", "/t.jinja"): (("a\nb",), ("a\nc",)),
    }


@pytest.mark.parametrize("text", ["a: [", "- a\n- b", "", "a: 1\na: 2", "!!python/object:os.system x", "{{ x }}"])
def test_a_file_that_is_no_map_is_compared_as_text(text):
    assert compare_sides(side(files={"/c.yaml": text}), side("b", files={"/c.yaml": text})) == []
    assert found(side(), side("b", files={"/c.yaml": text})) == {("file", "/c.yaml"): (None, (text,))}


def test_secrets_differ_without_being_repeated():
    before = side("a", "--api-key", "opensesame", env={"HF_TOKEN": "one", "URL": f"http://x/?k={OPENAI_LIKE}"})
    after = side("b", "--api-key", "sesameopen", env={"HF_TOKEN": "two"})
    items = compare_sides(before, after)
    assert {item.name for item in items} == {"--api-key", "HF_TOKEN", "URL"}
    text = str([item.as_dict() for item in items])
    for secret in ("opensesame", "sesameopen", "one", "two", OPENAI_LIKE):
        assert f"'{secret}" not in text
    assert OPENAI_LIKE not in text


def test_a_version_that_is_not_known_is_the_other_sides():
    old = side("a", "--cuda-graph-sizes", "1", "2", version="0.10.2")
    assert compare_sides(old, side("b", "--cuda-graph-sizes", "1", "2", version=None, image=None)) == []
