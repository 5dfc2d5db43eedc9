import pytest

from autotune.diagnostics import Source, Writer, hide_secrets, holds_secret

TOKEN = "hf_abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("name", "value"),
    [("HF_TOKEN", "x1"), ("--api-key", "abc"), ("DB_PASSWORD", "p"), ("NOTHING", TOKEN), ("H", f"Bearer {TOKEN}"), ("aws_access_key", "AKIA")],
)  # fmt: skip
def test_secrets(name, value):
    assert holds_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("--max-num-batched-tokens", "8192"), ("MAX_TOKEN", "8192"), ("HF_TOKEN", ""), ("HF_TOKEN_PATH", "/run/hub"), ("TOKENIZERS_PARALLELISM", "false"),
        ("--tokenizer", "org/name"), ("deploy.hf_token_secret", "hub"), ("--add-special-token", "true"),
    ],
)  # fmt: skip
def test_no_secrets(name, value):
    assert not holds_secret(name, value)


def test_the_override_that_wrote_a_secret_does_not_repeat_it():
    assert Writer(Source.USER, override=f"misc.env.HF_TOKEN={TOKEN}").location == "override misc.env.HF_TOKEN=(hidden)"
    assert (
        Writer(Source.USER, override="misc.env={A_SECRET: xyz, B: 1}").location
        == "override misc.env={A_SECRET: (hidden), B: 1}"
    )
    assert Writer(Source.USER, override=f"misc.env.A={TOKEN}").location == "override misc.env.A=(hidden)"
    assert Writer(Source.USER, override="parallel.tp=2").location == "override parallel.tp=2"
    assert hide_secrets(f"parallel.tp=2 misc.env.HF_TOKEN={TOKEN} misc.seed=1").count("(hidden)") == 1


def test_long_texts_take_no_longer_than_others():
    for text in ("x" * 200_000, "a=" * 100_000, "a: {" * 50_000):
        assert hide_secrets(text) == text
