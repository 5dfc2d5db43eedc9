from dataclasses import replace

import pytest

from autotune.catalog import builtin_catalog, get_model, measurements, status, statuses
from autotune.catalog.measured import _SEEN, MEASURED
from autotune.engines import ENGINES


@pytest.mark.parametrize("row", MEASURED, ids=lambda row: f"{row.model}-{row.gpu}-{row.engine}")
def test_every_row_is_about_a_known_model_gpu_and_engine(row):
    catalog = builtin_catalog()
    assert catalog.models[row.model].id == row.model
    assert catalog.gpus[row.gpu].name == row.gpu
    assert row.engine in ENGINES
    assert row.version[0].isdigit()
    assert row.output_tokens_per_s_per_gpu > 50


def test_what_was_seen_but_not_kept_is_known_too():
    for model, gpus in _SEEN.items():
        assert builtin_catalog().models[model].id == model
        assert all(builtin_catalog().gpus[gpu].name == gpu for gpu in gpus)
        assert not {row.gpu for row in measurements(model)} & set(gpus)


def test_throughput_follows_from_the_times():
    row = next(
        row for row in MEASURED if (row.model, row.gpu, row.engine) == ("openai/gpt-oss-120b", "h100_sxm", "vllm")
    )
    seconds = (row.ttft_ms + 1023 * row.tpot_ms) / 1000
    assert row.output_tokens_per_s_per_gpu == pytest.approx(64 * 1024 / seconds / 2)


def test_measured_is_production_and_the_rest_is_to_test():
    model = get_model("openai/gpt-oss-120b")
    assert status(model, "h100_sxm") == "production"
    assert status(model, "gb200") == "production"
    assert status(model, "l4") == "to_test"
    assert statuses(get_model("Qwen/Qwen3-4B")) == {}


def test_what_the_entry_says_counts_first():
    model = replace(get_model("openai/gpt-oss-120b"), status={"h100_sxm": "failed"})
    assert status(model, "h100_sxm") == "failed"
    assert status(model, "h200_sxm") == "production"
