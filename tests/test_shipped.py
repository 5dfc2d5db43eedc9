"""Everything that ships: each profile, engine, GPU and option composes, checks, lowers and emits."""

import itertools

import pytest

import autotune
from autotune.catalog import builtin_catalog
from autotune.diagnostics import Severity
from autotune.emit import EMITTERS, emit_point
from autotune.engines import ENGINES
from autotune.resources import folder
from tests.engines.matrix import PROFILES, TP
from tests.engines.test_matrix import ABOUT_THE_PAIR

#: Dynamo's images hold some versions of an engine only; tests/emit/test_dynamo.py has the profiles for those.
TARGETS = [target for target in EMITTERS if target != "dynamo"]
GPUS = sorted({gpu.name for gpu in builtin_catalog().gpus.values()})
MODELS = ["Qwen/Qwen3-8B", "Qwen/Qwen3-30B-A3B", "deepseek-ai/DeepSeek-V3", "openai/gpt-oss-20b"]
OPTIONS = [f"{path.parent.name}={path.stem}" for path in sorted(folder("conf").glob("*/*.yaml"))]

#: Overrides whose flags, manifests and provenance are kept as golden files.
CASES = {
    "the_sentence": ["+profile=fp8_quantized", "parallel.tp=2,4"],
    "no_fp8_on_ampere": ["+profile=fp8_quantized", "system.gpu=a100_sxm", "parallel.tp=2"],
    "stacked": [
        "+profile=[high_throughput,fp8_quantized]",
        "model.id=Qwen/Qwen3-32B",
        "parallel.tp=2",
        "memory.page_size=16",
    ],
    "mixture_of_experts": ["+profile=[moe,memory_optimized]", "model.id=Qwen/Qwen3-30B-A3B", "parallel.tp=4"],
    "speculation": ["+profile=low_latency", "model.id=deepseek-ai/DeepSeek-V3", "system.gpu=h200_sxm", "parallel.tp=8"],
    "cluster": [
        "deploy.namespace=llm",
        "deploy.hf_token_secret=hub",
        "deploy.pvc=models",
        "deploy.replicas=2",
        "misc.env={A:'x y'}",
        "misc.extra_args.--max-log-len=10",
    ],
}


def judge(profile, engine, gpus, models):
    """Each model on each GPU: it compiles, no error is the profile's, and every target takes it. Returns the vendors."""
    points = autotune.compile(
        {"system.backend": engine, "parallel.tp": TP[engine], "system.gpus_per_node": 8},
        profiles=[profile],
        sweep={"system.gpu": gpus, "model.id": models},
    )
    assert len(points) == len(gpus) * len(models)
    for point in points:
        errors = [
            item for item in point.diagnostics if item.severity is Severity.ERROR and item.code not in ABOUT_THE_PAIR
        ]
        assert not errors, (point.swept, errors)
        assert point.deployment is not None
        assert emit_point(point.deployment, TARGETS)
    return {point.deployment.gpu_vendor for point in points}


@pytest.mark.parametrize(("profile", "engine"), list(itertools.product(PROFILES, ENGINES)))
def test_every_profile_on_every_gpu(profile, engine):
    """Each GPU has one of the models, and another with the next profile: of the seven, some profile meets every pair."""
    assert len(PROFILES) >= len(MODELS)
    turn = PROFILES.index(profile)
    vendors = [
        judge(profile, engine, GPUS[(number + turn) % len(MODELS) :: len(MODELS)], [model])
        for number, model in enumerate(MODELS)
    ]
    assert len(set.union(*vendors)) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "engine"), list(itertools.product(PROFILES, ENGINES)))
def test_every_profile_on_every_gpu_with_every_model(profile, engine):
    assert len(judge(profile, engine, GPUS, MODELS)) == 3


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_composes(option):
    overrides = [option] if option != "model=default" else [option, "model.id=Qwen/Qwen3-8B"]
    (point,) = autotune.compile(overrides)
    assert point.config is not None


@pytest.mark.parametrize("case", CASES)
def test_golden(case, golden):
    for index, point in enumerate(autotune.compile(CASES[case])):
        assert point.deployment is not None
        golden(f"{case}/{index}/argv.txt", "\n".join(point.deployment.argv) + "\n")
        golden(
            f"{case}/{index}/origin.txt",
            "".join(f"{path}: {writer}\n" for path, writer in sorted(point.origin.items())),
        )
        for name, text in emit_point(point.deployment, TARGETS).items():
            golden(f"{case}/{index}/{name.partition('/')[2]}", text)
