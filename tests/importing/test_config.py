"""What becomes of a server's parts: versions, GPUs, models, secrets, volumes, and everything that no path means."""

import pytest

from autotune.catalog import builtin_catalog
from autotune.diagnostics import InputError
from autotune.engines.deployment import SecretRef, Volume
from autotune.importing.command_line import read_command
from autotune.importing.config import to_settings
from autotune.importing.found_server import FoundServer
from autotune.importing.imported import Status
from autotune.importing.read import read_servers
from autotune.importing.render import render_summary, render_task, report_data

CATALOG = builtin_catalog()
KNOWN = "Qwen/Qwen3-8B"


def imported(source, **given):
    server = source if isinstance(source, FoundServer) else read_command(source, "the command line")
    return to_settings(server, CATALOG, given={name.replace("__", "."): value for name, value in given.items()})


def found(source, **given):
    return {".".join(item.path): item.value for item in imported(source, **given).settings}


def parts(source, status, **given):
    return {part.said: part.note for part in imported(source, **given).parts if part.status is status}


def codes(source, **given):
    return [item.code for item in imported(source, **given).diagnostics]


def refusal(source, **given):
    with pytest.raises(InputError) as caught:
        imported(source, **given)
    (only,) = caught.value.diagnostics
    return only


def test_a_version_is_the_users_or_the_tags_or_the_newest_that_has_the_flags():
    docker = "docker run vllm/vllm-openai:v0.11.0 --model " + KNOWN
    assert imported(docker).version == "0.11.2"
    assert found(docker)["system.backend_version"] == "0.11.0"
    assert found(docker)["system.image"] == "vllm/vllm-openai:v0.11.0"
    assert imported(docker, system__backend_version="0.20.2").version == "0.20.2"
    assert "system.backend_version" not in found(f"vllm serve {KNOWN}")
    older = imported(f"vllm serve {KNOWN} --swap-space 4")
    assert older.kept == {"--swap-space": 4.0}
    assert older.version != "0.33.0"
    assert "--swap-space" in next(item.comment for item in older.settings if item.path == ("system", "backend_version"))
    latest = imported("docker run vllm/vllm-openai:latest --model " + KNOWN)
    assert latest.version == "0.33.0"
    assert {item.path: item.value for item in latest.settings}[("system", "image")] == "vllm/vllm-openai:latest"


def test_an_image_that_is_the_engines_own_is_not_repeated():
    assert "system.image" not in found("docker run vllm/vllm-openai:v0.33.0 --model " + KNOWN)


def test_without_a_gpu_a_memory_fraction_stays_a_flag_and_with_one_it_is_converted():
    text = f"vllm serve {KNOWN} --gpu-memory-utilization 0.9"
    assert imported(text).kept == {"--gpu-memory-utilization": 0.9}
    assert codes(text) == ["AT210", "AT210"]
    named = found(text, system__gpu="h100_sxm")
    assert 0.8 < named["memory.mem_fraction_static"] < 0.9
    assert codes(text, system__gpu="h100_sxm") == []


def test_what_depends_on_the_model_stays_a_flag_where_nobody_knows_the_model():
    flags = "--enable-expert-parallel --tensor-parallel-size 2 --quantization fp8"
    assert imported(f"vllm serve nobody/knows-7b {flags}").kept == {
        "--enable-expert-parallel": True,
        "--quantization": "fp8",
    }
    assert imported(f"vllm serve Qwen/Qwen3-30B-A3B {flags}").kept == {}
    assert "no facts are known" in render_task(imported("vllm serve nobody/knows-7b"))


def test_a_model_by_path_and_its_name():
    text = "vllm serve /models/q"
    assert found(text)["model.id"] == "/models/q"
    named = found(text, model__id=KNOWN)
    assert (named["model.id"], named["model.path"], named["model.served_name"]) == (KNOWN, "/models/q", "/models/q")
    short = found("vllm serve Qwen3-8B")
    assert (short["model.id"], short["model.path"]) == (KNOWN, "Qwen3-8B")
    hub = found("transformers serve Qwen/Qwen3-8B@abc")
    assert (hub["model.id"], hub["model.revision"]) == (KNOWN, "abc")


