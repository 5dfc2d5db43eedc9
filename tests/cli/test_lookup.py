import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import autotune as autotune_package
from autotune.cli import completion
from autotune.cli.hydra_flags import reorder


def test_profiles(autotune):
    out = autotune("profiles").out
    for name in (
        "high_throughput",
        "low_latency",
        "balanced",
        "fp8_quantized",
        "memory_optimized",
        "long_context",
        "moe",
    ):
        assert f"{name} " in out
    shown = autotune("profiles", "show", "fp8_quantized").out
    assert shown.startswith("# profiles/fp8_quantized.yaml")
    assert "gpu.supports_fp8 && !model.is_quantized" in shown
    assert autotune("profiles", "show", "fp8_quantized", "--format", "json").json["layers"]["kv"]["set"] == {
        "quantization.kvcache_mode": "fp8_e4m3"
    }


def test_models_and_systems(autotune):
    models = autotune("models", "--format", "json").json
    assert len(models) >= 20
    assert all(model["source"] for model in models)
    gpus = {gpu["name"]: gpu for gpu in autotune("systems", "--format", "json").json}
    assert {
        "h100_sxm",
        "h200_sxm",
        "a100_sxm",
        "a100_sxm_40",
        "l40s",
        "l4",
        "b200_sxm",
        "gb200",
        "rtx_4090",
        "mi300x",
    } <= set(gpus)
    assert "Qwen/Qwen3-32B" in autotune("models", "qwen3-32").out
    assert "h100_sxm" in autotune("systems").out


@pytest.mark.parametrize("kind", ["task", "profile", "config"])
def test_schema(autotune, kind):
    assert autotune("schema", kind).json["type"] == "object"


def test_predict(autotune):
    done = autotune("predict", "parallel.tp=1,2", "-m")
    assert "PREDICTED" in done.err
    assert done.out.count("D(1024,256)") == 6
    rows = autotune("predict", "parallel.tp=2", "--format", "json").json
    assert {row["kind"] for row in rows} == {"predicted"}
    assert rows[0]["metrics"]["tpot_ms"]["mean"] > 0


def test_help_and_version(autotune):
    out = autotune("--help").out
    main = out.partition("Start here")[2].partition("Results")[0]
    assert [line.split()[0] for line in main.strip().splitlines()] == [
        "run",
        "compile",
        "check",
        "emit",
        "explain",
        "diff",
        "ui",
    ]
    assert autotune("compile", "--help").out.startswith("usage: autotune compile")
    assert autotune("help", "emit").out.startswith("usage: autotune emit")
    assert autotune("--version").out.startswith("autotune ")


def hydra(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "autotune", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(autotune_package.__file__).parents[1])},
    )


def test_hydras_own_flags(tmp_path):
    done = hydra("parallel.tp=2", "--cfg", "job", "+profile=x", cwd=tmp_path)
    assert "tp: 2" in done.stdout
    assert "profile: x" in done.stdout
    assert "Defaults List" in hydra("--info", "defaults", "quantization=fp8", cwd=tmp_path).stdout
    assert list(tmp_path.iterdir()) == []


def test_flags_go_first():
    assert reorder(["a=1", "--cfg", "job", "b=2", "-p", "model"]) == ["--cfg", "job", "-p", "model", "a=1", "b=2"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("autotune com", ["compile"]),
        ("autotune +profile=fp", ["+profile=fp8_quantized"]),
        ("autotune x +profile=[moe,fp", ["+profile=[moe,fp8_quantized"]),
        ("autotune quantization=fp8", ["quantization=fp8", "quantization=fp8_kv"]),
        ("autotune run parallel.t", ["parallel.tp="]),
        ("autotune system.gpu=h200_s", ["system.gpu=h200_sxm"]),
    ],
)
def test_completion(autotune, monkeypatch, line, expected):
    monkeypatch.setenv("COMP_LINE", line)
    assert autotune("-sc", "query=bash").out.split() == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(autotune, shell):
    assert "autotune -sc query=" + shell in autotune("--shell-completion", f"install={shell}").out
    assert autotune("--shell-completion", f"uninstall={shell}").out


def test_bash_completes_for_real(tmp_path):
    script = tmp_path / "try.bash"
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "autotune").write_text(f'#!/bin/sh\nexec {sys.executable} -m autotune "$@"\n')
    (bin_dir / "autotune").chmod(0o755)
    (tmp_path / "complete.sh").write_text(completion._SHELLS["bash"])
    script.write_text(
        f"PATH={bin_dir}:$PATH; source {tmp_path}/complete.sh\n"
        "COMP_LINE='autotune compile +profile=fp8'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(autotune compile +profile = fp8); COMP_CWORD=4\n"
        "compopt() { :; }; _autotune; printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fp8_quantized"]


def test_json_on_stdout_only(autotune):
    assert json.loads(autotune("compile", "+profile=fp8_quantized", "--format", "json").out)
