import pytest
import yaml

THE_SENTENCE = ["+profile=fp8_quantized", "parallel.tp=2,4", "-m"]


def argv_of(point):
    return point["deployment"]["argv"]


def value(argv, flag):
    return argv[argv.index(flag) + 1]


def test_the_sentence(autotune):
    done = autotune("compile", *THE_SENTENCE, "--format", "json")
    assert done.code == 0
    assert [value(argv_of(point), "--tensor-parallel-size") for point in done.json] == ["2", "4"]
    for point in done.json:
        assert value(argv_of(point), "--quantization") == "fp8"
        assert value(argv_of(point), "--kv-cache-dtype").startswith("fp8")
        assert point["config"]["system"]["gpu"] == "h100_sxm"
        assert point["applied_layers"] == ["fp8_quantized/weights", "fp8_quantized/kv"]
    assert done.codes == ["AT201"]


def test_the_sentence_on_a_gpu_without_fp8(autotune):
    done = autotune("compile", *THE_SENTENCE, "system.gpu=a100_sxm", "--format", "json")
    for point in done.json:
        assert "--quantization" not in argv_of(point)
        assert point["applied_layers"] == []


def test_every_key_that_scripts_rely_on(autotune):
    done = autotune(
        "compile", "+profile=[high_throughput,fp8_quantized]", "parallel.tp=2,4", "scheduling.max_running_requests=64,128",
        "system.gpu=h100_sxm", "model.id=Qwen/Qwen3-32B", "-m", "--format", "json",
    )  # fmt: skip
    assert len(done.json) == 4
    assert len({point["id"] for point in done.json}) == 4
    point = done.json[0]
    assert {"id", "overrides", "config", "deployment", "applied_layers", "origin", "diagnostics"} <= set(point)
    assert {"argv", "env", "image", "gpus", "files"} <= set(point["deployment"])
    assert "parallel.tp=2" in point["overrides"]
    assert point["origin"]["quantization.gemm_mode"].startswith("profiles/fp8_quantized.yaml:")
    assert point["origin"]["scheduling.max_running_requests"] == "override scheduling.max_running_requests=64,128"
    assert point["config"]["scheduling"]["max_running_requests"] == 64


@pytest.mark.parametrize("place", [0, 1, 2])
def test_m_stands_anywhere(autotune, place):
    words = THE_SENTENCE[:2]
    words.insert(place, "-m")
    assert len(autotune("compile", *words, "--format", "json").json) == 2


def test_the_same_input_gives_the_same_bytes(autotune):
    once, twice = (autotune("compile", *THE_SENTENCE, "--format", "json").out for _ in range(2))
    assert once == twice


def test_text_is_a_command_that_can_be_pasted(autotune):
    out = autotune("compile", "parallel.tp=2", "model.served_name='a b'").out
    assert "vllm serve Qwen/Qwen3-8B" in out
    assert "--served-model-name 'a b'" in out


def test_a_task_file_and_overrides_after_it(autotune, tmp_path):
    (tmp_path / "task.yaml").write_text("profile: fp8_quantized\nsweep: {parallel.tp: [2, 4]}\nruntime: {isl: 100}\n")
    done = autotune("compile", "task.yaml", "runtime.isl=200", "--format", "json")
    assert [point["config"]["parallel"]["tp"] for point in done.json] == [2, 4]
    assert done.json[0]["config"]["runtime"]["isl"] == 200
    assert done.json[0]["origin"]["parallel.tp"] == "task.yaml:2"


def test_python_gives_what_the_command_line_gives(autotune):
    import autotune as api

    points = api.compile({"model.id": "Qwen/Qwen3-8B"}, profiles=["fp8_quantized"], sweep={"parallel.tp": [2, 4]})
    done = autotune("compile", "model.id=Qwen/Qwen3-8B", *THE_SENTENCE, "--format", "json")
    assert [point.id for point in points] == [point["id"] for point in done.json]


def test_a_point_that_cannot_run_does_not_stop_the_others(autotune):
    done = autotune("compile", "parallel.tp=2,3", "-m")
    assert done.code == 0
    assert "error[AT012]: parallel.tp=3 does not divide the model's 32 attention heads" in done.err
    assert "1 of 2 points cannot run" in done.err


def test_secrets_stay_out(autotune, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    done = autotune("compile", "deploy.hf_token_secret=hub", "--format", "json")
    emitted = autotune("emit", "deploy.hf_token_secret=hub", "-t", "k8s,shell,docker,compose")
    assert emitted.code == 0
    assert "hf_verysecret" not in done.out + done.err + emitted.out + emitted.err
    assert "hub" in emitted.out


def test_the_limit_of_a_benchmark_does_not_make_it_another_point(autotune):
    ids = {
        autotune("compile", *words, "--format", "json").json[0]["id"]
        for words in ([], ["benchmark.timeout_s=900"], ["optimization.cooldown_h=0", "optimization.retries=3"])
    }
    assert len(ids) == 1


def test_points_become_searches_for_aiconfigurator(autotune):
    words = (
        "compile",
        "model.id=Qwen/Qwen3-8B",
        "system.gpu=h100_sxm",
        "parallel.tp=1,2",
        "-m",
        "--format",
        "aiconfigurator",
    )
    data = yaml.safe_load(autotune(*words).out)
    assert data["exps"] == ["exp_vllm_1"]
    assert data["exp_vllm_1"]["agg_tp_candidates"] == [1, 2]
    none = autotune("compile", "model.id=Qwen/Qwen3-8B", "system.gpu=mi300x", "--format", "aiconfigurator")
    assert (none.code, none.out, none.codes[-1]) == (2, "", "AT004")
