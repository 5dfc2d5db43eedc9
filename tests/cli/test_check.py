"""autotune check as a pipeline sees it: SARIF, denied findings, order."""

import pytest

MODEL = "meta-llama/Llama-3.1-70B-Instruct"


def placed(done):
    """(code, file, line) of each result."""
    found = []
    for item in done.json["runs"][0]["results"]:
        where = item["locations"][0].get("physicalLocation", {})
        found.append(
            (item["ruleId"], where.get("artifactLocation", {}).get("uri"), where.get("region", {}).get("startLine"))
        )
    return found


def test_sarif_has_a_place_for_each_finding_of_a_task_file(autotune, tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "serving").mkdir()
    (tmp_path / "serving" / "task.yaml").write_text("system: {gpu: h100_sxm}\nparallel:\n  tp: 3\n  pp: 5\n")
    monkeypatch.chdir(tmp_path / "serving")
    done = autotune("check", "task.yaml", "system.num_gpus=99", "--format", "sarif")
    assert done.code == 2
    assert ("AT012", "serving/task.yaml", 3) in placed(done)
    assert ("AT106", "serving/task.yaml", 4) in placed(done)
    assert ("AT015", "serving/task.yaml", 1) in placed(done), "an override has no line of its own"
    assert str(tmp_path) not in done.out


def test_sarif_of_a_task_file_that_cannot_be_read_and_of_one_without_mistakes(autotune, tmp_path):
    (tmp_path / "bad.yaml").write_text("parallel:\n  tp: [1\n")
    assert placed(autotune("check", "bad.yaml", "--format", "sarif")) == [("AT001", "bad.yaml", 3)]
    (tmp_path / "good.yaml").write_text("system: {gpu: h100_sxm}\n")
    done = autotune("check", "good.yaml", "--format", "sarif")
    assert (done.code, placed(done)) == (0, [])


def test_a_built_in_profile_has_no_place_in_a_strangers_repository(autotune, tmp_path):
    (tmp_path / "task.yaml").write_text(
        "profile: high_throughput\nsystem: {gpu: l4, num_gpus: 1}\nmodel: {id: Qwen/Qwen3-32B}\n"
    )
    done = autotune("check", "task.yaml", "--format", "sarif")
    assert done.code == 2
    assert {file for _, file, _ in placed(done)} == {"task.yaml"}


def test_a_denied_finding_is_an_error(autotune):
    assert autotune("check", "runtime.ttft_target=1").code == 0
    done = autotune("check", "runtime.ttft_target=1", "--deny", "AT104")
    assert done.code == 2
    assert "error[AT104]" in done.out
    assert "made an error by --deny" in done.out
    assert autotune("check", "runtime.ttft_target=200", "--deny", "AT104,AT108", "--deny", "warnings").code == 0


@pytest.mark.parametrize("verb", ["compile", "emit", "run"])
def test_verbs_refuse_a_point_with_a_denied_finding(autotune, verb):
    done = autotune(verb, "runtime.ttft_target=1", "--deny", "AT104")
    assert done.code == 2
    assert "AT104" in done.codes
    assert "apiVersion" not in done.out
    assert "command" not in done.out


def test_only_the_points_with_the_denied_finding_are_pruned(autotune):
    done = autotune("emit", "-t", "shell", "system.num_gpus=4", "parallel.tp=2,4", "-m", "--deny", "AT103")
    assert done.code == 0
    assert done.out.split().count("--tensor-parallel-size") == 1
    assert "system.num_gpus reserves" in done.err


def test_a_denied_note_about_all_points_refuses_each(autotune, tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "balanced.yaml").write_text("description: my own\nlayers: {a: {set: {parallel.tp: 2}}}\n")
    assert autotune("compile", "+profile=balanced").code == 0
    for verb in ("check", "compile", "emit"):
        done = autotune(verb, "+profile=balanced", "parallel.pp=1,2", "-m", "--deny", "AT202")
        assert (done.code, "AT202" in done.codes) == (2, True)
        assert "kind: Deployment" not in done.out


def test_an_unknown_code_cannot_be_denied(autotune):
    done = autotune("compile", "--deny", "AT999")
    assert (done.code, done.codes, done.out) == (2, ["AT002"], "")


def test_errors_come_first_and_the_order_is_stable(autotune):
    words = (
        "check",
        f"model.id={MODEL}",
        "runtime.prefix=64",
        "memory.prefix_caching=false",
        "parallel.pp=3",
        "parallel.tp=3",
    )
    done = autotune(*words)
    kinds = [line.partition("[")[0] for line in done.out.splitlines() if "[AT" in line.partition(":")[0]]
    assert kinds == sorted(kinds, key=["error", "warning", "note"].index)
    assert set(kinds) == {"error", "warning", "note"}
    assert autotune(*words).out == done.out
    assert done.out.splitlines()[-1].startswith("1 point checked, ")


def test_the_arithmetic_and_the_smallest_tp_that_fits(autotune):
    done = autotune("check", f"model.id={MODEL}", "system.gpu=h100_sxm")
    assert "weights 141.1 GB + activations" in done.out
    assert "help: parallel.tp=4 or " in done.out
    sentence = (f"model.id={MODEL}", "system.gpu=h100_sxm", "+profile=fp8_quantized", "parallel.tp=2")
    assert autotune("check", *sentence).code == 0


def test_a_secret_is_not_repeated(autotune):
    secret = "hf_abcdefghijklmnopqrstuvwxyz"
    for words in (
        f"misc.env.HF_TOKEN={secret}",
        f"misc.env={{HF_TOKEN: {secret}}}",
        f"misc.extra_args.--api-key={secret}",
    ):
        for form in ("text", "json", "sarif"):
            done = autotune("check", words, "--format", form)
            assert "AT108" in done.out
            assert secret not in done.out + done.err
        shown = autotune("compile", words)
        assert secret not in shown.out + shown.err
