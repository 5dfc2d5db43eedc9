"""system.backend as a list: the first engine that can serve the config, and why the earlier ones could not."""

import autotune
from autotune.diagnostics import Severity


def compile_one(*overrides):
    (point,) = autotune.compile(list(overrides))
    return point


def test_the_first_that_can_is_taken_and_nothing_is_said():
    point = compile_one("system.backend=[vllm,sglang]")
    assert point.deployment.engine == "vllm"
    assert point.data["system"]["backend"] == "vllm"
    assert "AT204" not in {item.code for item in point.diagnostics}


def test_an_engine_that_cannot_is_passed_over_with_its_reason():
    point = compile_one("system.backend=[transformers,vllm]", "parallel.tp=2")
    assert point.runnable
    assert point.deployment.engine == "vllm"
    (note,) = [item for item in point.diagnostics if item.code == "AT204"]
    assert note.severity is Severity.NOTE
    assert note.message.startswith("transformers was passed over: ")
    assert note.writer.override == "parallel.tp=2"


def test_an_extra_flag_decides_for_the_engine_that_knows_it():
    point = compile_one("system.backend=[vllm,sglang]", "misc.extra_args.--schedule-low-priority-values-first=true")
    assert point.deployment.engine == "sglang"
    assert "--schedule-low-priority-values-first" in point.deployment.argv


def test_when_none_can_the_reasons_of_all_are_errors():
    point = compile_one("system.backend=[vllm,sglang]", "parallel.tp=3")
    assert not point.runnable
    errors = [item.message for item in point.diagnostics if item.severity is Severity.ERROR]
    assert any(text.startswith("vllm: parallel.tp=3") for text in errors)
    assert any(text.startswith("sglang: parallel.tp=3") for text in errors)


def test_an_unknown_engine_in_the_list_is_no_reason_to_stop():
    point = compile_one("system.backend=[nope,vllm]")
    assert point.runnable
    assert any("unknown engine" in item.message for item in point.diagnostics if item.code == "AT204")
