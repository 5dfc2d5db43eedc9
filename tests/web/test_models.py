"""Models and systems over HTTP."""

from tests.web.client import HOSTILE, words


def test_the_tables_are_filtered(client):
    assert "Qwen/Qwen3-32B" in client.get("/models").text
    page = client.get("/models/rows/models?filter=llama-3.3").text
    assert "Llama-3.3-70B" in page
    assert "Qwen" not in page
    assert "h200_sxm" in client.get("/models/systems").text
    assert "h200_sxm" not in client.get("/models/systems?filter=a100").text
    assert "No model of that name" in client.get("/models/rows/models", params={"filter": HOSTILE}).text


def test_the_filter_is_shown_again_as_text(client):
    page = client.get("/models", params={"filter": HOSTILE}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_one_model_with_its_facts_and_what_others_measured(client):
    page = words(client.get("/models/show?name=qwen3-32b").text)
    assert "num_layers 64" in page
    assert "aiconfigurator-core" in page
    assert "h100_sxm: production" in page


def test_the_memory_plan_follows_the_choices(client):
    fits = client.get("/models/memory?name=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=2")
    assert "It fits on 2 \N{MULTIPLICATION SIGN} h100_sxm" in words(fits.text)
    assert "weights 32.8" in words(fits.text)
    assert fits.headers["HX-Replace-Url"] == "/models/show?name=Qwen%2FQwen3-32B&system.gpu=h100_sxm&parallel.tp=2"
    small = words(client.get("/models/memory?name=Qwen/Qwen3-32B&system.gpu=l4").text)
    assert "It does not fit" in small
    assert "AT016" in small
    wrong = words(client.get("/models/memory?name=Qwen/Qwen3-32B&parallel.tp=x").text)
    assert "AT003" in wrong


def test_one_system(client):
    page = words(client.get("/models/system?name=h100_sxm").text)
    assert "Hopper" in page or "hopper" in page
    assert "Measured on it" in page


def test_unknown_names_are_not_found(client):
    for place in ("/models/show", "/models/memory", "/models/system"):
        answer = client.get(place, params={"name": HOSTILE})
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text
