"""`autotune diff`: sides of every kind, what is shown of them, and the exit codes 0 (same), 1 (differ) and 2 (wrong input)."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from autotune.emit import EMITTERS

POINT = "+profile=fp8_quantized parallel.tp=2"
HOSTILE = [
    "it's",
    'say "hi"',
    "two\nlines",
    "$(reboot) $HOME `id`",
    "{{ x }}",
    "\n---\nkind: Pod\n",
    "é 日本語",
    "#x: [",
    " ",
    "\\",
]
TOKEN = "hf_" + "abcDEF12" * 4


def emit(autotune, words, *options):
    assert autotune("emit", *words.split(), *options).code == 0


def names(done):
    return {(item["kind"], item["name"]) for pair in done.json["pairs"] for item in pair["differences"]}


class TestPoints:
    def test_what_differs_and_who_set_it(self, autotune):
        done = autotune("diff", "low_latency", "high_throughput")
        assert done.code == 1
        (line,) = [line for line in done.out.splitlines() if "--max-num-seqs" in line]
        before, after = line.split(" -> ")[1:]
        assert line.strip().startswith("~ --max-num-seqs")
        assert "64 -> 512" in line
        assert "scheduling.max_running_requests: profiles/low_latency.yaml:" in before
        assert after.startswith("profiles/high_throughput.yaml:")
        assert "config\n" in done.out

    def test_the_same_is_said_and_is_exit_code_0(self, autotune):
        done = autotune("diff", "fp8_quantized", "+profile=fp8_quantized")
        assert (done.code, done.err) == (0, "")
        assert done.out.endswith("  the same\n")

    def test_overrides_after_the_sides_hold_for_both(self, autotune):
        done = autotune("diff", "low_latency", "low_latency", "model.id=Qwen/Qwen3-32B", "--format", "json")
        assert done.code == 0
        assert "qwen3-32b" in done.json["pairs"][0]["before"]["name"]
        assert "qwen3-32b" in done.json["pairs"][0]["after"]["name"]

    def test_a_task_file_alone_and_with_overrides(self, autotune, tmp_path):
        (tmp_path / "task.yaml").write_text("parallel: {tp: 2}\n")
        assert autotune("diff", "task.yaml", "parallel.tp=2").code == 0
        done = autotune("diff", "task.yaml", "task.yaml parallel.tp=4 -m")
        assert done.code == 1
        assert "~ --tensor-parallel-size  2 -> 4  parallel.tp: task.yaml:1 -> override parallel.tp=4" in done.out

    def test_sweeps_pair_by_what_was_swept(self, autotune):
        done = autotune("diff", "parallel.tp=1,2", "parallel.tp=4,2", "--format", "json")
        assert done.code == 1
        (pair,) = done.json["pairs"]
        assert (pair["same"], pair["before"]["key"], pair["after"]["key"]) == (
            True,
            ["parallel.tp=2"],
            ["parallel.tp=2"],
        )
        assert done.json["alone"] == {
            "before": ["parallel.tp=1,2: parallel.tp=1"],
            "after": ["parallel.tp=4,2: parallel.tp=4"],
        }
        text = autotune("diff", "parallel.tp=1,2", "parallel.tp=4,2").out
        assert "- parallel.tp=1,2: parallel.tp=1\n  only in A: B has no point of parallel.tp=1\n" in text
        assert "+ parallel.tp=4,2: parallel.tp=4\n  only in B: A has no point of parallel.tp=4\n" in text

    def test_the_servers_of_disaggregated_serving_are_compared_one_by_one(self, autotune):
        common = "system.backend=sglang system.serving_mode=disagg"
        done = autotune("diff", common, f"{common} scheduling.max_running_requests=9", "--format", "json")
        assert [pair["before"]["key"] for pair in done.json["pairs"]] == [
            ["role=router"],
            ["role=prefill"],
            ["role=decode"],
        ]
        assert ("flag", "--max-running-requests") in names(done)

    def test_json_has_every_field(self, autotune):
        done = autotune("diff", "parallel.tp=2", "parallel.tp=4", "--format", "json")
        (pair,) = done.json["pairs"]
        assert pair["differences"][0] == {
            "kind": "flag",
            "name": "--tensor-parallel-size",
            "before": ["2"],
            "after": ["4"],
            "path": "parallel.tp",
            "set_by": {"before": "override parallel.tp=2", "after": "override parallel.tp=4"},
        }
        assert (pair["same"], pair["config_compared"]) == (False, True)
        assert pair["before"]["engine"] == "vllm"

    @pytest.mark.slow
    def test_a_stored_point(self, autotune):
        same = "executor=emulated parallel.tp=2 benchmark.num_concurrency=[4]"
        assert autotune("run", *same.split()).code == 0
        (stored,) = autotune("results", "--format", "json").json
        point = stored["point_id"]
        assert autotune("diff", f"{stored['run_id']}:{point}", same).code == 0
        assert autotune("diff", point[:6], same).code == 0
        done = autotune("diff", point, same.replace("tp=2", "tp=4"))
        assert done.code == 1
        assert "2 -> 4  parallel.tp: override parallel.tp=2 -> override parallel.tp=4" in done.out
        missing = autotune("diff", f"{stored['run_id']}:0000", same)
        assert (missing.code, missing.codes) == (2, ["AT044"])
        assert point in missing.err


#: Dynamo starts the engine by a command of its own.
OWN_COMMAND = [target for target in EMITTERS if target != "dynamo"]


class TestFiles:
    @pytest.mark.parametrize(
        "target",
        [pytest.param(name, marks=() if name in ("k8s", "helm") else pytest.mark.slow) for name in OWN_COMMAND],
    )
    def test_every_target_reads_back_as_the_point_that_it_was_made_from(self, autotune, target):
        words = f"{POINT} misc.env.A='$x' misc.extra_args.--seed=3"
        assert autotune("emit", *_split(words), "-t", target, "-o", "out").code == 0
        done = autotune("diff", words, "out")
        assert (done.code, done.err) == (0, ""), done.out
        assert "the same" in done.out
        other = autotune("diff", words.replace("tp=2", "tp=4"), "out", "--format", "json")
        assert other.code == 1
        assert names(other) == {("flag", "--tensor-parallel-size"), ("config", "parallel.tp")}

    @pytest.mark.parametrize("target", OWN_COMMAND)
    @pytest.mark.slow
    def test_config_files_in_every_target(self, autotune, target):
        words = "system.backend=trtllm quantization.kvcache_mode=fp8 memory.mem_fraction_static=0.8"
        assert autotune("emit", *words.split(), "-t", target, "-o", "out").code == 0
        assert autotune("diff", words, "out").code == 0
        other = autotune("diff", words.replace("=fp8", "=bf16"), "out", "--format", "json")
        assert {name.rpartition(": ")[2] for kind, name in names(other) if kind == "file"} == {"kv_cache_config.dtype"}

    @pytest.mark.parametrize("target", OWN_COMMAND)
    @pytest.mark.slow
    def test_an_edit_is_a_difference_and_a_warning(self, autotune, target):
        emit(autotune, POINT, "-t", target, "-o", "out")
        for file in (path for path in Path("out").rglob("*") if path.is_file()):
            # Not in the annotation that says who set it.
            file.write_text(re.sub(r'fp8_e4m3(?!",)', "fp8_e5m2", file.read_text()))
        done = autotune("diff", POINT, "out")
        assert (done.code, done.codes) == (1, ["AT119"])
        assert "~ --kv-cache-dtype  fp8_e4m3 -> fp8_e5m2" in done.out
        assert "--kv-cache-dtype changed" in done.err
        assert done.out.count("profiles/fp8_quantized.yaml") == 1, "once, though only the point has a line number"

    def test_an_edited_config_map_in_a_file_of_its_own(self, autotune):
        words = "system.backend=trtllm quantization.kvcache_mode=fp8"
        emit(autotune, words, "-t", "kustomize", "-o", "out")
        (file,) = Path("out").rglob("configmap.yaml")
        file.write_text(file.read_text().replace("dtype: fp8", "dtype: auto"))
        done = autotune("diff", words, "out")
        assert (done.code, done.codes) == (1, ["AT119"])
        assert "/etc/autotune/trtllm.yaml: kv_cache_config.dtype  fp8 -> auto" in done.out
        alone = autotune("diff", words, str(next(Path("out").rglob("deployment.yaml"))))
        assert alone.code == 0
        assert "config files are not compared: B names them and does not hold them" in alone.out

    def test_two_folders(self, autotune):
        emit(autotune, POINT, "-t", "k8s", "-o", "one")
        emit(autotune, POINT, "-t", "helm,docker", "-o", "two")
        assert autotune("diff", "one", "two").code == 0
        emit(autotune, "parallel.tp=4", "-o", "three")
        done = autotune("diff", "one", "three")
        assert done.code == 1
        assert "- --quantization          fp8       quantization.gemm_mode: profiles/fp8_quantized.yaml" in done.out

    @pytest.mark.parametrize("target", ["k8s", "kustomize", "helm"])
    @pytest.mark.parametrize("words", ["parallel.tp=1,2", "system.backend=trtllm memory.mem_fraction_static=0.7,0.8"])
    def test_a_sweep_and_its_folder(self, autotune, target, words):
        emit(autotune, f"{words} -m", "-t", target, "-o", "out")
        done = autotune("diff", words, "out", "--format", "json")
        assert (done.code, done.codes) == (0, []), done.out
        assert [pair["same"] for pair in done.json["pairs"]] == [True, True]
        assert done.json["alone"] == {"before": [], "after": []}

    @pytest.mark.parametrize("target", ["kustomize", "helm"])
    def test_an_edit_of_what_a_sweep_shares_and_of_one_overlay(self, autotune, target):
        emit(autotune, "parallel.tp=1,2 -m", "-t", target, "-o", "out")
        for file in Path("out").rglob("*.yaml"):
            text = file.read_text().replace("image: vllm/vllm-openai:v0.33.0", "image: vllm/vllm-openai:nightly")
            file.write_text(re.sub(r"(- --tensor-parallel-size\n +- )'2'", r"\1'3'", text))
        done = autotune("diff", "parallel.tp=1,2", "out", "--format", "json")
        assert (done.code, set(done.codes)) == (1, {"AT119"})
        found = [{(item["kind"], item["name"]) for item in pair["differences"]} for pair in done.json["pairs"]]
        assert [("flag", "--tensor-parallel-size") in items for items in found] == [False, True]
        assert all(("image", "image") in items for items in found)

    def test_targets_in_one_folder_that_disagree_are_not_mixed_up(self, autotune):
        emit(autotune, POINT, "-t", "k8s,docker", "-o", "out")
        (script,) = Path("out").rglob("docker.sh")
        script.write_text(script.read_text().replace("fp8_e4m3", "fp8_e5m2"))
        done = autotune("diff", POINT, "out")
        assert (done.code, done.codes) == (2, ["AT044"])
        assert "docker.sh" in done.err
        assert "k8s.yaml" in done.err

    def test_a_target_that_starts_the_engine_by_a_command_of_its_own_is_left_to_the_others(self, autotune):
        emit(autotune, POINT, "-t", "k8s", "-o", "out")
        (entry,) = autotune("explain", "--from-manifest", "out", "--format", "json").json
        container = {"command": ["python3", "-m", "dynamo.vllm"], "args": ["--model", "m"]}
        graph = {
            "kind": "DynamoGraphDeployment",
            "metadata": {"name": "graph", "annotations": {"autotune/point": entry["point"]}},
            "spec": {"services": {"Worker": {"extraPodSpec": {"mainContainer": container}}}},
        }
        Path("out/dynamo.yaml").write_text(yaml.safe_dump(graph))
        done = autotune("diff", POINT, "out", "--format", "json")
        assert done.code == 0
        assert len(done.json["pairs"]) == 1
        assert autotune("diff", POINT, "out/dynamo.yaml").code == 1

    def test_what_kubectl_prints_on_standard_input(self, autotune, monkeypatch):
        pod = {
            "kind": "Pod",
            "metadata": {"name": "llm"},
            "spec": {
                "containers": [{"name": "c", "image": "vllm/vllm-openai:v0.33.0", "args": ["--model", "m", "-tp", "4"]}]
            },
        }
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"kind": "List", "items": [pod]})))
        done = autotune("diff", "parallel.tp=2", "-")
        assert done.code == 1
        assert "B  standard input  (vllm 0.33.0, llm)" in done.out
        assert "~ --tensor-parallel-size  2 -> 4" in done.out
        assert "config paths are not compared: B (manifest) says nothing of its config" in done.out


class TestCommands:
    def test_a_command_line_in_any_spelling(self, autotune):
        argv = autotune("compile", *POINT.split(), "--format", "json").json[0]["deployment"]["argv"]
        command = " ".join(argv).replace("--tensor-parallel-size 2", "\\\n  -tp=2")
        assert autotune("diff", POINT, command).code == 0
        done = autotune("diff", POINT, f"A=1 {command}", "--format", "json")
        assert names(done) == {("env", "A")}

    def test_two_command_lines(self, autotune):
        done = autotune("diff", "vllm serve m --seed 1", "vllm serve m --seed=2 --enable-prefix-caching")
        assert done.code == 1
        assert "~ --seed                   1 -> 2\n" in done.out
        assert "+ --enable-prefix-caching\n" in done.out

    def test_a_process(self, autotune, tmp_path):
        with _Server(
            tmp_path, "m", "-tp", "4", "--chat-template", "a b\n'c'", "", env={"A": "1", "OTHER": "x"}
        ) as process:
            done = autotune("diff", "A=1 B=2 vllm serve m -tp 2", f"pid:{process.pid}", "--format", "json")
        assert done.code == 1
        found = {item["name"]: (item["before"], item["after"]) for item in done.json["pairs"][0]["differences"]}
        assert found == {
            "--tensor-parallel-size": (["2"], ["4"]),
            "--chat-template": (None, ["a b\n'c'"]),
            "model": (["m"], ["m", ""]),
            "B": (["2"], None),
        }

    def test_a_process_that_is_no_server_or_not_there(self, autotune):
        done = autotune("diff", POINT, f"pid:{os.getpid()}")
        assert (done.code, done.codes) == (2, ["AT044"])
        assert "is no server" in done.err
        gone = autotune("diff", POINT, "pid:99999999")
        assert (gone.code, gone.codes) == (2, ["AT044"])
        assert "no such file or directory" in gone.err


class TestSecretsAndHostileValues:
    @pytest.mark.parametrize("form", ["text", "json"])
    @pytest.mark.parametrize(
        "word",
        [
            f"vllm serve m --api-key {TOKEN}",
            f"HF_TOKEN={TOKEN} vllm serve m",
            "vllm serve m --api-key=opensesame",
            f"misc.env.HF_TOKEN={TOKEN}",
            "misc.extra_args.--api-key=opensesame",
        ],
    )
    def test_secrets_are_not_repeated(self, autotune, form, word):
        done = autotune("diff", "parallel.tp=2", word, "--format", form)
        assert done.code == 1
        assert "(hidden)" in done.out
        for secret in (TOKEN, "opensesame"):
            assert secret not in done.out + done.err

    def test_only_the_secret_of_a_title_is_hidden(self, autotune):
        done = autotune("diff", "parallel.tp=2", f"parallel.tp=4 misc.env.HF_TOKEN={TOKEN}")
        assert "B  parallel.tp=4 misc.env.HF_TOKEN=(hidden)  (" in done.out

    def test_a_secret_in_a_word_that_means_nothing(self, autotune):
        done = autotune("diff", POINT, TOKEN)
        assert done.code == 2
        assert TOKEN not in done.err

    def test_hostile_values_read_back(self, autotune):
        env = {f"V{number}": value for number, value in enumerate(HOSTILE)}
        Path("task.yaml").write_text(
            yaml.safe_dump({"misc": {"env": env, "extra_args": {"--chat-template": "".join(HOSTILE)}}})
        )
        targets = ["shell", "docker", "compose", "k8s", "kserve", "lws", "ome"]
        assert autotune("emit", "task.yaml", "-t", ",".join(targets), "-o", "out").code == 0
        for file in (path for path in Path("out").rglob("*") if path.is_file()):
            done = autotune("diff", "task.yaml", str(file))
            if file.name in ("ome-model.yaml", "ome-benchmark.yaml"):
                assert (done.code, done.codes) == (2, ["AT044"])
                continue
            assert (done.code, done.err) == (0, ""), done.out

    def test_nothing_steers_the_terminal(self, autotune):
        pod = {
            "kind": "Pod",
            "metadata": {"name": "a\x1b[31m", "annotations": {"autotune/point": "a\x1b[2J", "autotune/emitted": "{"}},
            "spec": {
                "containers": [
                    {
                        "args": ["vllm", "serve", "m", "--x", "\x1b]0;t\x07"],
                        "env": [{"name": "\x1b[1m", "value": "a\nb"}],
                    }
                ]
            },
        }
        Path("pod.json").write_text(json.dumps(pod))
        done = autotune("diff", "vllm serve m", "pod.json")
        shown = autotune("explain", "--from-manifest", "pod.json")
        for text in (done.out, done.err, shown.out, shown.err):
            assert "\x1b" not in text
        assert "\\x1b[1m  a\\nb" in done.out


class TestWrongInput:
    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            ([], "AT044", "two sides are needed"),
            (["balanced"], "AT044", "two sides are needed"),
            (["balanced", ""], "AT044", "an empty word"),
            (["balanced", "fp8_quantised"], "AT044", "did you mean the profile fp8_quantized?"),
            (["balanced", "nofile.yaml"], "AT044", "there is no file or folder nofile.yaml"),
            (["balanced", "out/nothing"], "AT044", "there is no file or folder out/nothing"),
            (["balanced", "empty"], "AT044", "empty holds no server"),
            (["balanced", "broken.yaml"], "AT001", "broken.yaml:3"),
            (["balanced", "vllm serve 'm"], "AT042", "never closed"),
            (["balanced", "grep --help"], "AT042", "starts no engine"),
            (["balanced", "parallel.tpp=2"], "AT002", "parallel.tp"),
            (["balanced", "parallel.tp=x"], "AT003", "parallel.tp"),
            (["balanced", "none-such:0123"], "AT031", "no run"),
            (["balanced", "0123abcd"], "AT044", "nothing that can be compared"),
            (["-", "-"], "AT044", "one side only"),
            (["parallel.tp=1,2", "scheduling.max_running_requests=8,9"], "AT044", "share nothing that was swept"),
        ],
    )
    def test_is_said_with_what_to_do(self, autotune, tmp_path, words, code, said):
        (tmp_path / "empty").mkdir()
        (tmp_path / "broken.yaml").write_text("kind: Pod\nspec: [\n")
        done = autotune("diff", *words)
        assert (done.code, done.out) == (2, "")
        assert set(done.codes) == {code}
        assert said in done.err
        assert "help: " in done.err

    def test_both_sides_are_reported_at_once(self, autotune):
        done = autotune("diff", "fp8_quantised", "parallel.tpp=2")
        assert done.codes == ["AT044", "AT002"]

    def test_a_point_that_cannot_run_is_shown_and_says_why(self, autotune):
        done = autotune("diff", "parallel.tp=2", "parallel.tp=16")
        assert (done.code, done.codes) == (2, ["AT015"])
        assert "~ --tensor-parallel-size  2 -> 16" in done.out
        assert autotune("diff", "parallel.tp=16", "parallel.tp=16").code == 2, "the same mistake twice is no agreement"


def _split(words):
    return [word.replace("'", "") for word in words.split(" ")]


class _Server:
    """A process that is named like vLLM and waits; it says that it runs before anything is read of it."""

    def __init__(self, folder, *words, env):
        script = folder / "vllm"
        script.write_text("import sys\nprint('ready', flush=True)\nsys.stdin.read()\n")
        self.argv = [sys.executable, str(script), "serve", *words]
        self.env = env

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"
        return self.process

    def __exit__(self, *_):
        self.process.communicate()
        assert self.process.returncode == 0
