import pytest

from autotune.check.drafts import check_draft, check_prediction_layers
from tests.check.findings import codes


def draft(method, model=None):
    return {"speculative": {"method": method, "num_tokens": 3, "model": model}}


@pytest.mark.parametrize(
    ("model", "groups", "found"),
    [
        ("Llama-3.1-8B-Instruct", {"runtime": {"nextn": 1}}, ["AT035"]),
        ("Llama-3.1-8B-Instruct", {"runtime": {"nextn": 0}}, []),
        ("Llama-3.1-8B-Instruct", {"misc": draft("mtp")}, ["AT035"]),
        ("Llama-3.1-8B-Instruct", {"misc": draft("mtp", "org/draft")}, []),
        ("Llama-3.1-8B-Instruct", {"misc": draft("ngram")}, []),
        ("DeepSeek-V3", {"runtime": {"nextn": 1}}, []),
        ("DeepSeek-V3", {"misc": draft("mtp")}, []),
    ],
)
def test_prediction_layers_must_be_in_the_checkpoint(model, groups, found):
    for engine in ("vllm", "sglang", "trtllm"):
        assert codes(check_prediction_layers, model, engine=engine, **groups) == found


@pytest.mark.parametrize("method", ["eagle", "eagle3", "draft_model"])
def test_methods_with_a_draft_model_name_it(method):
    assert codes(check_draft, engine="sglang", misc=draft(method)) == ["AT035"]
    assert codes(check_draft, engine="sglang", misc=draft(method, "org/draft")) == []
    assert codes(check_draft, engine="sglang", misc=draft("ngram")) == []
