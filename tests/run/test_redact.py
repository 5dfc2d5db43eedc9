from autotune.run.redact import HIDDEN, hide_config, hide_override, hide_url, mask


def test_environment_variables_named_like_secrets_are_hidden_and_others_are_not():
    config = {
        "executor": {"env": {"HF_TOKEN": "hf_abcdefgh", "VLLM_CPU_KVCACHE_SPACE": "1", "MAX_TOKENS": "512"}},
        "misc": {"env": {}},
    }
    shown = hide_config(config)["executor"]["env"]
    assert shown == {"HF_TOKEN": HIDDEN, "VLLM_CPU_KVCACHE_SPACE": "1", "MAX_TOKENS": "512"}
    assert config["executor"]["env"]["HF_TOKEN"] == "hf_abcdefgh"


def test_overrides_are_hidden_in_every_way_of_writing_them():
    assert "abcdefgh" not in hide_override("executor.env.HF_TOKEN=hf_abcdefgh")
    assert "abcdefgh" not in hide_override("+misc.env.API_KEY=abcdefgh")
    assert hide_override("misc.env={HF_TOKEN: hf_abcdefgh, A: b}") == f"misc.env={{HF_TOKEN: {HIDDEN}, A: b}}"
    assert hide_override("parallel.tp=2,4") == "parallel.tp=2,4"
    assert hide_override("executor.env.VLLM_CPU_KVCACHE_SPACE=1") == "executor.env.VLLM_CPU_KVCACHE_SPACE=1"


def test_the_value_of_a_secret_is_hidden_wherever_a_log_repeats_it():
    assert mask("401 for token hf_abcdefgh", {"HF_TOKEN": "hf_abcdefgh"}) == f"401 for token {HIDDEN}"


def test_a_password_in_a_url_is_hidden_whatever_the_variable_is_called():
    env = {"AUTOTUNE_STORE": "postgresql://me:hunter2@host/db", "HTTPS_PROXY": "http://me:p@ss/word1234@proxy:80"}
    assert mask("cannot reach postgresql://me:hunter2@host/db", env) == (
        f"cannot reach postgresql://me:{HIDDEN}@host/db"
    )
    assert hide_url("see https://example.com:8080/a@b and me@host") == "see https://example.com:8080/a@b and me@host"
