"""Every kind of bad input: an error that names the place and the remedy, exit code 2, no traceback."""

import pytest

from autotune.diagnostics import CODES


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["+profile=nope"], "AT006", "override +profile=nope"),
        (["+profile=fp8_quantised"], "AT006", "did you mean fp8_quantized"),
        (["+profil=x"], "AT002", "+profile=NAME"),
        (["parallel.tp=3"], "AT012", "use 1, 2, 4, 8, 16 or 32"),
        (["parallel.tp=-1"], "AT003", "greater than or equal to 1"),
        (["parallel.tp=two"], "AT003", "whole number"),
        (["parallel.tpp=2"], "AT002", "did you mean parallel.tp"),
        (["model.id=nobody/knows"], "AT010", "override model.id=nobody/knows"),
        (["model.id=Qwen/Qwen3-8"], "AT010", "Qwen/Qwen3-8B"),
        (["system.gpu=h1000"], "AT011", "h100_sxm"),
        (["system.backend=vlm"], "AT020", "vllm"),
        (["system.backend_version=0.2.0"], "AT020", "0.33.0"),
        (["parallel.tp=3,5", "-m"], "AT023", "2 points"),
        (["parallel.tp=2,4"], "AT005", "add -m"),
        (["parallel.tp=["], "AT004", "override `parallel.tp=[`"),
        (["executor=slurm"], "AT026", "emulated"),
        (["parallel.tp=16"], "AT015", "8"),
        (["+profile=[high_throughput,low_latency]"], "AT009", "conflict"),
        (["misc.extra_args.--tensor-paralel-size=2"], "AT022", "--tensor-parallel-size"),
        (["model.id=meta-llama/Llama-3.1-70B-Instruct", "system.gpu=h100_sxm"], "AT016", "parallel.tp="),
        (["misc.context_length=10000000"], "AT019", "context"),
        (["quantization.gemm_mode=nvfp4", "system.gpu=h100_sxm"], "AT017", "h100_sxm"),
    ],
)
def test_bad_words(autotune, words, code, said):
    for verb in ("compile", "check", "emit", "run"):
        done = autotune(verb, *words) if verb != "run" else autotune(*words)
        if verb == "compile" and code == "AT023":
            assert done.code == 2
            continue
        if verb == "check" and code == "AT023":
            continue
        assert done.code == 2, done.err
        assert code in done.codes, done.err + done.out
        assert said in done.err + done.out


PROFILES = {
    "broken_yaml": ("layers:\n  a: [1\n", "AT001", "mine/broken_yaml.yaml:3"),
    "bad_cel": (
        "layers:\n  a:\n    when: gpu.supports_fp8 &&& x\n    set: {parallel.tp: 2}\n",
        "AT008",
        "mine/bad_cel.yaml:3",
    ),
    "unknown_name": (
        "layers:\n  a:\n    when: gpu.memory > 3\n    set: {parallel.tp: 2}\n",
        "AT008",
        "mine/unknown_name.yaml:3",
    ),
    "unknown_key": ("layers:\n  a:\n    set:\n      parallel.tpp: 2\n", "AT002", "mine/unknown_key.yaml:4"),
    "twice": ("layers:\n  a: {set: {parallel.tp: 2}}\n  b: {set: {parallel.tp: 4}}\n", "AT024", "mine/twice.yaml:3"),
    "wrong_type": ("layers:\n  a:\n    set: {parallel.tp: two}\n", "AT003", "mine/wrong_type.yaml:3"),
    "bad_heads": ("layers:\n  big:\n    set:\n      parallel.tp: 3\n", "AT012", "mine/bad_heads.yaml:4, layer `big`"),
    "interpolation": ("layers:\n  a:\n    set: {parallel.tp: '${parallel.pp}'}\n", "AT007", "interpolation"),
    "unset": ("layers:\n  a:\n    when: parallel.tp > 2\n    set: {parallel.pp: 2}\n", "AT008", "parallel.tp = null"),
}


@pytest.mark.parametrize("name", PROFILES)
def test_bad_profiles(autotune, tmp_path, monkeypatch, name):
    text, code, said = PROFILES[name]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / f"{name}.yaml").write_text(text)
    monkeypatch.setenv("AUTOTUNE_PROFILES", "mine")
    done = autotune("check", f"+profile={name}")
    assert done.code == 2
    assert code in done.codes
    assert said in done.out
    assert autotune("profiles").code == 0, "one broken profile does not hide the others"


