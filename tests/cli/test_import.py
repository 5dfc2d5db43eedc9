"""`autotune import`: commands, files and stdin in, a task on stdout, everything else on stderr."""

import io
import json
import shlex
from pathlib import Path

import pytest
import yaml

KNOWN = "Qwen/Qwen3-8B"


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr("autotune.workspace.load.nvidia_products", tuple)


def test_quoted_and_unquoted_commands_give_one_task(autotune):
    quoted = autotune("import", f"vllm serve {KNOWN} --max-model-len 4096", "system.gpu=h200_sxm")
    words = autotune("import", "vllm", "serve", KNOWN, "--max-model-len", "4096", "system.gpu=h200_sxm")
    assert quoted.code == words.code == 0
    assert yaml.safe_load(quoted.out) == yaml.safe_load(words.out)
    task = yaml.safe_load(quoted.out)
    assert task["system"] == {"gpu": "h200_sxm", "backend": "vllm"}
    assert task["misc"] == {"context_length": 4096}
    assert "# from `--max-model-len 4096`" in quoted.out
    assert "lowers to the same arguments again" in quoted.err


def test_the_task_compiles_to_the_command_again(autotune, tmp_path):
    done = autotune(
        "import",
        "-o",
        "t.yaml",
        "vllm",
        "serve",
        KNOWN,
        "-tp",
        "2",
        "--seed",
        "3",
        "--disable-log-stats",
        "system.gpu=h100_sxm",
    )
    assert (done.code, done.out) == (0, "")
    assert "wrote t.yaml" in done.err
    (point,) = autotune("compile", "t.yaml", "--format", "json").json
    argv = point["deployment"]["argv"]
    assert argv[:3] == ["vllm", "serve", KNOWN]
    assert argv[argv.index("--tensor-parallel-size") + 1] == "2"
    assert argv[argv.index("--seed") + 1] == "3"
    assert "--disable-log-stats" in argv
    again = autotune("import", f"vllm serve {KNOWN}", "-o", "t.yaml")
    assert (again.code, again.codes) == (2, ["AT003"])
    assert autotune("import", f"vllm serve {KNOWN}", "-o", "t.yaml", "--force").code == 0


def test_files_and_stdin(autotune, tmp_path, monkeypatch):
    (tmp_path / "run.sh").write_text(f"#!/bin/sh\nexec vllm serve {KNOWN} \\\n  --seed 3\n")
    assert "seed: 3" in autotune("import", "run.sh").out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"vllm serve {KNOWN} --seed 4".encode())))
    assert "seed: 4" in autotune("import", "-").out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe")))
    assert autotune("import", "-").codes == ["AT042"]


def test_a_config_file_beside_the_source_is_read(autotune, tmp_path):
    (tmp_path / "f.yaml").write_text("seed: 5\n")
    assert "seed: 5" in autotune("import", f"vllm serve {KNOWN} --config f.yaml").out
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "g.yaml").write_text("seed: 6\n")
    (folder / "run.sh").write_text(f"vllm serve {KNOWN} --config g.yaml")
    assert "seed: 6" in autotune("import", "elsewhere/run.sh").out


@pytest.mark.parametrize(
    ("engine", "target"),
    [
        *(
            (engine, target)
            for engine in ("vllm", "sglang", "trtllm")
            for target in ("shell", "docker", "compose", "k8s")
        ),
        *(("vllm", target) for target in ("kserve", "kserve-llm", "ome", "lws", "helm", "kustomize")),
    ],
)
def test_what_autotune_emits_comes_back(autotune, engine, target):
    words = (
        f"system.backend={engine}",
        "system.gpu=h100_sxm",
        "parallel.tp=2",
        "misc.context_length=8192",
        "misc.env.A='b c'",
    )
    emitted = autotune("emit", *words, "--target", target, "-o", "out")
    file = next(
        line
        for line in emitted.out.splitlines()
        if line.endswith((".sh", "/deployment.yaml", "values.yaml", f"/{target}.yaml")) and "templates" not in line
    )
    done = autotune("import", file, "-o", "back.yaml", "system.gpu=h100_sxm")
    assert done.code == 0, done.err
    one, other = (autotune("compile", *source, "--format", "json").json[0] for source in (words, ("back.yaml",)))
    for key in ("argv", "files", "env"):
        assert one["deployment"][key] == other["deployment"][key], key


def test_several_servers_are_chosen_by_number(autotune):
    text = f"vllm serve {KNOWN} --port 8001 & vllm serve {KNOWN} --port 8002"
    asked = autotune("import", text)
    assert (asked.code, asked.codes) == (2, ["AT042"])
    assert "--server N" in asked.err
    assert "port: 8002" in autotune("import", text, "--server", "2").out
    assert autotune("import", text, "--server", "3").code == 2


