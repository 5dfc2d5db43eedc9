"""The profile pages over HTTP."""

import pytest

from tests.web.client import HOSTILE, serving, text_of, words

GOOD = "description: mine\nlayers:\n  a:\n    when: gpu.memory_gb > 50.0\n    set: {parallel.tp: 2}\n"


@pytest.fixture
def own(tmp_path, monkeypatch):
    with serving(tmp_path, monkeypatch) as client:
        yield client


def test_the_list_has_every_profile_with_what_it_is_for(client):
    page = client.get("/profiles").text
    for name in ("balanced", "fp8_quantized", "long_context"):
        assert f'href="/profiles/{name}"' in page
    assert "FP8 weights and KV cache, where the GPU has FP8 tensor cores." in page


def test_one_profile_shows_its_layers_and_conditions(client):
    page = words(client.get("/profiles/fp8_quantized").text)
    assert "when gpu.supports_fp8 && !model.is_quantized" in page
    assert "quantization.kvcache_mode fp8_e4m3" in page


def test_trying_one_says_which_conditions_are_false_and_what_it_writes(client):
    old = words(client.get("/profiles/fp8_quantized/try?model=Qwen/Qwen3-32B&gpu=a100_sxm").text)
    assert "does not apply fp8_quantized/weights" in old
    assert "with gpu.supports_fp8 = false" in old
    new = client.get("/profiles/fp8_quantized/try?model=Qwen/Qwen3-8B&gpu=h100_sxm").text
    assert "quantization.gemm_mode fp8 fp8_quantized/weights written" in words(new)
    assert "--quantization fp8" in text_of(new, "trial-command")
    assert "AT010" in client.get("/profiles/moe/try", params={"model": HOSTILE}).text


def test_an_unknown_profile_is_not_found(client):
    answer = client.get("/profiles/fp8_quantised")
    assert answer.status_code == 404
    assert "fp8_quantized" in words(answer.text)


def test_a_copy_is_edited_saved_and_deleted(own):
    assert "my_fp8_quantized" in own.get("/profiles/new?start=fp8_quantized").text
    assert own.get("/profiles/fp8_quantized/edit").url.path == "/profiles/new"
    saved = own.post("/profiles/save", data={"name": "mine", "text": GOOD})
    assert saved.url.path == "/profiles/mine"
    assert "gpu.memory_gb > 50.0" in words(saved.text)
    assert "mine" in own.get("/new/quick?profile=mine").text
    changed = own.post(
        "/profiles/save", data={"name": "mine", "text": GOOD.replace("mine", "better"), "editing": "true"}
    )
    assert "better" in changed.text
    assert own.post("/profiles/mine/delete").url.path == "/profiles"
    assert own.get("/profiles/mine").status_code == 404


def test_mistakes_are_shown_while_one_types_and_when_one_saves(own):
    wrong = {"name": "mine", "text": GOOD.replace("gpu.memory_gb", "gpu.memry_gb")}
    assert "gpu.memory_gb" in words(own.post("/profiles/check", data=wrong).text)
    saved = own.post("/profiles/save", data=wrong)
    assert saved.status_code == 422
    assert "AT008" in saved.text
    assert "gpu.memry_gb &gt; 50.0" in saved.text
    assert "Nothing is wrong with it." in own.post("/profiles/check", data={"name": "mine", "text": GOOD}).text


@pytest.mark.parametrize("name", ["../../x", "balanced", "", HOSTILE])
def test_no_name_leads_out_of_the_folder_or_over_a_built_in_one(own, name, tmp_path):
    answer = own.post("/profiles/save", data={"name": name, "text": GOOD, "editing": "true"})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert not list(tmp_path.rglob("*.yaml"))


def test_hostile_text_is_shown_and_nothing_else(own):
    answer = own.post("/profiles/save", data={"name": "mine", "text": f"description: {HOSTILE}</textarea><script>"})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "</textarea><script>" not in answer.text


def test_a_read_only_page_saves_and_deletes_nothing(tmp_path, monkeypatch):
    with serving(tmp_path, monkeypatch, read_only=True) as client:
        assert client.post("/profiles/save", data={"name": "mine", "text": GOOD}).status_code == 403
        assert client.post("/profiles/mine/delete").status_code == 403
        assert "New profile" not in client.get("/profiles").text
