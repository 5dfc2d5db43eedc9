import json

import pytest
import yaml

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 4,
    "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 32000, "max_position_embeddings": 8192, "torch_dtype": "bfloat16",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_catalog(monkeypatch):
    monkeypatch.delenv("AUTOTUNE_CATALOG", raising=False)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "my-model"
    place.mkdir()
    (place / "config.json").write_text(json.dumps(CONFIG))
    return place


def test_more_than_sixty_models_each_with_its_source_status_and_settings(autotune):
    models = autotune("models", "--format", "json").json
    assert len(models) >= 60
    assert len({model["id"] for model in models}) == len(models)
    for model in models:
        assert model["source"]
        assert model["builtin"] is True
        assert set(model["status"].values()) <= {"production", "to_test", "failed"}
    by_id = {model["id"]: model for model in models}
    assert by_id["openai/gpt-oss-120b"]["status"]["h100_sxm"] == "production"
    assert by_id["openai/gpt-oss-120b"]["kwargs"]["vllm"] == {
        "misc.tool_call_parser": "openai", "misc.reasoning_parser": "openai_gptoss",
    }  # fmt: skip
    measured = by_id["openai/gpt-oss-120b"]["measured"]
    assert {row["engine"] for row in measured} == {"vllm", "trtllm"}
    assert all(row["output_tokens_per_s_per_gpu"] > 0 and row["source"] for row in measured)
    assert by_id["meta-llama/Llama-3.1-8B-Instruct"]["gated"] is True


def test_show(autotune):
    out = autotune("models", "show", "llama-3.1-8b").out
    assert out.startswith("id ")
    for word in (
        "meta-llama/Llama-3.1-8B-Instruct",
        "llama3_json",
        "h100_sxm",
        "production",
        "built in",
        "aiconfigurator-core",
    ):
        assert word in out
    shown = autotune("models", "show", "kimi-k2", "--format", "json").json
    assert shown["kwargs"]["sglang"]["misc.trust_remote_code"] is True


def test_lists_that_find_nothing_name_the_nearest(autotune):
    done = autotune("models", "qwem3-8b")
    assert (done.code, done.codes) == (2, ["AT010"])
    assert "Qwen3-8B" in done.err
    assert autotune("models", "show", "qwem3-8b").code == 2
    assert autotune("systems", "show", "h101").codes == ["AT011"]


@pytest.mark.parametrize("words", [("show",), ("add",), ("show", "a", "b"), ("a", "b")])
def test_words_that_make_no_sense(autotune, words):
    done = autotune("models", *words)
    assert (done.code, done.codes) == (2, ["AT004"])


def test_systems(autotune):
    gpus = {gpu["name"]: gpu for gpu in autotune("systems", "--format", "json").json}
    assert {
        "h20",
        "h100_nvl",
        "a10g",
        "l20",
        "rtx_6000_ada",
        "rtx_pro_6000",
        "rtx_a6000",
        "t4",
        "mi355x",
        "mi300a",
        "gb300",
    } <= set(gpus)
    assert all(gpu["source"] for gpu in gpus.values())
    out = autotune("systems", "show", "h100").out
    assert "NVIDIA H100 80GB HBM3" in out
    assert "openai/gpt-oss-120b" in out
    assert autotune("systems", "mi3").out.count("AMD Instinct") == 5


def test_add_and_compile(autotune, folder):
    done = autotune("models", "add", str(folder), "--id", "mine/my-model")
    assert done.code == 0
    file = folder.parent / "home" / ".config" / "autotune" / "catalog" / "models" / "mine--my-model.yaml"
    assert done.out.strip() == str(file)
    assert yaml.safe_load(file.read_text())["num_layers"] == 4
    (point,) = autotune("compile", "model.id=mine/my-model", "--format", "json").json
    assert "mine/my-model" in point["deployment"]["argv"]
    assert [item for item in point["diagnostics"] if item["severity"] == "error"] == []
    listed = autotune("models", "mine/")
    assert "mine--my-model.yaml" in listed.out
    shown = autotune("models", "show", "my-model", "--format", "json").json
    assert (shown["builtin"], shown["num_heads"], shown["vocab_size"]) == (False, 8, 32000)


def test_add_does_not_overwrite_unless_forced(autotune, folder, tmp_path):
    target = tmp_path / "catalog" / "models" / "x.yaml"
    assert autotune("models", "add", str(folder), "-o", str(target)).code == 0
    before = target.read_text()
    (folder / "config.json").write_text(json.dumps(CONFIG | {"num_hidden_layers": 6}))
    again = autotune("models", "add", str(folder), "-o", str(target))
    assert (again.code, again.codes) == (2, ["AT003"])
    assert target.read_text() == before
    assert autotune("models", "add", str(folder), "-o", str(target), "--force", "--format", "json").json == {
        "id": "my-model", "file": str(target),
    }  # fmt: skip
    assert autotune("models", "show", "my-model", "--format", "json").json["num_layers"] == 6


def test_a_snapshot_of_the_hub_keeps_its_name(autotune, tmp_path):
    place = tmp_path / "hub" / "models--some--Thing-7B" / "snapshots" / "0abc"
    place.mkdir(parents=True)
    (place / "config.json").write_text(json.dumps(CONFIG))
    assert autotune("models", "add", str(place), "--format", "json").json["id"] == "some/Thing-7B"


@pytest.mark.parametrize(
    ("words", "code"),
    [(("nowhere",), "AT010"), (("my-model", "--id", "a b"), "AT003"), (("my-model", "--id", "../x"), "AT003")],
)
def test_what_cannot_be_added(autotune, folder, words, code):
    done = autotune("models", "add", *words)
    assert (done.code, done.codes) == (2, [code])


def test_a_users_entry_hides_the_built_in_one_and_the_listing_says_so(autotune, tmp_path):
    place = tmp_path / "catalog"
    place.mkdir()
    (place / "mine.yaml").write_text(
        "models:\n  Qwen/Qwen3-8B: {like: Qwen/Qwen3-8B, max_context: 99000, status: {l4: failed}}\n"
        "gpus:\n  l4: {like: l4, gpus_per_node: 2}\n"
    )
    assert "catalog/mine.yaml, shadows a built-in" in autotune("models", "qwen3-8b").out
    shown = autotune("models", "show", "Qwen3-8B", "--format", "json").json
    assert (shown["max_context"], shown["status"], shown["shadows"]) == (99000, {"l4": "failed"}, True)
    assert "catalog/mine.yaml, shadows a built-in" in autotune("systems", "l4").out
    assert autotune("compile", "system.gpu=l4", "model.id=Qwen/Qwen3-8B", "parallel.tp=4").codes.count("AT015") == 1


def test_a_mistake_in_the_users_catalog_stops_with_file_and_line(autotune, tmp_path, monkeypatch):
    place = tmp_path / "elsewhere" / "models"
    place.mkdir(parents=True)
    (place / "m.yaml").write_text("like: Qwen/Qwen3-8B\nnum_layrs: 4\n")
    assert autotune("models").code == 0
    monkeypatch.setenv("AUTOTUNE_CATALOG", str(tmp_path / "elsewhere"))
    done = autotune("compile", "model.id=m")
    assert (done.code, done.codes) == (2, ["AT002"])
    assert "elsewhere/models/m.yaml:2" in done.err
    assert "did you mean num_layers" in done.err
