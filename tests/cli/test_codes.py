"""Every diagnostic code: its page's example triggers it, and an input that is close does not.

`--update-golden` writes what the examples print, and docs/diagnostics.md.
"""

import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from autotune.cli.code_pages import OUTPUTS, read_outputs
from autotune.diagnostics import CODES, render_pages

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "diagnostics.md"

MINE = "profiles/mine.yaml"
VLLM_BENCH = (ROOT / "tests" / "bench" / "data" / "vllm-bench" / "one" / "serve.json").read_text()


class Near(NamedTuple):
    """A command line that is close to the code's example and does not trigger it, with its files."""

    command: str
    files: dict[str, str] = {}  # noqa: RUF012


class Elsewhere(NamedTuple):
    """A code that takes two processes, or a whole run, to raise: the tests of both sides, and what it prints."""

    triggers: str
    does_not: str
    output: str


NEAR: dict[str, Near | Elsewhere] = {
    "AT001": Near("check task.yaml", {"task.yaml": "parallel:\n  tp: 2\n"}),
    "AT002": Near("check parallel.tp=2"),
    "AT003": Near("check parallel.tp='2'"),
    "AT004": Near("check 'misc.cuda_graph_sizes=[1,2]'"),
    "AT005": Near("check parallel.tp=2,4 -m"),
    "AT006": Near("check +profile=fp8_quantized"),
    "AT007": Near("check +profile=mine", {MINE: "description: Mine.\nlayers:\n  a:\n    set: {parallel.tp: 2}\n"}),
    "AT008": Near(
        "check +profile=mine",
        {MINE: "description: Mine.\nlayers:\n  a:\n    when: gpu.memory_gb > 80.0\n    set: {parallel.tp: 1}\n"},
    ),
    "AT009": Near("check '+profile=[high_throughput,fp8_quantized]'"),
    "AT010": Near("check model.id=Qwen/Qwen3-8B"),
    "AT011": Near("check system.gpu=h100_sxm"),
    "AT012": Near("check parallel.tp=4"),
    "AT013": Near("check model.id=Qwen/Qwen3-14B parallel.tp=4"),
    "AT014": Near("check parallel.pp=36 system.nodes=5"),
    "AT015": Near("check parallel.tp=16 system.nodes=2"),
    "AT016": Near("check model.id=meta-llama/Llama-3.1-70B-Instruct system.gpu=h100_sxm parallel.tp=4"),
    "AT017": Near("check quantization.gemm_mode=fp8 system.gpu=h100_sxm"),
    "AT018": Near("check quantization.gemm_mode=fp8"),
    "AT019": Near("check misc.context_length=32768"),
    "AT020": Near("check system.backend=vllm"),
    "AT021": Near("check scheduling.policy=priority"),
    "AT022": Near("check misc.extra_args.--max-cudagraph-capture-size=256"),
    "AT023": Near("emit parallel.tp=3,4 -m"),
    "AT024": Near(
        "check +profile=mine",
        {MINE: "description: Mine.\nlayers:\n  a: {set: {parallel.tp: 2}}\n  b: {set: {parallel.tp: 2}}\n"},
    ),
    "AT025": Near("check task.yaml", {"task.yaml": "overrides: [parallel.tp=2]\n"}),
    "AT026": Near("check executor=emulated"),
    "AT027": Near("check scheduling.max_batched_tokens=128 scheduling.max_running_requests=128"),
    "AT028": Near("check parallel.tp=2 misc.extra_args.--max-cudagraph-capture-size=4"),
    "AT029": Near("emit --target k8s"),
    "AT030": Near("emit executor=local executor.bin_dir=nowhere"),
    "AT031": Near("results --list"),
    "AT032": Elsewhere(
        "tests/run/test_runner.py::test_a_run_that_another_holds_is_an_error",
        "tests/run/test_runner.py::test_a_run_that_another_holds_is_an_error",
        "error[AT032]: autotune process 4242 on node7 is working on run 20261123-041500-3f2a1c\n"
        "  help: wait until it is done, or stop it: `autotune cancel 20261123-041500-3f2a1c`",
    ),
    "AT033": Near("check model.id=Qwen/Qwen3-30B-A3B parallel.tp=2 parallel.ep=2"),
    "AT034": Near("check model.id=Qwen/Qwen3-30B-A3B-FP8 parallel.tp=2"),
    "AT035": Near("check model.id=deepseek-ai/DeepSeek-V3 system.gpu=h200_sxm parallel.tp=8 runtime.nextn=1"),
    "AT036": Near("check parallel.tp=16 parallel.dcp=2 system.nodes=2"),
    "AT038": Near("check system.backend=transformers"),
    "AT040": Near("check system.serving_mode=disagg system.backend=sglang"),
    "AT041": Near("check deploy.autoscale.kind=hpa deploy.autoscale.max_replicas=4"),
    "AT047": Near("check benchmark.tool=quick 'benchmark.request_rate=[2.0]'"),
    "AT048": Near("check benchmark.dataset=prompts.jsonl 'benchmark.traffic_scenarios=[dataset]'"),
    "AT049": Elsewhere(
        "tests/cli/test_runs.py::test_cancelling_a_run_that_nobody_works_on_says_what_it_does",
        "tests/cli/test_runs.py::test_cancelling_asks_and_waits_until_the_run_has_ended",
        "error[AT049]: nobody works on run 20261123-041500-3f2a1c: it was interrupted\n"
        "  help: `autotune resume 20261123-041500-3f2a1c` goes on with it",
    ),
    "AT050": Elsewhere(
        "tests/run/test_faults.py::test_a_full_disk_is_a_failure_of_the_machine_and_the_point_is_run_once_there_is_room",
        "tests/run/test_faults.py::test_a_full_disk_under_the_store_is_waited_for_until_there_is_room",
        "error[AT050]: the folder /data/autotune/runs cannot be written: No space left on device\n"
        "  help: free some space, or set AUTOTUNE_HOME to another folder; what is stored is intact",
    ),
    "AT080": Elsewhere(
        "tests/web/test_admission.py::test_what_names_something_of_the_machine_is_refused",
        "tests/web/test_admission.py::test_engine_settings_are_let_pass",
        "error[AT080]: executor.bin_dir names a program, a file or an address of this machine, which a request may not\n"
        "  --> override executor.bin_dir=/tmp\n"
        "  help: set it in a profile on the machine that serves the page, or use the command line there",
    ),
    "AT081": Elsewhere(
        "tests/web/test_jobs.py::test_a_full_queue_takes_no_more",
        "tests/web/test_jobs.py::test_runs_wait_for_their_turn",
        "error[AT081]: 100 runs wait already\n  help: wait, or cancel some of them",
    ),
    "AT082": Elsewhere(
        "tests/web/test_requested.py::test_more_than_is_allowed_is_refused",
        "tests/web/test_requested.py::test_words_and_a_task_are_read_as_on_the_command_line",
        "error[AT082]: the sweep has 1,000,000 points, and one request may have 1,000\n"
        "  help: sweep over less, or use the command line, which has no such limit",
    ),
    "AT051": Near("emit executor=kubernetes executor.kubeconfig=nowhere"),
    "AT052": Elsewhere(
        "tests/run/cluster/test_server.py::test_every_missing_right_is_named_at_once",
        "tests/run/cluster/test_server.py::test_a_server_is_applied_as_emitted_answers_and_leaves_nothing",
        "error[AT052]: this user may not create deployments.apps in default, list events in default\n  --> executor.context\n"
        "  help: ask for a Role with these rights (docs/clusters.md has one), or use another executor.context or deploy.namespace",
    ),
    "AT053": Near("emit executor=ray executor.address=127.0.0.1:1"),
    "AT064": Near("predict system.backend=transformers"),
    "AT063": Elsewhere(
        "tests/cli/test_emit_winner.py::test_a_pick_that_is_not_there_says_what_is",
        "tests/cli/test_emit_winner.py::test_the_winner_is_packed_with_everything_about_it",
        "error[AT063]: run 20261123-041500-3f2a1c has no slo: no load meets every limit; fe2d1794c4 comes nearest\n"
        "  help: --pick best, knee is there",
    ),
    "AT171": Elsewhere(
        "tests/cli/test_emit_winner.py::test_the_winner_is_packed_with_everything_about_it",
        "tests/cli/test_emit_winner.py::test_what_was_measured_needs_no_warning",
        "warning[AT171]: point fe2d1794c4 was emulated, not measured; the package says so\n"
        "  help: run it on the real engine before you deploy it",
    ),
    "AT172": Elsewhere(
        "tests/cli/test_emit_winner.py::test_a_profile_that_changed_since_is_said_and_the_package_has_what_was_measured",
        "tests/cli/test_emit_winner.py::test_the_winner_is_packed_with_everything_about_it",
        "warning[AT172]: point fe2d1794c4 compiles to something else today (argv); the package has what was measured\n"
        "  help: autotune, a profile or the model's files have changed since; `autotune compile` shows today's",
    ),
    "AT046": Near("results import task", {"task/serve.json": VLLM_BENCH}),
    "AT044": Near("diff fp8_quantized '+profile=fp8_quantized'"),
    "AT042": Near("import 'vllm serve Qwen/Qwen3-8B'"),
    "AT043": Near("import 'vllm serve Qwen/Qwen3-8B --tensor-parallel-size 2'"),
    "AT045": Near("emit executor=docker executor.host=unix:///nowhere/docker.sock"),
    "AT101": Near("check scheduling.policy=fcfs"),
    "AT102": Near(
        "check system.gpu=l4 model.id=Qwen/Qwen3-4B misc.context_length=8192 runtime.isl=4000 'benchmark.num_concurrency=[8]'"
    ),
    "AT103": Near("check parallel.tp=2 system.num_gpus=2"),
    "AT104": Near("check runtime.ttft_target=200"),
    "AT105": Near("check model.id=Qwen/Qwen3-32B-FP8 system.gpu=h100_sxm"),
    "AT106": Near("check parallel.pp=4"),
    "AT107": Near("check misc.context_length=8192 'benchmark.traffic_scenarios=[\"U(100,6000)/(100,200)\"]'"),
    "AT108": Near("check misc.env.HF_TOKEN_PATH=/run/secrets/hub"),
    "AT109": Near(
        "check model.id=Qwen/Qwen3-30B-A3B system.backend=sglang parallel.tp=2 parallel.dp_attention=true"
    ),
    "AT110": Near("check memory.kv_offload_gb=8"),
    "AT111": Near("check parallel.tp=8 parallel.pp=2 system.nodes=2"),
    "AT112": Near("check scheduling.max_running_requests=8 scheduling.max_queued_requests=32"),
    "AT113": Near("check runtime.prefix=512 memory.prefix_caching=true"),
    "AT114": Near("check memory.mem_fraction_static=0.9"),
    "AT115": Elsewhere(
        "tests/cli/test_launch.py::test_a_strategy_that_learns_cannot_steer_jobs_and_that_is_said",
        "tests/cli/test_launch.py::test_a_strategy_that_learns_cannot_steer_jobs_and_that_is_said",
        "warning[AT115]: optimization.strategy=hybrid cannot choose by results among jobs that are launched together; the points are run as the grid gives them\n"
        "  --> optimization.strategy\n"
        "  help: leave hydra/launcher out, or set optimization.strategy=grid or random",
    ),
    "AT116": Near("check deploy.disruption_budget=1"),
    "AT122": Near(
        f"check 'benchmark.dataset=\"https://example.org/prompts.jsonl#sha256={'0a' * 32}\"' 'benchmark.traffic_scenarios=[dataset]'"
    ),
    "AT123": Near("check benchmark.dataset=prompts.jsonl 'benchmark.traffic_scenarios=[dataset]'"),
    "AT125": Elsewhere(
        "tests/run/test_faults.py::test_a_store_that_is_locked_is_waited_for_and_nothing_is_lost",
        "tests/run/test_faults.py::test_a_run_has_a_pulse_while_it_is_worked_on_and_none_before_and_after",
        "warning[AT125]: the store /data/autotune/autotune.db cannot be used: the disk is full; the result of point fe2d1794c4 was not "
        "stored; that is tried again for up to 10 min\n  help: make room there and give the same command again: what is stored is intact",
    ),
    # Compiled anywhere, run elsewhere; tests/run/test_layout.py has what is close on this machine.
    "AT124": Near("check executor=local system.gpu=cpu model.id=Qwen/Qwen3-0.6B executor.cores_per_server=4096"),
    "AT060": Elsewhere(
        "tests/cli/test_verify.py::test_an_emulated_run_verifies_nothing",
        "tests/cli/test_verify.py::test_a_run_is_laid_against_what_the_roofline_says",
        "error[AT060]: run 20261126-123647-8d3838 was emulated: its timing is the predictor's own, so there is nothing to verify\n"
        "  help: measure on a GPU (executor=local, docker, kubernetes), or take in what others measured: autotune results import DIR",
    ),
    "AT061": Elsewhere(
        "tests/cli/test_verify.py::test_an_imported_run_asks_for_what_it_does_not_say",
        "tests/cli/test_verify.py::test_an_imported_run_asks_for_what_it_does_not_say",
        "error[AT061]: run 20261126-104502-c0ffee does not say on which GPU it was measured\n  --> system.gpu\n"
        "  help: say it: autotune verify 20261126-104502-c0ffee system.gpu=h100_sxm",
    ),
    "AT062": Near("predict parallel.tp=2 system.gpu=h100_sxm"),
    "AT150": Near(
        "check 'optimization.objectives=[maximize_goodput,minimize_tpot]' system.gpu=h100_sxm slo.ttft.p95.threshold=5000"
    ),
    "AT151": Near("check optimization.weights.minimize_tpot=0.5"),
    "AT160": Elsewhere(
        "tests/cli/test_verify.py::test_what_cannot_be_compared_is_left_out_and_said",
        "tests/cli/test_verify.py::test_a_run_is_laid_against_what_the_roofline_says",
        "warning[AT160]: 2 loads left out: more than 5% of the requests failed\n  help: what is left is compared as usual",
    ),
    "AT161": Elsewhere(
        "tests/cli/test_verify.py::test_a_calibration_of_few_servers_is_doubted",
        "tests/cli/test_verify.py::test_a_calibration_is_fitted_kept_used_and_removed",
        "warning[AT161]: mine: it rests on 2 servers, so its error on others is hardly known\n"
        "  help: measure more settings of the server, then fit again",
    ),
    "AT121": Near("results import bench", {"bench/serve.json": VLLM_BENCH}),
    "AT119": Near(
        "explain --from-manifest pod.yaml",
        {
            "pod.yaml": CODES["AT119"].example.files["pod.yaml"].replace('"2"', '"1"'),  # type: ignore[union-attr]
        },
    ),
    "AT117": Near("import 'vllm serve Qwen/Qwen3-8B --seed 1'"),
    "AT118": Near("import 'vllm serve Qwen/Qwen3-8B'"),
    "AT120": Elsewhere(
        "tests/run/docker/test_preflight.py::test_an_engine_without_a_sign_of_the_toolkit_is_doubted",
        "tests/run/docker/test_preflight.py::test_an_engine_that_lists_the_runtime_is_not_doubted",
        "warning[AT120]: the Docker engine lists no NVIDIA runtime, so that containers may not get their GPUs\n  --> executor\n  help: install the NVIDIA Container Toolkit on the Docker host: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html",
    ),
    "AT201": Near("check system.gpu=h100_sxm"),
    "AT202": Near(
        "check +profile=mine", {MINE: "description: My own.\nlayers:\n  a: {set: {parallel.tp: 2}}\n"}
    ),
    "AT203": Elsewhere(
        "tests/run/test_choose.py::test_auto_takes_local_where_engine_and_device_are_there_and_says_why",
        "tests/run/test_choose.py::test_a_named_executor_stays_and_nothing_is_probed",
        "note[AT203]: executor=auto took emulated: `vllm` is not on PATH; nothing will be measured on hardware\n  --> executor",
    ),
    "AT204": Near("check 'system.backend=[vllm,sglang]' parallel.tp=2"),
    "AT205": Near("check scheduling.max_running_requests=32"),
    "AT206": Near("check model.id=meta-llama/Llama-3.1-8B-Instruct deploy.hf_token_secret=hub"),
    "AT207": Near("check misc.trust_remote_code=true model.revision=0123abc"),
    "AT209": Near("check system.backend=transformers system.image=registry.example/server:5.0"),
    "AT210": Near("import 'vllm serve Qwen/Qwen3-8B' system.gpu=h100_sxm"),
    "AT167": Elsewhere(
        "tests/cli/test_report.py::test_what_was_measured_is_not_compared_with_what_was_emulated",
        "tests/cli/test_report.py::test_several_runs_stand_side_by_side",
        "warning[AT167]: runs of different kinds are not compared: 20261124-090210-77ab01 is measured, 20261123-041500-3f2a1c is "
        "emulated\n  help: each stands in the report by itself; compare runs that were all measured, or all emulated",
    ),
    "AT211": Elsewhere(
        "tests/run/test_faults.py::test_a_config_that_failed_to_load_is_left_alone_by_other_runs_for_a_while",
        "tests/run/test_faults.py::test_failures_that_say_nothing_about_the_config_cool_nothing_down",
        "note[AT211]: 2 of 40 points are not tried: their servers failed to load on this machine a short while ago\n"
        "  --> optimization.cooldown_h\n  help: optimization.cooldown_h=0 tries them now; the results say in which run, and how",
    ),
    "AT216": Elsewhere(
        "tests/run/cluster/test_in_cluster.py::test_the_rights_of_a_job_are_asked_for",
        "tests/run/cluster/test_server.py::test_a_server_is_applied_as_emitted_answers_and_leaves_nothing",
        "note[AT216]: this user may not watch pods in default, watch events in default; the API server is asked every second instead\n"
        "  --> executor.context\n  help: ask for the verb watch beside list: it costs the API server less",
    ),
}  # fmt: skip

