"""What a client asks to have compiled, within limits."""

import pytest

from autotune.diagnostics import InputError
from autotune.web.requested import count_points, read_request
from autotune.web.workbench import Workbench


@pytest.fixture(scope="module")
def workspace():
    return Workbench().workspace


def codes(workspace, *words, **more):
    with pytest.raises(InputError) as caught:
        read_request(workspace, more.pop("task", None), words, **more)
    return [item.code for item in caught.value.diagnostics]


def test_words_and_a_task_are_read_as_on_the_command_line(workspace):
    inputs = read_request(workspace, "sweep: {parallel.pp: [1, 2]}\n", ["parallel.tp=2,4"])
    assert count_points(inputs.dimensions) == 4
    assert len(inputs.compile()) == 4


@pytest.mark.parametrize("words", [
    ["parallel.tp=range(1,1001)", "parallel.pp=range(1,1001)"], ["x"] * 501, ["parallel.tp=" + "1" * 5000], ["parallel.tp=" + "[" * 60 + "]" * 60],
])  # fmt: skip
def test_more_than_is_allowed_is_refused(workspace, words):
    assert codes(workspace, *words) == ["AT082"]


def test_everything_that_is_wrong_is_said_at_once(workspace):
    found = codes(workspace, "parallel.tp=[", "~model", "x", task="nope: 1\n")
    assert found == ["AT002", "AT004", "AT004", "AT004"]


def test_denied_findings_are_errors(workspace):
    words = ["memory.mem_fraction_static=0.99"]
    found = read_request(workspace, None, words).compile()[0].diagnostics
    warned = [item.code for item in found if item.severity.value == "warning"]
    assert warned
    denied = read_request(workspace, None, words, denied=warned).compile()[0]
    assert not denied.runnable
