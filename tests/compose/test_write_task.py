"""Dimensions written as a task file say the same when they are read again."""

import pytest

from autotune.api import compile_dimensions
from autotune.compose.overrides import parse_overrides
from autotune.compose.task_file import read_task
from autotune.compose.write_task import write_task
from autotune.diagnostics import InputError
from autotune.layers import parse_yaml
from autotune.workspace.load import load_workspace


@pytest.fixture(scope="module")
def workspace():
    return load_workspace()


def written(workspace, *words):
    composer = workspace.composer
    return write_task(parse_overrides(words, composer.groups, composer.options, sweeps=True))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("parallel.tp=2", "parallel.tp=4"),
        ("runtime=summarize", "runtime.isl=100", "+profile=balanced", "+profile=fp8_quantized"),
        ("executor=emulated", "executor.speed=5"),
        ("parallel.tp,parallel.dp=[1,8],[2,4]", "quantization=bf16,fp8", "+profile=balanced,[balanced,fp8_quantized]"),
        ("misc.env={A: 'no', B: '1'}", "misc.extra_args.--swap-space=4", "misc.speculative.method=ngram", "misc.speculative.num_tokens=2"),
        ("misc.speculative=null", "benchmark.num_concurrency=[1,2],[4]", "system.backend=[vllm,sglang]", "system.backend_version=0.10"),
    ],
)  # fmt: skip
def test_the_task_gives_the_same_points(workspace, words):
    composer = workspace.composer
    said = parse_overrides(words, composer.groups, composer.options, sweeps=True)
    task = read_task(parse_yaml(write_task(said), "task.yaml"), composer.groups, composer.options)
    first, again = ([(point.id, point.data) for point in compile_dimensions(workspace, dims)] for dims in (said, task))
    assert again == first


def test_it_reads_as_a_person_would_write_it(workspace):
    assert written(workspace, "+profile=balanced", "model.id=Qwen/Qwen3-8B", "parallel.tp=2,4") == (
        "version: 2\nprofile: balanced\n\nmodel:\n  id: Qwen/Qwen3-8B\n\nsweep:\n  parallel.tp: [2, 4]\n"
    )


@pytest.mark.parametrize("word", ["~misc", "hydra.run.dir=x", "misc.seed=${x}"])
def test_what_only_hydra_carries_out_is_refused(workspace, word):
    with pytest.raises(InputError) as refused:
        written(workspace, word)
    assert refused.value.diagnostics[0].code == "AT025"
