"""What holds for every config that passes the schema, in every version, on every device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.engines import ENGINES
from autotune.engines.known import known_flags, known_versions
from tests.engines.command_line import judge, judge_flags
from tests.engines.random_configs import EVERYDAY, THOROUGH, configs
from tests.engines.samples import facts

SGLANG = ENGINES["sglang"]
HEAD = ("python3", "-m", "sglang.launch_server", "--model-path")
TRIPLE = {"--speculative-num-steps", "--speculative-eagle-topk", "--speculative-num-draft-tokens"}
ANY = (
    configs(),
    st.sampled_from(known_versions("sglang")),
    st.sampled_from(["h100_sxm", "l4", "b200_sxm", "a100_sxm", "mi300x", "cpu"]),
)


def judge_lowered(config, version, gpu):
    known = known_flags("sglang", version)
    where = facts(config.model.id, version, gpu, engine="sglang")
    lowered = SGLANG.lower(config, where)
    deployment = lowered.deployment
    assert deployment.argv[:4] == HEAD or deployment.argv[3].startswith("--model-path=")
    assert SGLANG.lower(config, where) == lowered
    judge(deployment, known)
    flags = judge_flags(deployment.argv[3:], known)
    given_of_it = TRIPLE & flags.keys()
    assert given_of_it in (set(), TRIPLE)
    assert ("--speculative-algorithm" in flags) == bool(given_of_it)
    if gpu == "cpu":
        assert "--mem-fraction-static" not in flags
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
