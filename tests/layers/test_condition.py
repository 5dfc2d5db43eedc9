import pytest

from autotune.layers import ConditionError, compile_condition


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("gpu.supports_fp8 && !model.is_quantized", ("gpu.supports_fp8", "model.is_quantized")),
        ("model.id.startsWith('Qwen/a.b') || true", ("model.id",)),
        ("[1, 2].exists(x, x > parallel.tp)", ("parallel.tp",)),
        ("size(model.id) > 3", ("model.id",)),
        ("parallel.tp == null ? true : parallel.tp > 2", ("parallel.tp",)),
        ("gpu.memory_gb > 1.5e3", ("gpu.memory_gb",)),
    ],
)
def test_the_names_a_condition_reads(text, names):
    assert compile_condition(text).names == names


def test_a_syntax_error_shows_the_place():
    with pytest.raises(ConditionError, match=r"\^"):
        compile_condition("gpu.supports_fp8 &&& true")


def test_short_circuits_do_not_hide_names():
    assert compile_condition("true || gpu.no_such_fact").names == ("gpu.no_such_fact",)
