import itertools
import random

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from autotune.compose.base import Composer
from autotune.compose.overrides import parse_overrides
from autotune.compose.points import compose_points
from autotune.diagnostics import InputError, Source
from autotune.resources import folder

GROUP_CHOICES = {
    "quantization": ["default", "bf16", "fp8", "fp8_kv"],
    "runtime": ["chat", "summarize", "reasoning", "default"],
    "model": ["qwen3_8b", "llama3_1_8b"],
    "executor": ["auto", "local", "emulated"],
    "slo": ["default", "interactive"],
}
VALUES = {
    "parallel.tp": ["1", "2", "null", "8"],
    "memory.mem_fraction_static": ["0.8", "0.9"],
    "misc.env": ["{A:'x y'}", "{A:b,C:d}", "{}"],
    "benchmark.num_concurrency": ["[1,8]", "[4]"],
    "misc.trust_remote_code": ["true", "false"],
    "model.served_name": ["'a,b'", "q/w", "'1'"],
    "benchmark.request_params": ["{temperature:0.5}", "{top_p:0.9}"],
    "slo.ttft": ["{p99:{threshold:5.0}}", "null"],
    "runtime.isl": ["8192"],
}
MAPS = {"misc.env", "benchmark.request_params", "slo.ttft"}


def points(composer, *texts, sweeps=True):
    return list(compose_points(parse_overrides(texts, composer.groups, composer.options, sweeps=sweeps), composer))


def by_hydra(overrides):
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(folder("conf")), version_base="1.3"):
        return OmegaConf.to_container(compose("config", overrides=list(overrides)), resolve=True)


def random_sweep(rng):
    """Overrides of a random sweep, and for each point the plain overrides that Hydra would be given."""
    chosen = rng.sample(sorted({**GROUP_CHOICES, **VALUES}), rng.randint(1, 4))
    texts, parts = [], []
    for key in chosen:
        options = (GROUP_CHOICES | VALUES)[key]
        values = rng.sample(options, rng.randint(1, min(2, len(options))))
        texts.append(f"{key}={','.join(values)}")
        # Hydra adds keys to a map only when it is told to with `++`; here a map is merged as it stands.
        parts.append([f"{'++' if key in MAPS else ''}{key}={value}" for value in values])
    return texts, list(itertools.product(*parts))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_the_fast_path_equals_hydra_point_by_point(composer, seed):
    texts, plain = random_sweep(random.Random(seed))
    composed = points(composer, *texts)
    assert len(composed) == len(plain)
    for point, overrides in zip(composed, plain, strict=True):
        assert point.data == by_hydra(overrides), overrides


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_the_fast_path_equals_hydra_on_many_sweeps(composer, seed):
    test_the_fast_path_equals_hydra_point_by_point(composer, seed)


def test_hydra_is_asked_once_for_each_choice_of_groups(monkeypatch):
    composer = Composer((folder("conf"),))
    calls = []
    monkeypatch.setattr(
        composer,
        "_compose",
        lambda overrides, choices: calls.append(overrides) or Composer._compose(composer, overrides, choices),
    )
    assert len(points(composer, "quantization=bf16,fp8", "parallel.tp=1,2,4,8", "memory.page_size=16,32")) == 16
    assert len(calls) == 2


def test_the_last_override_varies_fastest_and_says_so(composer):
    swept = [point.swept for point in points(composer, "parallel.tp=2,4", "runtime.osl=10", "memory.page_size=16,32")]
    assert swept == [
        ("parallel.tp=2", "memory.page_size=16"), ("parallel.tp=2", "memory.page_size=32"),
        ("parallel.tp=4", "memory.page_size=16"), ("parallel.tp=4", "memory.page_size=32"),
    ]  # fmt: skip


def test_ranges_ties_globs_and_stacked_profiles(composer):
    assert [point.data["parallel"]["tp"] for point in points(composer, "parallel.tp=range(1,4)")] == [1, 2, 3]
    tied = [
        (point.data["parallel"]["tp"], point.data["parallel"]["dp"])
        for point in points(composer, "parallel.tp,parallel.dp=[1,8],[2,4]")
    ]
    assert tied == [(1, 8), (2, 4)]
    assert len(points(composer, "quantization=glob(fp8*)")) == 2
    assert [point.profiles for point in points(composer, "+profile=a,b")] == [("a",), ("b",)]
    assert [point.profiles for point in points(composer, "+profile=[a,b]")] == [("a", "b")]


def test_what_only_hydra_understands_goes_through_hydra(composer):
    (point,) = points(composer, "parallel.tp=4", "parallel.dp=${parallel.tp}", "~runtime.osl")
    assert point.data["parallel"]["dp"] == 4
    assert "osl" not in point.data["runtime"]
    assert point.origin["parallel.dp"].override == "parallel.dp=${parallel.tp}"


def test_every_value_knows_its_writer(composer):
    (point,) = points(composer, "quantization=fp8", "parallel.tp=2", "misc.extra_args.--swap-space=4")
    assert str(point.origin["runtime.isl"]).startswith("conf/runtime/chat.yaml:")
    assert str(point.origin["quantization.gemm_mode"]).startswith("conf/quantization/fp8.yaml:")
    assert point.origin["parallel.tp"].override == "parallel.tp=2"
    assert point.data["misc"]["extra_args"] == {"--swap-space": 4}
    assert set(point.pinned) == {
        "quantization.gemm_mode",
        "quantization.kvcache_mode",
        "parallel.tp",
        "misc.extra_args.--swap-space",
    }


@pytest.mark.slow
def test_a_further_config_folder(tmp_path):
    (tmp_path / "quantization").mkdir()
    (tmp_path / "quantization" / "mine.yaml").write_text("defaults: [default]\ngemm_mode: nvfp4\n")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "lab.yaml").write_text("# @package _global_\nruntime:\n  isl: 77\n")
    composer = Composer((folder("conf"), tmp_path), {tmp_path: "extra"})
    (point,) = points(composer, "quantization=mine", "site=lab")
    assert point.data["quantization"]["gemm_mode"] == "nvfp4"
    assert point.data["runtime"]["isl"] == 77
    assert str(point.origin["quantization.gemm_mode"]) == "extra/quantization/mine.yaml:2"
    assert str(point.origin["runtime.isl"]) == "extra/site/lab.yaml:3"


def mistakes(composer, *texts, sweeps=True):
    with pytest.raises(InputError) as caught:
        points(composer, *texts, sweeps=sweeps)
    return [item.code for item in caught.value.diagnostics]


def test_bad_overrides_are_all_reported(composer):
    assert mistakes(composer, "a=[", "b", "=3", "x=interval(0,1)") == ["AT004"] * 4
    assert mistakes(composer, "parallel.tp=1,2", "quantization=fp8,bf16", sweeps=False) == ["AT005", "AT005"]
    assert mistakes(composer, "parallel.tp,parallel.dp=[1,2],3") == ["AT004"]
    assert mistakes(composer, "quantization=fp9", "runtime=chatt") == ["AT026", "AT026"]


def test_a_swept_value_is_the_users(composer):
    point = points(composer, "parallel.tp=1,2")[0]
    assert point.pinned["parallel.tp"].source is Source.SWEEP