def test_the_report_is_json(autotune):
    data = autotune("import", "--format", "json", f"vllm serve {KNOWN} -tp 2 --api-key secretvalue").json
    assert data["engine"] == "vllm"
    assert data["settings"]["parallel.tp"] == 2
    assert {"AT117", "AT210"} <= {item["code"] for item in data["diagnostics"]}
    assert "secretvalue" not in repr(data)


def test_an_unknown_model_works_and_says_what_to_do(autotune):
    done = autotune("import", "vllm serve nobody/knows-7b -tp 2")
    assert done.code == 0
    assert "tp: 2" in done.out
    assert "AT118" in done.codes
    assert "autotune models add FOLDER" in done.err


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("",),
        (" ",),
        ("vllm serve 'x",),
        ("vllm serve $(rm -rf /)",),
        ("ls -l",),
        ("nothing.yaml",),
        ("x" * 1_000_000,),
        ("vllm serve a\0b",),
        ("vllm", "serve"),
        ("docker", "run"),
        (f"vllm serve {KNOWN}", "parallel.tp=["),
        (f"vllm serve {KNOWN}", "nonsense.key=1"),
        (f"vllm serve {KNOWN}", "parallel.tp=2,4"),
        (f"vllm serve {KNOWN}", "+profile=low_latency"),
        (f"vllm serve {KNOWN}", "stray"),
        ("vllm", "serve", KNOWN, "--no-such-flag"),
    ],
)
def test_hostile_input_is_an_error_with_a_code(autotune, words):
    done = autotune("import", *words)
    assert done.code == 2
    assert done.codes
    assert "internal error" not in done.err
    assert len(done.err) < 4000


def test_help_says_how(autotune):
    done = autotune("import", "--help")
    assert done.code == 0
    assert "stdin" in done.out


INSPECTED = {
    "Path": "vllm",
    "Args": ["serve", KNOWN, "--max-num-seqs", "64"],
    "Name": "/llm",
    "HostConfig": {"ShmSize": 8589934592, "DeviceRequests": [{"Count": 2, "DeviceIDs": None}]},
    "Mounts": [{"Type": "bind", "Source": "/data/hf", "Destination": "/root/.cache/huggingface", "RW": True}],
    "Config": {
        "Image": "vllm/vllm-openai:v0.11.2",
        "Env": [
            "HF_TOKEN=hf_abcdefghijklmnopqrstuvwx",
            "MINE=1",
            "PATH=/bin",
            "CUDA_VERSION=12.8.1",
            "NCCL_DEBUG=INFO",
        ],
        "Labels": {"maintainer": "NVIDIA CORPORATION", "team": "search"},
    },
}


def test_an_option_of_autotune_among_the_words_is_pointed_out(autotune):
    done = autotune("import", "vllm", "serve", KNOWN, "-o", "t.yaml")
    assert (done.code, done.codes) == (2, ["AT210", "AT043"])
    assert "options of autotune stand before the words of a command" in done.err
    assert not Path("t.yaml").exists()


def test_a_folder_is_no_source(autotune):
    done = autotune("import", ".")
    assert (done.code, done.codes) == (2, ["AT042"])
    assert "is a folder" in done.err


def test_a_manifest_that_kubectl_is_given_in_the_shell(autotune):
    pod = f'kind: Pod\nspec: {{containers: [{{image: "vllm/vllm-openai:v0.11.2", args: [--model, {KNOWN}, --seed, "3"]}}]}}'
    for text in (f"kubectl apply -f - <<EOF\n{pod}\nEOF\n", f"cd x\nkubectl apply -f - <<'EOF'\n{pod}\nEOF\n"):
        done = autotune("import", text, "system.gpu=h100_sxm")
        assert done.code == 0, done.err
        assert yaml.safe_load(done.out)["misc"] == {"seed": 3}


def test_docker_inspect_is_read_without_what_the_image_brings(autotune, tmp_path):
    (tmp_path / "found.json").write_text(json.dumps([INSPECTED]))
    done = autotune("import", "found.json", "system.gpu=h100_sxm")
    assert done.code == 0
    task = yaml.safe_load(done.out)
    assert task["scheduling"] == {"max_running_requests": 64}
    assert task["misc"] == {"env": {"MINE": "1", "NCCL_DEBUG": "INFO"}}
    assert task["deploy"] == {
        "hf_token_secret": "hf-token",
        "host_path": "/data/hf",
        "mount_path": "/root/.cache/huggingface",
        "labels": {"team": "search"},
    }
    assert "abcdefghij" not in done.out + done.err
    assert "# the image sets it: env PATH; env CUDA_VERSION" in done.out
    assert "2 GPUs: the parallel sizes take 1" in done.err


