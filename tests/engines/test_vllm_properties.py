"""What holds for every config that passes the schema, in every version, on every device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.engines import ENGINES
from autotune.engines.known import known_flags, known_versions
from tests.engines.command_line import judge, judge_flags
from tests.engines.random_configs import EVERYDAY, THOROUGH, configs
from tests.engines.samples import facts

VLLM = ENGINES["vllm"]
ANY = (configs(), st.sampled_from(known_versions("vllm")), st.sampled_from(["h100_sxm", "mi300x", "cpu"]))


def judge_lowered(config, version, gpu):
    known = known_flags("vllm", version)
    lowered = VLLM.lower(config, facts(config.model.id, version, gpu))
    deployment = lowered.deployment
    assert deployment.argv[:3] == ("vllm", "serve", config.model.path or config.model.id)
    assert VLLM.lower(config, facts(config.model.id, version, gpu)) == lowered
    if any(item.path in ("model.path", "model.aliases") and item.code == "AT003" for item in lowered.diagnostics):
        return
    judge(deployment, known)
    if gpu == "cpu":
        assert "--gpu-memory-utilization" not in judge_flags(deployment.argv[3:], known)
        assert deployment.gpus == 0


@EVERYDAY
@given(*ANY)
def test_every_command_line_is_one_that_the_version_takes(config, version, gpu):
    judge_lowered(config, version, gpu)


@pytest.mark.slow
@THOROUGH
@given(*ANY)
def test_a_thousand_are(config, version, gpu):
    judge_lowered(config, version, gpu)