def test_ports_and_names():
    assert found(f"python -m sglang.launch_server --model {KNOWN}")["deploy.port"] == 30000
    assert found(f"vllm serve {KNOWN} --port 9000")["deploy.port"] == 9000
    names = found(f"vllm serve {KNOWN} --served-model-name a b c")
    assert (names["model.served_name"], names["model.aliases"]) == ("a", ["b", "c"])
    assert "--port $PORT" in parts(f"vllm serve {KNOWN} --port $PORT", Status.LEFT_OUT)


def test_an_unknown_flag_is_an_error_that_names_it_and_stays_in_the_task():
    result = imported(f"vllm serve {KNOWN} --tensor-paralel-size 2 --max-model-len 4096")
    (wrong,) = [item for item in result.diagnostics if item.code == "AT043"]
    assert "--tensor-paralel-size" in wrong.message
    assert "did you mean --tensor-parallel-size" in wrong.message
    assert result.kept == {"--tensor-paralel-size": "2"}
    assert "DOES NOT COME BACK --tensor-paralel-size 2" in render_task(result)
    assert "not all of it comes back" in render_summary(result)


def test_words_that_belong_to_no_flag_are_errors():
    assert "stray" in " ".join(
        item.message for item in imported(f"vllm serve {KNOWN} stray").diagnostics if item.code == "AT043"
    )


@pytest.mark.parametrize(
    "text",
    [
        f"vllm serve {KNOWN} --api-key sk-abcdefghijklmnopqrstuv",
        f"HF_TOKEN=hf_abcdefghijklmnopqrstuv vllm serve {KNOWN}",
        f"MY_API_KEY=abcdefghijklmnopqrstuv vllm serve {KNOWN}",
        f"docker run -e HUGGING_FACE_HUB_TOKEN=hf_abcdefghijklmnopqrstuv vllm/vllm-openai --model {KNOWN}",
        f"curl -H 'Authorization: Bearer abcdefghijklmnopqrstuv' x; vllm serve {KNOWN}",
        f"vllm serve {KNOWN} --chat-template hf_abcdefghijklmnopqrstuv",
        f"vllm serve {KNOWN} --wrong-flag hf_abcdefghijklmnopqrstuv",
    ],
)
def test_no_secret_is_ever_repeated(text):
    result = imported(text)
    everything = render_task(result) + repr(report_data(result)) + repr(result.diagnostics)
    assert "abcdefghij" not in everything
    assert any(
        part.status in (Status.LEFT_OUT, Status.MAPPED, Status.NOTED) and "hidden" in part.said for part in result.parts
    )


def test_a_token_becomes_a_reference():
    assert found(f"HF_TOKEN=hf_abcdefghijklmnopqrstuv vllm serve {KNOWN}")["deploy.hf_token_secret"] == "hf-token"
    secret = FoundServer("k8s", argv=("vllm", "serve", KNOWN), secrets=(SecretRef("HF_TOKEN", "hub", "HF_TOKEN"),))
    assert found(secret)["deploy.hf_token_secret"] == "hub"
    other = FoundServer("k8s", argv=("vllm", "serve", KNOWN), secrets=(SecretRef("HF_TOKEN", "hub", "token"),))
    assert "add that key" in next(iter(parts(other, Status.LEFT_OUT).values()))
    foreign = FoundServer(
        "k8s", argv=("vllm", "serve", KNOWN), secrets=(SecretRef("AWS_SECRET_ACCESS_KEY", "s3", "k"),)
    )
    assert "env AWS_SECRET_ACCESS_KEY (from a Secret)" in parts(foreign, Status.LEFT_OUT)


