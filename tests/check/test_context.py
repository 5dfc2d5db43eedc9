import pytest

from autotune.check.context import check_context
from tests.check.findings import codes, findings


def test_longer_than_the_model():
    (item,) = findings(check_context, misc={"context_length": 131073})
    assert (item.code, item.path) == ("AT019", "misc.context_length")
    assert item.message == "misc.context_length=131073 is longer than the model's context of 131072 tokens"
    assert findings(check_context, misc={"context_length": 131072}) == []


@pytest.mark.parametrize(
    "misc", [{"extra_args": {"--hf-overrides": {"a": 1}}}, {"env": {"VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1"}}]
)
def test_stretching_on_purpose_is_allowed(misc):
    assert findings(check_context, misc={"context_length": 262144, **misc}) == []


def test_a_switch_that_is_off_does_not_stretch():
    assert codes(check_context, misc={"context_length": 262144, "env": {"VLLM_ALLOW_LONG_MAX_MODEL_LEN": "0"}}) == [
        "AT019"
    ]


def test_the_workload_fits_into_the_context_set():
    (item,) = findings(check_context, misc={"context_length": 4096}, runtime={"isl": 4000, "osl": 100})
    assert item.message == "runtime.isl=4000 + runtime.osl=100 does not fit into misc.context_length=4096"
    assert item.help == "raise misc.context_length to 4100"
    assert findings(check_context, misc={"context_length": 4096}, runtime={"isl": 3996, "osl": 100}) == []


def test_the_workload_fits_into_the_models_context():
    (item,) = findings(check_context, "Qwen3-8B", runtime={"isl": 40000, "osl": 1000})
    assert "the model's context of 40960 tokens" in item.message
    assert item.help == "lower runtime.isl or runtime.osl"
    assert findings(check_context, "Qwen3-8B", runtime={"isl": 39960, "osl": 1000}) == []


def test_the_prefix_is_a_part_of_the_input():
    (item,) = findings(check_context, runtime={"isl": 1000, "osl": 10, "prefix": 1001})
    assert (item.code, item.path) == ("AT019", "runtime.prefix")
    assert findings(check_context, runtime={"isl": 1000, "osl": 10, "prefix": 1000}) == []