def test_a_user_profile_that_shadows_a_built_in_is_allowed_and_said(autotune, tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "balanced.yaml").write_text("description: my own\nlayers: {a: {set: {parallel.tp: 2}}}\n")
    done = autotune("compile", "+profile=balanced")
    assert done.code == 0
    assert "AT202" in done.codes
    assert "--tensor-parallel-size 2" in done.out
    assert "shadows a built-in" in autotune("profiles").out


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("a: [1\n", "AT001"),
        ("- 1\n", "AT025"),
        ("parallel: {tp: 3}\n", "AT012"),
        (b"\xff\xfe", "AT001"),
        ("paralel: {tp: 1}\n", "AT002"),
        (None, "AT001"),
    ],
)
def test_bad_task_files(autotune, tmp_path, content, code):
    task = tmp_path / "task.yaml"
    if content is None:
        task.mkdir()
    else:
        task.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = autotune("check", "task.yaml")
    assert done.code == 2
    assert code in done.codes
    assert "task.yaml" in done.out


def test_a_task_file_that_is_not_there(autotune):
    done = autotune("run", "nowhere.yaml")
    assert (done.code, done.codes) == (2, ["AT001"])


def test_ten_mistakes_at_once(autotune, tmp_path):
    (tmp_path / "task.yaml").write_text(
        "parallel:\n"
        "  tp: 3\n"
        "  pp: -1\n"
        "  dp: x\n"
        "memory:\n"
        "  page_size: 0\n"
        "quantization:\n"
        "  gemm_mode: fp5\n"
        "scheduling:\n"
        "  policy: random_walk\n"
        "misc:\n"
        "  seed: -4\n"
        "  dtype: float8\n"
        "  context_length: 10000000\n"
        "runtime:\n"
        "  nextn: 99\n"
    )
    done = autotune("check", "task.yaml", "--format", "json")
    assert done.code == 2
    found = [item for item in done.json if item["severity"] == "error"]
    assert sorted((item["line"], item["code"]) for item in found) == [
        (2, "AT012"), (3, "AT003"), (4, "AT003"), (6, "AT003"), (8, "AT003"), (10, "AT003"), (12, "AT003"), (13, "AT003"), (14, "AT019"), (16, "AT003"),
    ]  # fmt: skip
    assert all(item["file"] == "task.yaml" and item["help"] for item in found)


def test_hostile_names_do_no_harm(autotune, tmp_path):
    done = autotune("compile", "model.id='$(touch pwned); `id`'", "--format", "json")
    assert done.code == 2
    assert "AT010" in done.codes
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["complie"],
        ["nonsense"],
        ["compile", "--formt", "json"],
        ["compile", "--format", "xml"],
        ["explain", "AT999"],
        ["explain", "paralel.tp"],
        ["emit", "-t", "k9s"],
        ["profiles", "show", "nope"],
        ["profiles", "show"],
        ["results", "nope"],
        ["report"],
        ["resume"],
        ["compile", "--config-dir", "nowhere"],
        ["--shell-completion", "x"],
    ],
)
def test_bad_commands(autotune, words):
    done = autotune(*words)
    assert done.code == 2
    assert done.out == ""
    assert "error" in done.err


def test_a_mistyped_verb_is_recognised(autotune):
    assert "did you mean `autotune compile`?" in autotune("complie").err


def test_every_code_has_its_page(autotune):
    for name, code in CODES.items():
        out = autotune("explain", name).out
        assert out.startswith(f"{code.severity}[{name}]: ")
        assert "What to do: " in out


def test_engines_that_are_not_here_are_named_before_anything_starts(autotune):
    done = autotune("executor=local", "system.backend=sglang")
    assert (done.code, done.codes[-1]) == (2, "AT030")
    assert "sglang" in done.err
    assert "executor.bin_dir" in done.err


def test_several_servers_behind_a_router_cannot_be_run(autotune):
    done = autotune("executor=emulated", "system.backend=sglang", "system.serving_mode=disagg")
    assert done.code == 2
    assert "AT030" in done.codes
