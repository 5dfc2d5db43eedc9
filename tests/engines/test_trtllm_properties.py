"""What holds for every config that passes the schema, in every version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.engines import ENGINES
from autotune.engines.known import known_flags, known_versions
from autotune.engines.trtllm import FILE
from tests.engines.command_line import judge, judge_flags
from tests.engines.random_configs import EVERYDAY, THOROUGH, configs
from tests.engines.samples import facts

TRTLLM = ENGINES["trtllm"]
ANY = (configs(), st.sampled_from(known_versions("trtllm")), st.sampled_from(["h100_sxm", "b200_sxm", "l4"]))


def judge_lowered(config, version, gpu):
    known = known_flags("trtllm", version)
    where = facts(config.model.id, version, gpu, "trtllm")
    lowered = TRTLLM.lower(config, where)
    deployment = lowered.deployment
    assert TRTLLM.lower(config, where) == lowered
    assert deployment.argv[:2] == ("trtllm-serve", config.model.path or config.model.id)
    judge(deployment, known)
    flags = judge_flags(deployment.argv[2:], known)
    assert list(deployment.files) == ([FILE] if {"--config", "--extra_llm_api_options"} & set(flags) else [])


@EVERYDAY
@given(*ANY)
def test_every_command_line_and_file_is_one_that_the_version_takes(config, version, gpu):
    judge_lowered(config, version, gpu)


@pytest.mark.slow
@THOROUGH
@given(*ANY)
def test_a_thousand_are(config, version, gpu):
    judge_lowered(config, version, gpu)