def test_text_in_place_of_a_number_is_not_silent(autotune):
    done = autotune("import", f"vllm serve {KNOWN} --tensor-parallel-size two", "system.gpu=h100_sxm")
    assert (done.code, done.codes) == (0, ["AT117"])
    assert "--tensor-parallel-size two" in done.err
    assert yaml.safe_load(done.out)["misc"]["extra_args"] == {"--tensor-parallel-size": "two"}


def test_what_a_task_cannot_hold_is_named_with_the_reason_on_one_line(autotune):
    done = autotune(
        "import", f"vllm serve {KNOWN} --chat-template 'a\n${{HOME}} {{{{ é }}}} ---'", "system.gpu=h100_sxm"
    )
    assert (done.code, done.codes) == (2, ["AT043"])
    assert "--chat-template a ${HOME} {{ é }} ---: a task cannot hold `${`" in done.err
    assert yaml.safe_load(done.out)["version"] == 2


def test_hostile_values_stay_values(autotune, tmp_path):
    hostile = 'it\'s "quoted" $(id) `id` {{ x }} --- # é\n: - &a *b !c %d'
    (tmp_path / "run.sh").write_text(shlex.join(["vllm", "serve", KNOWN, "--chat-template", hostile]))
    assert autotune("import", "run.sh", "-o", "t.yaml", "system.gpu=h100_sxm").code == 0
    argv = autotune("compile", "t.yaml", "--format", "json").json[0]["deployment"]["argv"]
    assert argv[argv.index("--chat-template") + 1] == hostile


def test_a_finding_about_the_task_points_into_the_task(autotune):
    done = autotune("import", "vllm serve nobody/knows-7b", "-o", "t.yaml")
    number = next(int(line.rpartition(":")[2]) for line in done.err.splitlines() if "--> t.yaml:" in line)
    assert "nobody/knows-7b" in Path("t.yaml").read_text().splitlines()[number - 1]


AICONFIGURATOR = Path(__file__).parents[1] / "importing" / "data" / "aiconfigurator"


@pytest.mark.slow
def test_what_aiconfigurator_chose_becomes_tasks_that_check(autotune):
    done = autotune("import", "-o", "tasks", "aiconfigurator", str(AICONFIGURATOR))
    assert done.code == 0
    assert done.out == ""
    assert sorted(path.name for path in Path("tasks").iterdir()) == [
        "agg-sglang.yaml", "agg-trtllm.yaml", "agg-vllm.yaml", "disagg-sglang.yaml", "disagg-trtllm.yaml",
    ]  # fmt: skip
    assert "12 configs of aiconfigurator in 5 tasks, in tasks" in done.err
    assert set(done.codes) == {"AT117"}
    assert autotune("check", "tasks/agg-vllm.yaml").code == 0
    again = autotune("import", "-o", "tasks", "aiconfigurator", str(AICONFIGURATOR))
    assert (again.code, again.codes) == (2, ["AT003"])


@pytest.mark.slow
def test_one_task_goes_to_stdout_and_several_ask_for_a_folder(autotune):
    (folder,) = AICONFIGURATOR.glob("*_vllm_*")
    done = autotune("import", "aiconfigurator", str(folder), "system.image=mine:1")
    assert yaml.safe_load(done.out)["system"]["image"] == "mine:1"
    several = autotune("import", "aiconfigurator", str(AICONFIGURATOR))
    assert (several.code, several.out) == (2, "")
    assert "name a folder for them" in several.err


def test_a_claim_keeps_the_gpu_that_it_was_made_for(autotune):
    (folder,) = AICONFIGURATOR.glob("*_vllm_*")
    task = yaml.safe_load(autotune("import", "aiconfigurator", str(folder), "system.gpu=h100_sxm").out)
    assert task["system"]["gpu"] == "h100_sxm"
    assert task["predicted"]["for"]["system.gpu"] == "h200_sxm"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "it is not there"),
        (["."], "no best_config_topn.csv lies in it"),
        ([], "no folder is named"),
        ([".", "runtime.isl=8"], "stays as the folder has it"),
    ],
)
def test_a_folder_that_is_none_of_aiconfigurators_is_refused(autotune, words, said):
    done = autotune("import", "aiconfigurator", *words)
    assert done.code == 2
    assert said in done.err
