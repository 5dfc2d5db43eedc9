"""Every built-in profile x engine x version x GPU x model: it lowers to what that version of the engine takes."""

import pytest

from autotune.diagnostics import Severity, Source
from autotune.engines import ENGINES
from autotune.engines.known import known_flags, known_versions
from tests.engines.command_line import judge
from tests.engines.matrix import GPUS, MODELS, PROFILES, cells, compile_cell, everyday_cells

#: Errors that say something of the model, the GPU and the engine, whatever the profile.
ABOUT_THE_PAIR = {
    "AT016": "the model does not fit on so many of these GPUs, in the formats that the engine serves",
    "AT017": "the checkpoint's format needs arithmetic that the GPU lacks, and the engine has no kernels that do without",
    "AT038": "TensorRT-LLM runs on NVIDIA GPUs alone",
}
#: Settings of built-in profiles that an engine has no way to express, in one version or another. Each is dropped with a warning.
DROPPED = {
    "vllm": set(),
    # With AITER, SGLang takes less than the fraction it is given.
    "sglang": {"memory.mem_fraction_static"},
    # Weights are quantized in the checkpoint or not at all.
    "trtllm": {"quantization.gemm_mode"},
    "transformers": {
        "memory.mem_fraction_static",
        "misc.context_length",
        "misc.cuda_graph_sizes",
        "misc.cuda_graphs",
        "quantization.gemm_mode",
        "quantization.kvcache_mode",
        "runtime.nextn",
        "scheduling.max_batched_tokens",
        "scheduling.max_running_requests",
        "scheduling.overlap",
    },
}


def judge_cells(chosen):
    """Judge each cell. Returns how many there were, and the settings that were dropped."""
    count, dropped = 0, set()
    for cell in chosen:
        point = compile_cell(cell)
        assert point.deployment is not None, cell
        try:
            judge(point.deployment, known_flags(cell.engine, cell.version))
        except AssertionError as error:
            raise AssertionError(cell) from error
        for item in point.diagnostics:
            if item.severity is Severity.ERROR:
                assert item.code in ABOUT_THE_PAIR, (cell, item)
                # What a profile wrote is never what is wrong: only a model that does not fit may be said of its value.
                written = item.writer is not None and item.writer.source is Source.PROFILE
                assert item.code == "AT016" or not written, (cell, item)
            if item.code == "AT101":
                dropped.add(item.path)
        count += 1
    return count, dropped


@pytest.mark.parametrize("engine", ENGINES)
def test_each_lowers_to_what_the_version_takes(engine):
    count, dropped = judge_cells(everyday_cells(engine))
    assert count == 3 * len(PROFILES) * 3 * 4
    assert dropped <= DROPPED[engine]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_each_lowers_to_what_the_version_takes_in_the_whole_matrix(engine):
    count, dropped = judge_cells(cells(engine))
    assert (len(PROFILES), len(GPUS), len(MODELS)) == (7, 6, 8)
    assert count == len(known_versions(engine)) * 7 * 6 * 8
    assert dropped == DROPPED[engine]
