import pytest

from autotune.report.masking import MASK, is_secret, mask_arguments, mask_data, mask_env, mask_text

TOKEN = "hf_" + "a1B2" * 8


@pytest.mark.parametrize(
    "name",
    ["HF_TOKEN", "OPENAI_API_KEY", "--api-key", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "misc.env.MY_SECRET", "apikey"],
)
def test_names_of_secrets(name):
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "--max-num-batched-tokens",
        "TOKENIZERS_PARALLELISM",
        "model.tokenizer",
        "memory.max_total_tokens",
        "deploy.hf_token_secret",
        "--ssl-keyfile",
    ],
)
def test_names_that_only_look_like_it(name):
    assert not is_secret(name)


def test_secrets_are_masked_wherever_they_stand():
    assert mask_env({"HF_TOKEN": "x", "A": TOKEN, "B": "1"}) == {"HF_TOKEN": MASK, "A": MASK, "B": "1"}
    assert mask_arguments(["vllm", "--api-key", "x", "--port", "80", "--api-key=y", f"misc.env.A={TOKEN}"]) == [
        "vllm",
        "--api-key",
        MASK,
        "--port",
        "80",
        f"--api-key={MASK}",
        f"misc.env.A={MASK}",
    ]
    assert mask_text(f"using {TOKEN} and Bearer abc.def") == f"using {MASK} and Bearer {MASK}"
    assert mask_data("misc.env", {"API_KEY": "x", "N": 3, "L": [TOKEN]}) == {"API_KEY": MASK, "N": 3, "L": [MASK]}