def test_the_models_volume_is_mounted_and_no_other():
    server = FoundServer(
        "k8s",
        argv=("vllm", "serve", "/models/q"),
        volumes=(
            Volume("shm", "/dev/shm", medium="Memory"),
            Volume("m", "/models", pvc="weights", sub_path="q"),
            Volume("logs", "/logs", host_path="/var/log"),
        ),
    )
    got = found(server)
    assert (got["deploy.pvc"], got["deploy.pvc_subpath"], got["deploy.mount_path"]) == ("weights", "q", "/models")
    assert list(parts(server, Status.LEFT_OUT)) == ["volume /var/log:/logs"]
    home = "docker run -v ~/.cache/huggingface:/root/.cache/huggingface vllm/vllm-openai --model " + KNOWN
    assert "deploy.host_path=/" in " ".join(parts(home, Status.LEFT_OUT).values())


def test_where_it_runs():
    server = FoundServer(
        "k8s", argv=("vllm", "serve", KNOWN, "--tensor-parallel-size=2"), namespace="ml", replicas=3, gpus=8, name="qwen",
        labels={"team": "a", "app.kubernetes.io/name": "x"}, node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
    )  # fmt: skip
    got = found(server)
    assert (got["deploy.namespace"], got["deploy.replicas"], got["system.gpu"]) == ("ml", 3, "h100_sxm")
    assert got["deploy.labels"] == {"team": "a"}
    assert "deploy.node_selector" not in got
    assert "the parallel sizes take 2" in parts(server, Status.LEFT_OUT)["8 GPUs"]
    assert imported(server).name == "qwen"
    wrong = FoundServer("k8s", argv=("vllm", "serve", KNOWN), namespace="Not_A_Label")
    assert "deploy.namespace Not_A_Label" in parts(wrong, Status.LEFT_OUT)


def test_more_gpus_than_a_node_has_are_more_nodes():
    assert found("vllm serve deepseek-ai/DeepSeek-V3 -tp 16", system__gpu="h100_sxm")["system.nodes"] == 2


def test_images_for_cpus_and_for_amd():
    assert found("docker run vllm/vllm-openai-cpu:v0.32.0 --model " + KNOWN)["system.gpu"] == "cpu"
    assert "system.image" not in found(
        "docker run vllm/vllm-openai-rocm:v0.33.0 --model " + KNOWN, system__gpu="mi300x"
    )


def test_what_the_user_says_wins():
    result = imported(f"vllm serve {KNOWN} -tp 2", parallel__tp=4)
    assert {".".join(item.path): item.value for item in result.settings}["parallel.tp"] == 4
    assert (
        "parallel.tp is said beside the command"
        in parts(f"vllm serve {KNOWN} -tp 2", Status.LEFT_OUT, parallel__tp=4)["-tp 2"]
    )
    assert refusal(f"vllm serve {KNOWN}", parallel__tp="two").code == "AT003"
    assert refusal(f"vllm serve {KNOWN}", system__backend="sglang").code == "AT042"
    assert refusal(f"vllm serve {KNOWN}", system__gpu="h1000").code == "AT011"
    assert refusal(f"vllm serve {KNOWN}", system__backend_version="7.0").code == "AT020"


def test_a_config_file_is_read_or_named():
    text = "cat > f.yaml <<EOF\nmodel: org/in-file\ntensor-parallel-size: 2\nmax-model-len: 4096\nenforce-eager: true\nseed: 1\nEOF\nvllm serve --config f.yaml --seed 7"
    got = found(text)
    assert (got["model.id"], got["parallel.tp"], got["misc.context_length"], got["misc.cuda_graphs"], got["misc.seed"]) == (
        "org/in-file", 2, 4096, False, 7,
    )  # fmt: skip
    assert "the file f.yaml" in parts(f"vllm serve {KNOWN} --config f.yaml", Status.LEFT_OUT)
    assert imported(f"vllm serve {KNOWN} --config f.yaml").kept == {"--config": "f.yaml"}


