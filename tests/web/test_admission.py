"""What a client may have this machine do."""

import pytest

from autotune.diagnostics import InputError
from autotune.web.admission import admit, keeps_to_engine
from autotune.web.requested import read_request
from autotune.web.workbench import Workbench


@pytest.fixture(scope="module")
def workspace():
    return Workbench().workspace


def admitted(workspace, *words, executor="local", task=None):
    points = read_request(workspace, task, words).compile()
    admit(points, executor)
    return points


def refused(workspace, *words, executor="local", task=None):
    with pytest.raises(InputError) as caught:
        admitted(workspace, *words, executor=executor, task=task)
    return {item.path for item in caught.value.diagnostics if item.code == "AT080"}


@pytest.mark.parametrize("word", [
    "executor.bin_dir=/tmp", "executor.env={A: b}", "misc.env.LD_PRELOAD=/tmp/x.so", "benchmark.bin_dir=/tmp", "benchmark.dataset=/etc/passwd",
    "benchmark.dataset=http://10.0.0.1/x", "model.path=/models/x", "model.tokenizer=/etc", "misc.trust_remote_code=true", "deploy.host_path=/etc",
    "system.image=evil/image:1", "system.image=vllm/vllm-openai-evil:1", "misc.extra_args.--middleware=a.b", "misc.extra_args.--chat-template=x",
    "misc.extra_args.--download-dir=/", "misc.extra_args.--worker-cls=evil", "misc.extra_args.--max-logprobs=../x", "misc.extra_args.--trust-remote-code=true", "misc.extra_args.--tool-parser-plugin=x", "misc.extra_args.--port=1", "optimization.calibration=./x.json",
    "benchmark.results_uri=pvc://a/b", "deploy.namespace=kube-system",
])  # fmt: skip
def test_what_names_something_of_the_machine_is_refused(workspace, word):
    path = word.partition("=")[0]
    found = refused(workspace, "executor=local", word)
    assert found
    assert all(item.startswith(path.partition(".--")[0]) for item in found)


@pytest.mark.parametrize("words", [
    ["parallel.tp=2,4"], ["quantization=fp8"], ["+profile=high_throughput"], ["model.id=Qwen/Qwen3-32B", "system.gpu=h200_sxm"],
    ["system.image=vllm/vllm-openai:v0.20.0"], ["system.image=vllm/vllm-openai@sha256:" + "0" * 64], ["misc.extra_args.--max-logprobs=5", "misc.extra_args.--max-num-batched-tokens=8192", "misc.extra_args.--kv-cache-dtype=fp8"],
    ["misc.extra_args.--enforce-eager=true"], ["benchmark.tool=quick", "benchmark.num_concurrency=[1,8]", "benchmark.max_time_s=5"],
    ["executor=local"], ["executor=kubernetes"], ["benchmark.request_params={temperature: 0.0}"], ["deploy.replicas=2"],
])  # fmt: skip
def test_engine_settings_are_let_pass(workspace, words):
    assert admitted(workspace, *words)


def test_a_task_may_say_no_more_than_overrides(workspace):
    assert refused(workspace, task="executor: {name: local, bin_dir: /tmp}\nmisc: {env: {A: b}}\n") == {
        "executor.bin_dir",
        "misc.env.A",
    }


def test_an_emulated_engine_takes_no_flags_so_they_are_let_pass(workspace):
    assert admitted(
        workspace,
        "executor=emulated",
        "misc.extra_args.--chat-template=x",
        "misc.env.A=b",
        "system.image=a/b:1",
        executor="emulated",
    )
    assert refused(workspace, "executor=emulated", "model.path=/etc", executor="emulated") == {"model.path"}
    assert refused(workspace, "executor=emulated", "benchmark.bin_dir=/tmp", executor="emulated") == {
        "benchmark.bin_dir"
    }


def test_what_a_profile_on_the_machine_sets_is_let_pass(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOTUNE_PROFILES", str(tmp_path))
    (tmp_path / "ours.yaml").write_text(
        "description: Ours.\nlayers:\n  a: {set: {misc.env.NCCL_DEBUG: WARN, misc.extra_args.--download-dir: /models}}\n"
    )
    workspace = Workbench().workspace
    points = admitted(workspace, "+profile=ours")
    assert points[0].data["misc"]["env"] == {"NCCL_DEBUG": "WARN"}


def test_a_folder_that_a_client_names_is_not_looked_into(workspace, tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "hidden_size": 64}')
    points = read_request(workspace, None, [f"model.id={tmp_path}"]).compile()
    assert [item.code for item in points[0].diagnostics if item.severity.value == "error"] == ["AT010"]


def test_values_that_are_nothing_are_let_pass():
    assert list(keeps_to_engine({("executor", "bin_dir"): None, ("parallel", "tp"): 2})) == []
