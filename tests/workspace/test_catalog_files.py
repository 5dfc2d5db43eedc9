from pathlib import Path

import pytest

from autotune.catalog import find_gpu, find_model
from autotune.diagnostics import InputError
from autotune.workspace.catalog_files import catalog_folders, load_catalog

TUNED = "like: Qwen/Qwen3-8B\nmax_context: 131072\n"


def write(folder, name, text):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def faults(folder):
    with pytest.raises(InputError) as caught:
        load_catalog([folder])
    return [
        (item.code, f"{Path(item.writer.file).name}:{item.writer.line}", item.message)
        for item in caught.value.diagnostics
    ]


def test_folders_in_order_of_search(tmp_path):
    named = catalog_folders({"AUTOTUNE_CATALOG": f"{tmp_path}/a:{tmp_path}/b"}, tmp_path / "cwd", tmp_path / "own")
    assert named == (tmp_path / "a", tmp_path / "b", tmp_path / "cwd" / "catalog", tmp_path / "own")


def test_a_file_an_entry_and_maps_of_entries(tmp_path):
    write(tmp_path, "models/one.yaml", f"id: mine/one\n{TUNED}")
    write(tmp_path, "models/two.yml", TUNED)
    write(tmp_path, "gpus/small.yaml", "like: h100_sxm\ngpus_per_node: 2\n")
    write(
        tmp_path,
        "mine.yaml",
        "models:\n  mine/three:\n    like: mine/one\ngpus:\n  smaller: {like: h100, gpus_per_node: 1}\n",
    )
    known = load_catalog([tmp_path])
    assert {entry.name for entry in known.entries} == {"mine/one", "two", "small", "mine/three", "smaller"}
    assert find_model(known.catalog, "mine/one").max_context == 131072
    assert find_model(known.catalog, "THREE").id == "mine/three"
    assert find_gpu(known.catalog, "smaller").gpus_per_node == 1
    assert find_model(known.catalog, "Qwen/Qwen3-8B").max_context == 40960


def test_an_entry_hides_the_built_in_one_with_its_short_name(tmp_path):
    write(
        tmp_path,
        "c.yaml",
        f"models:\n  Qwen/Qwen3-8B:\n    {TUNED.replace(chr(10), chr(10) + '    ')}\ngpus:\n  h100_sxm: {{like: h100_sxm, gpus_per_node: 4}}\n",
    )
    known = load_catalog([tmp_path])
    assert all(entry.shadows for entry in known.entries)
    assert find_model(known.catalog, "qwen3-8b").max_context == 131072
    assert find_gpu(known.catalog, "h100_sxm").gpus_per_node == 4


def test_the_folder_found_first_counts(tmp_path):
    for name, tokens in (("a", 1000), ("b", 2000)):
        write(tmp_path / name, "models/m.yaml", f"like: Qwen/Qwen3-8B\nmax_context: {tokens}\n")
    assert find_model(load_catalog([tmp_path / "a", tmp_path / "b"]).catalog, "m").max_context == 1000
    assert find_model(load_catalog([tmp_path / "b", tmp_path / "a"]).catalog, "m").max_context == 2000


@pytest.mark.parametrize("text", ["kind: Component\nspec: [1]\n", "a: 1\n---\nb: 2\n", "", "- models\n"])
def test_other_peoples_yaml_is_left_alone(tmp_path, text):
    write(tmp_path, "catalog-info.yaml", text)
    assert load_catalog([tmp_path]).entries == ()


def test_no_folder_is_no_mistake(tmp_path):
    assert load_catalog([tmp_path / "nowhere"]).entries == ()


@pytest.mark.parametrize(
    ("name", "text", "code", "place"),
    [
        ("c.yaml", "models:\n  m: {like: Qwen3-8B\n", "AT001", "c.yaml:3"),
        ("c.yaml", "models:\n  m:\n    like: Qwen3-8B\n    max_contxt: 8\n", "AT002", "c.yaml:4"),
        ("c.yaml", "model:\n  m:\n    like: Qwen3-8B\n", "AT002", "c.yaml:1"),
        ("c.yaml", "models:\n  - m\n", "AT003", "c.yaml:1"),
        ("c.yaml", "models:\n  m:\n", "AT003", "c.yaml:2"),
        ("c.yaml", "models:\n  m:\n    like: Qwen3-8B\n    num_layers: -3\n", "AT003", "c.yaml:4"),
        ("c.yaml", "models:\n  m:\n    like: Qwen9\n", "AT010", "c.yaml:3"),
        ("c.yaml", "gpus:\n  g:\n    like: h101\n", "AT011", "c.yaml:3"),
        ("c.yaml", "gpus:\n  g:\n    like: h100\n    tflops:\n      bf16: fast\n", "AT003", "c.yaml:5"),
        ("c.yaml", "models:\n  m: {like: Qwen3-8B}\n  m: {like: Qwen3-8B}\n", "AT001", "c.yaml:3"),
        ("models/m.yaml", "id: 7\nlike: Qwen3-8B\n", "AT003", "m.yaml:1"),
        ("models/m.yaml", "just text\n", "AT003", "m.yaml:1"),
        ("gpus/g.yaml", "like: h100\ngpus_per_node: 0\n", "AT003", "g.yaml:2"),
    ],
)
def test_mistakes_say_where(tmp_path, name, text, code, place):
    write(tmp_path, name, text)
    ((found, where, _),) = faults(tmp_path)
    assert (found, where) == (code, place)


def test_all_files_are_reported_at_once(tmp_path):
    write(tmp_path, "models/a.yaml", "like: Qwen9\n")
    write(tmp_path, "models/b.yaml", "like: Qwen3-8B\nnum_heads: x\n")
    write(tmp_path, "gpus/c.yaml", "like: h100\nmemmory: 3\n")
    assert {code for code, _, _ in faults(tmp_path)} == {"AT010", "AT003", "AT002"}


def test_one_name_twice_in_one_folder(tmp_path):
    write(tmp_path, "models/m.yaml", TUNED)
    write(tmp_path, "c.yaml", "models:\n  m: {like: Qwen3-8B}\n")
    ((code, _, message),) = faults(tmp_path)
    assert code == "AT003"
    assert "twice" in message