TYPED = [name for name, near in NEAR.items() if isinstance(near, Near)]


@pytest.fixture
def run(autotune, tmp_path, monkeypatch):
    """Run a command line as typed, with its files, on a machine without GPUs and engines."""
    monkeypatch.setattr("autotune.workspace.load.nvidia_products", tuple)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def run(command, files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return autotune(*shlex.split(command))

    return run


def said(done, code):
    """The lines of the findings with this code, as printed."""
    lines: list[str] = []
    inside = False
    for line in (done.err + done.out).splitlines():
        if head := re.match(r"(?:error|warning|note)\[(AT\d+)\]: ", line):
            inside = head[1] == code
        elif not line.startswith("  "):
            inside = False
        if inside:
            lines.append(line)
    return lines


def test_every_code_is_here():
    assert sorted(NEAR) == list(CODES)
    assert len(CODES) >= 30
    assert all(code.example is not None for code in CODES.values())


@pytest.mark.parametrize("name", TYPED)
def test_the_example_on_its_page_triggers_it(run, request, name):
    code = CODES[name]
    done = run(code.example.command.removeprefix("autotune "), code.example.files)
    lines = said(done, name)
    assert lines, f"{code.example.command} gives {done.codes}\n{done.err}{done.out}"
    assert lines[0].startswith(f"{code.severity}[{name}]: ")
    assert done.code == 2 or code.severity != "error"
    assert "abcdefghij" not in done.err + done.out, "a secret is repeated"
    if request.config.getoption("--update-golden"):
        outputs = read_outputs() | {name: lines}
        OUTPUTS.write_text(json.dumps(dict(sorted(outputs.items())), indent=1, ensure_ascii=False) + "\n")
    assert read_outputs().get(name) == lines, f"`pytest {request.path.name} --update-golden` takes the new text"


@pytest.mark.parametrize("name", TYPED)
def test_what_is_close_does_not_trigger_it(run, name):
    near = NEAR[name]
    done = run(near.command, near.files)
    assert name not in done.codes, done.err + done.out
    assert done.code == 0, done.err + done.out


@pytest.mark.parametrize("name", sorted(NEAR.keys() - set(TYPED)))
def test_codes_that_only_a_run_raises_have_tests_elsewhere(request, name):
    case = NEAR[name]
    for test in (case.triggers, case.does_not):
        file, _, function = test.partition("::")
        assert f"def {function}(" in (ROOT / file).read_text(), test
    assert name in (ROOT / case.triggers.partition("::")[0]).read_text()
    lines = case.output.splitlines()
    if request.config.getoption("--update-golden"):
        OUTPUTS.write_text(
            json.dumps(dict(sorted((read_outputs() | {name: lines}).items())), indent=1, ensure_ascii=False) + "\n"
        )
    assert read_outputs()[name] == lines


def test_the_documentation_lists_every_code(request):
    text = render_pages(read_outputs())
    if request.config.getoption("--update-golden"):
        DOCS.write_text(text)
    assert DOCS.read_text() == text, "`pytest tests/cli/test_codes.py --update-golden` writes docs/diagnostics.md"


def test_the_page_has_the_example_and_what_it_prints(autotune):
    page = autotune("explain", "at012").out
    assert page.startswith("error[AT012]: tensor parallelism does not divide the attention heads\n")
    assert "  $ autotune check parallel.tp=3\n  error[AT012]: parallel.tp=3 does not divide" in page
    assert "    --> override parallel.tp=3\n    help: use 1, 2, 4, 8, 16 or 32\n" in page
    assert "What to do: " in page
    data = autotune("explain", "AT024", "--format", "json").json
    assert data["example"]["files"].keys() == {MINE}
    assert data["example"]["output"][0].startswith("error[AT024]: ")


def test_all_codes_are_listed(autotune):
    listed = autotune("explain", "codes").out
    assert all(f"{name}   {code.severity}" in listed and code.title in listed for name, code in CODES.items())
    assert [page["code"] for page in autotune("explain", "codes", "--format", "json").json] == list(CODES)
    assert "autotune explain codes" in autotune("explain", "--help").out
