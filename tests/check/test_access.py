import pytest

from autotune.check.access import check_gated, check_remote_code, check_secrets
from tests.catalog.facts_for import config_for, facts_for
from tests.check.findings import codes, findings

TOKEN = "hf_abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("misc", "paths"),
    [
        ({"env": {"HF_TOKEN": TOKEN}}, ["misc.env.HF_TOKEN"]),
        ({"env": {"HF_TOKEN": ""}}, []),
        ({"env": {"OMP_NUM_THREADS": "8"}}, []),
        ({"extra_args": {"--api-key": "abc"}}, ["misc.extra_args.--api-key"]),
        ({"extra_args": {"--api-key": ["a1", "b1"]}}, ["misc.extra_args.--api-key"]),
        ({"extra_args": {"--max-num-batched-tokens": 8192}}, []),
        ({"extra_args": {"--header": f"Bearer {TOKEN}"}}, ["misc.extra_args.--header"]),
    ],
)
def test_secrets_in_the_config(misc, paths):
    found = findings(check_secrets, misc=misc)
    assert [item.path for item in found] == paths
    assert all(item.code == "AT108" and TOKEN not in f"{item.message}{item.help}" for item in found)


@pytest.mark.parametrize(
    "groups",
    [{"deploy": {"hf_token_secret": "hub"}}, {"deploy": {"pvc": "models"}}, {"deploy": {"host_path": "/models"}}, {"misc": {"env": {"HF_TOKEN": "x"}}}],
)  # fmt: skip
def test_a_gated_model_and_everything_that_answers_it(groups):
    assert codes(check_gated) == ["AT206"]
    assert codes(check_gated, **groups) == []
    assert codes(check_gated, "Qwen3-8B") == []


@pytest.mark.parametrize(
    ("model", "trusting", "found"),
    [
        ({"id": "org/name"}, True, ["AT207"]),
        ({"id": "org/name"}, False, []),
        ({"id": "org/name"}, None, []),
        ({"id": "org/name", "revision": "0123abc"}, True, []),
        ({"id": "org/name", "path": "folder"}, True, []),
        ({"id": "./folder"}, True, []),
    ],
)
def test_remote_code_of_no_fixed_revision(model, trusting, found):
    config = config_for(model=model, misc={"trust_remote_code": trusting})
    assert [item.code for item in check_remote_code(config, facts_for())] == found