def test_a_file_of_tensorrt_llm_goes_to_paths_or_stays_whole():
    head = (
        "cat > f.yml <<EOF\nkv_cache_config:\n  enable_block_reuse: false\ncuda_graph_config: null\nmax_batch_size: 8\n"
    )
    got = found(f"{head}EOF\ntrtllm-serve {KNOWN} --extra_llm_api_options f.yml")
    assert (got["memory.prefix_caching"], got["misc.cuda_graphs"], got["scheduling.max_running_requests"]) == (
        False,
        False,
        8,
    )
    odd = imported(f"{head}print_iter_log: true\nEOF\ntrtllm-serve {KNOWN} --config f.yml")
    assert odd.kept == {"--config": "f.yml"}
    assert "print_iter_log in f.yml" in [part.said for part in odd.parts if part.status is Status.LEFT_OUT]


def test_a_json_flag_of_which_a_part_has_no_path_is_kept_whole():
    text = 'vllm serve Qwen/Qwen3-8B --speculative-config \'{"method":"ngram","num_speculative_tokens":4,"prompt_lookup_max":4}\''
    assert imported(text).kept == {
        "--speculative-config": {"method": "ngram", "num_speculative_tokens": 4, "prompt_lookup_max": 4}
    }


def test_a_shell_in_a_container_is_looked_into():
    pod = FoundServer(
        "k8s",
        argv=("/bin/sh", "-c", f"export A=1; exec vllm serve {KNOWN} --max-model-len 4096"),
        image="vllm/vllm-openai:v0.33.0",
    )
    got = found(pod)
    assert (got["misc.env.A"], got["misc.context_length"]) == ("1", 4096)


@pytest.mark.parametrize(
    ("server", "says"),
    [
        (FoundServer("here"), "starts no engine"),
        (FoundServer("here", argv=("sleep", "1")), "starts no engine"),
        (FoundServer("here", argv=("vllm", "serve")), "names no model"),
        (FoundServer("here", argv=("vllm", "serve", "$MODEL")), "nothing says what that is"),
        (FoundServer("here", argv=("vllm", "serve", "m" * 600)), "cannot be a model"),
        (FoundServer("here", argv=("trtllm-serve", "disaggregated", "-c", "x")), "starts no engine"),
        (FoundServer("here", image="nginx:1"), "starts no engine"),
    ],
)
def test_what_is_no_server_of_an_engine_is_refused(server, says):
    only = refusal(server)
    assert only.code == "AT042"
    assert says in only.message
    assert only.help


def test_a_variable_that_nothing_fills_is_a_warning():
    assert "taken literally" in parts(f"vllm serve {KNOWN} --chat-template $T", Status.LEFT_OUT)["--chat-template $T"]
    assert "AT117" in codes(f"vllm serve {KNOWN} --tokenizer $T")


def test_the_report_accounts_for_every_word():
    text = f"A=1 vllm serve {KNOWN} -tp 2 --host ::1 --port 9000 --swap-space 4 --api-key abc --bad-flag x"
    data = report_data(imported(text))
    said = " ".join(part["said"] for part in data["parts"])
    assert all(
        word in said
        for word in ("A=1", KNOWN, "-tp 2", "--host ::1", "--port 9000", "--swap-space 4", "--api-key", "--bad-flag x")
    )
    assert "abc" not in said
    assert sum(data["counts"].values()) == len(data["parts"])
    assert data["task"].startswith("# Imported from the command line")


@pytest.mark.parametrize("text", ["", "   ", "a\0b", "base_runtime: vllm", "version: 2\nmodel: {id: x}\n", "{}", "- 1"])
def test_texts_that_are_nothing(text):
    with pytest.raises(InputError) as caught:
        read_servers(text, "f")
    assert [item.code for item in caught.value.diagnostics] == ["AT042"]
