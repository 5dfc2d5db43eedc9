"""What holds for every config that passes the schema, in every version, on every device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.engines import ENGINES
from autotune.engines.known import known_flags, known_versions
from autotune.engines.transformers_values import model_argument
from tests.engines.command_line import judge
from tests.engines.random_configs import EVERYDAY, THOROUGH, configs
from tests.engines.samples import facts

TRANSFORMERS = ENGINES["transformers"]
ANY = (configs(), st.sampled_from(known_versions("transformers")), st.sampled_from(["h100_sxm", "mi300x", "cpu"]))


def judge_lowered(config, version, gpu):
    known = known_flags("transformers", version)
    where = facts(config.model.id, version, gpu, "transformers")
    lowered = TRANSFORMERS.lower(config, where)
    deployment = lowered.deployment
    assert TRANSFORMERS.lower(config, where) == lowered
    assert deployment.gpus == (0 if gpu == "cpu" else 1)
    if any(item.code == "AT003" for item in lowered.diagnostics):
        return
    # Where the model is a flag's value, it is the first one.
    model = ("--force-model", model_argument(config)) if "--force-model" in known.flags else (model_argument(config),)
    assert deployment.argv[2 : 2 + len(model)] == model
    judge(deployment, known)


@EVERYDAY
@given(*ANY)
def test_every_command_line_is_one_that_the_version_takes(config, version, gpu):
    judge_lowered(config, version, gpu)


@pytest.mark.slow
@THOROUGH
@given(*ANY)
def test_a_thousand_are(config, version, gpu):
    judge_lowered(config, version, gpu)
