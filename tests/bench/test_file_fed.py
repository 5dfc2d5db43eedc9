"""guidellm, vLLM's client and aiperf as load clients: stand-ins for the commands, over the real protocol of files."""

import json
import os
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from autotune.bench import CLIENTS, BenchCancelled, BenchError, BenchJob, Endpoint, Load
from autotune.bench.file_fed import planned_requests
from autotune.diagnostics import InputError
from autotune.schema import Benchmark
from tests.bench.served import served
from tests.bench.test_quick import Backend

DATA = Path(__file__).parent / "data"
TOOLS = ("guidellm", "vllm_bench", "aiperf")
COMMANDS = {"guidellm": "guidellm", "vllm_bench": "vllm", "aiperf": "aiperf"}

# Does what the tools do as far as files go: reads what it is given, notes it, and leaves a result of a real run. Told by
# MODE to leave nothing, to hang with a child of its own, or to leave half a result; never by its exit status.
STAND_IN = """#!{python}
import json, os, pathlib, subprocess, sys, time
argv = sys.argv[1:]
value = lambda name: argv[argv.index(name) + 1]
here = pathlib.Path.cwd()
(here / "seen.json").write_text(json.dumps({{"argv": argv, "env": dict(os.environ)}}))
if {mode!r} == "hang":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (here / "child.pid").write_text(str(child.pid))
    time.sleep(600)
if {mode!r} == "nothing":
    sys.exit("no such tokenizer")
tool = {tool!r}
if tool == "guidellm":
    data = json.loads(pathlib.Path({data!r}, "guidellm", {mode!r} if "failed" in {mode!r} else "two-concurrencies", "benchmarks.json").read_text())
    data["benchmarks"] = data["benchmarks"][-1:]
    for run in data["benchmarks"]:  # the files kept here have one failed request of each kind
        run["requests"]["errored"] *= run["metrics"]["request_totals"]["errored"]
    target = pathlib.Path(json.loads(pathlib.Path(value("--config")).read_text())["spec"]["outputs"][0]["path"])
elif tool == "vllm_bench":
    data = json.loads(pathlib.Path({data!r}, "vllm-bench", {mode!r} if "failed" in {mode!r} else "one", "serve.json").read_text())
    data["errors"] = ["", *["Traceback:\\n  client error: 422"] * data["failed"]]
    target = pathlib.Path(value("--result-dir"), value("--result-filename"))
else:
    name = "profile_export.jsonl" if {mode!r} == "all-failed" else "profile_export_aiperf.json"
    data = pathlib.Path({data!r}, "aiperf", {mode!r} if "failed" in {mode!r} else "single", name).read_text()
    target = pathlib.Path(value("--artifact-dir"), name)
    target.parent.mkdir()
target.write_text("{{" if {mode!r} == "half" else data if isinstance(data, str) else json.dumps(data))
sys.exit(3)
"""


@pytest.fixture
def tool_bin(tmp_path):
    """`tool_bin(tool, mode)`: a folder with a stand-in for the tool's command."""

    def make(tool, mode="works"):
        folder = tmp_path / f"bin-{tool}-{mode}"
        folder.mkdir()
        command = folder / COMMANDS[tool]
        command.write_text(STAND_IN.format(python=sys.executable, tool=tool, mode=mode, data=str(DATA)))
        command.chmod(0o755)
        return str(folder)

    return make


def job(url, folder, *loads, engine="vllm", env=None, cancelled=lambda: False, **benchmark):
    endpoint = Endpoint(url, "org/tiny; rm -rf x", "org/tokenizer", engine)
    settings = Benchmark(**({"max_requests": 6} | benchmark))
    return BenchJob(endpoint, settings, loads, folder, 2, env or {}, cancelled, osl=17)


def measure(tool, backend, folder, *loads, chat=True, **more):
    with served(backend.app(chat)) as url:
        return CLIENTS[tool].measure(job(url, folder, *loads, tool=tool, **more))


def tokens_backend():
    return Backend(lambda backend, body: backend.tokens(body))


def seen(folder):
    return json.loads((folder / "seen.json").read_text())


def rows(folder):
    return [json.loads(line) for line in (folder / "prompts.jsonl").read_text().splitlines()]


def value(argv, option):
    return argv[argv.index(option) + 1]


@pytest.mark.parametrize("tool", TOOLS)
def test_each_load_is_a_run_with_requests_of_its_own_whatever_the_status(tool, tool_bin, tmp_path):
    loads = (Load("D(30,5)", 4), Load("N(60,5)/(5,2)", 2), Load("D(30,5)", 4))
    found = measure(tool, tokens_backend(), tmp_path / "b", *loads, bin_dir=tool_bin(tool))
    assert tuple(item.load for item in found) == loads
    texts = [row.get("prompt") or row["text"] for number in range(3) for row in rows(tmp_path / "b" / f"run{number}")]
    assert len(texts) == len(set(texts)) == 18


@pytest.mark.parametrize("tool", TOOLS)
def test_requests_have_the_sizes_that_every_client_sends(tool, tool_bin, tmp_path):
    backend = tokens_backend()
    measure("quick", backend, tmp_path / "q", Load("U(20,60)/(3,9)", 2))
    measure(tool, tokens_backend(), tmp_path / "b", Load("U(20,60)/(3,9)", 2), bin_dir=tool_bin(tool))
    sent = [(backend.words(body), body["max_tokens"]) for body in backend.loads]
    key = {"guidellm": "output_tokens_count", "vllm_bench": "output_tokens", "aiperf": "output_length"}[tool]
    given = [(len((row.get("prompt") or row["text"]).split()), row[key]) for row in rows(tmp_path / "b" / "run0")]
    assert sorted(sent) == sorted(given)


@pytest.mark.parametrize("tool", TOOLS)
def test_warmup_is_sent_before_the_tool_starts(tool, tool_bin, tmp_path):
    backend = tokens_backend()
    measure(tool, backend, tmp_path / "b", Load("D(30,5)", 4), bin_dir=tool_bin(tool), warmup=3)
    assert len(backend.loads) == 3
    assert len(rows(tmp_path / "b" / "run0")) == 6
    warm = {body["messages"][0]["content"] for body in backend.loads}
    assert not warm & {row.get("prompt") or row["text"] for row in rows(tmp_path / "b" / "run0")}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_data_set_goes_on_where_the_load_before_it_ended(tool, tool_bin, tmp_path):
    data = tmp_path / "p.csv"
    data.write_text(
        "prompt,output_tokens\n"
        + "".join(f"prompt {number},{number if number % 2 else ''}\n" for number in range(1, 9))
    )
    loads = (Load("dataset", 2), Load("dataset", 4))
    options = {"traffic_scenarios": ("dataset",), "dataset": str(data), "max_requests": 3, "warmup": 1}
    measure(tool, tokens_backend(), tmp_path / "b", *loads, bin_dir=tool_bin(tool), **options)
    taken = [[row.get("prompt") or row["text"] for row in rows(tmp_path / "b" / f"run{number}")] for number in (0, 1)]
    assert taken == [["prompt 2", "prompt 3", "prompt 4"], ["prompt 6", "prompt 7", "prompt 8"]]
    assert [list(row.values())[1] for row in rows(tmp_path / "b" / "run0")] == [17, 3, 17]


def test_the_command_lines(tool_bin, tmp_path):
    load, params = Load("D(30,5)", 4), {"top_p": 0.9}
    for tool in TOOLS:
        measure(
            tool, tokens_backend(), tmp_path / tool, load, bin_dir=tool_bin(tool), request_params=params, max_time_s=7.0
        )
    fields = {"temperature": 0.0, "ignore_eos": True, "top_p": 0.9}
    spec = json.loads((tmp_path / "guidellm" / "run0" / "config.json").read_text())["spec"]
    assert spec["backend"]["extras"] == {"body": fields}
    assert spec["backend"]["model"] == "org/tiny; rm -rf x"
    assert spec["profile"] == {"kind": "concurrent", "streams": [4]}
    assert {"kind": "max_duration", "seconds": 7.0} in spec["constraints"]
    argv = seen(tmp_path / "vllm_bench" / "run0")["argv"]
    assert argv[:2] == ["bench", "serve"]
    assert json.loads(value(argv, "--extra-body")) == fields
    assert (value(argv, "--max-concurrency"), value(argv, "--num-prompts")) == ("4", "6")
    assert "--request-rate" not in argv
    argv = seen(tmp_path / "aiperf" / "run0")["argv"]
    assert json.loads(value(argv, "--extra-inputs")) == fields
    assert (value(argv, "--concurrency"), value(argv, "--benchmark-duration")) == ("4", "7.0")
    assert "--use-server-token-count" in argv


def test_an_open_loop_is_a_poisson_process_in_every_tool(tool_bin, tmp_path):
    for tool in TOOLS:
        measure(tool, tokens_backend(), tmp_path / tool, Load("D(30,5)", request_rate=2.5), bin_dir=tool_bin(tool))
    spec = json.loads((tmp_path / "guidellm" / "run0" / "config.json").read_text())["spec"]
    assert spec["profile"] == {"kind": "poisson", "rate": [2.5]}
    argv = seen(tmp_path / "vllm_bench" / "run0")["argv"]
    assert value(argv, "--request-rate") == "2.5"
    assert "--max-concurrency" not in argv
    argv = seen(tmp_path / "aiperf" / "run0")["argv"]
    assert (value(argv, "--request-rate"), value(argv, "--arrival-pattern")) == ("2.5", "poisson")
    assert "--concurrency" not in argv


def test_an_open_loop_sends_what_arrives_within_the_time_limit():
    benchmark = Benchmark(max_requests=100, max_time_s=10.0)
    assert planned_requests(benchmark, Load("D(1,1)", request_rate=2.0)) == 20
    assert planned_requests(benchmark, Load("D(1,1)", request_rate=200.0)) == 100
    assert planned_requests(benchmark, Load("D(1,1)", request_rate=0.01)) == 1
    assert planned_requests(benchmark, Load("D(1,1)", 4)) == 100


@pytest.mark.parametrize("tool", TOOLS)
def test_an_engine_without_that_field_is_not_sent_it(tool, tool_bin, tmp_path):
    options = {"engine": "transformers", "request_params": {"ignore_eos": True}}
    measure(tool, tokens_backend(), tmp_path / "b", Load("D(30,5)", 1), bin_dir=tool_bin(tool), **options)
    assert "ignore_eos" not in "".join(path.read_text() for path in (tmp_path / "b" / "run0").glob("*.json*"))
    if tool == "guidellm":  # it adds ignore_eos itself to a row that says its output tokens
        assert "output_tokens_count" not in rows(tmp_path / "b" / "run0")[0]
        assert json.loads((tmp_path / "b" / "run0" / "config.json").read_text())["spec"]["backend"]["max_tokens"] == 5


@pytest.mark.slow
def test_a_base_model_is_spoken_to_through_completions(tool_bin, tmp_path):
    for tool in TOOLS:
        measure(tool, tokens_backend(), tmp_path / tool, Load("D(30,5)", 1), chat=False, bin_dir=tool_bin(tool))
    spec = json.loads((tmp_path / "guidellm" / "run0" / "config.json").read_text())["spec"]
    assert spec["backend"]["request_format"] == "/v1/completions"
    argv = seen(tmp_path / "vllm_bench" / "run0")["argv"]
    assert (value(argv, "--backend"), value(argv, "--endpoint")) == ("openai", "/v1/completions")
    assert value(seen(tmp_path / "aiperf" / "run0")["argv"], "--endpoint-type") == "completions"


@pytest.mark.parametrize("tool", TOOLS)
def test_keys_of_other_services_do_not_reach_the_tool_or_its_command_line(tool, tool_bin, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-you")
    measure(tool, tokens_backend(), tmp_path / "b", Load("D(30,5)", 1), bin_dir=tool_bin(tool), env=dict(os.environ))
    written = "".join(path.read_text() for path in (tmp_path / "b").rglob("*") if path.is_file())
    assert "sk-not-for-you" not in written


def test_aiperf_reads_a_tokenizer_folder_only_where_the_hub_is_not_off(tool_bin, tmp_path):
    with served(tokens_backend().app()) as url:
        asked = job(
            url,
            tmp_path / "b",
            Load("D(30,5)", 1),
            tool="aiperf",
            bin_dir=tool_bin("aiperf"),
            env={"HF_HUB_OFFLINE": "1"},
        )
        CLIENTS["aiperf"].measure(asked)
        assert seen(tmp_path / "b" / "run0")["env"]["HF_HUB_OFFLINE"] == "1"
        here = Endpoint(url, "tiny", str(tmp_path), "vllm")
        CLIENTS["aiperf"].measure(BenchJob(here, asked.benchmark, asked.loads, tmp_path / "c", 1, asked.env))
        assert "HF_HUB_OFFLINE" not in seen(tmp_path / "c" / "run0")["env"]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("mode", "reason"), [("nothing", "ended with status 1 and left no result"), ("half", "status 3 and left a result that cannot be read")]
)  # fmt: skip
def test_a_run_without_a_result_is_an_error_with_the_tools_words(tool, mode, reason, tool_bin, tmp_path):
    with pytest.raises(BenchError, match=reason) as caught:
        measure(tool, tokens_backend(), tmp_path / "b", Load("D(30,5)", 1), bin_dir=tool_bin(tool, mode))
    assert caught.value.message.startswith("D(30,5) c=1: ")
    assert ("no such tokenizer" in caught.value.log_tail) == (mode == "nothing")


@pytest.mark.parametrize("tool", TOOLS)
def test_failed_requests_are_counted_and_quoted_whatever_the_status(tool, tool_bin, tmp_path):
    [found] = measure(tool, tokens_backend(), tmp_path / "b", Load("D(30,5)", 2), bin_dir=tool_bin(tool, "half-failed"))
    assert found.load == Load("D(30,5)", 2)
    assert 0 < found.failed < found.completed + found.failed
    assert found.error_rate == found.failed / (found.completed + found.failed)
    counts = [error.partition(" x ") for error in found.errors]
    assert sum(int(count) for count, _, _ in counts) == found.failed
    assert all(reason.strip() for _, _, reason in counts)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_run_in_which_all_requests_failed_is_an_error_with_the_reasons(tool, tool_bin, tmp_path):
    with pytest.raises(BenchError, match=r"D\(30,5\) c=2: no request completed: 8 x .*422"):
        measure(tool, tokens_backend(), tmp_path / "b", Load("D(30,5)", 2), bin_dir=tool_bin(tool, "all-failed"))


@pytest.mark.parametrize("tool", TOOLS)
def test_loads_measured_before_one_that_failed_are_kept(tool, tool_bin, tmp_path):
    folder = Path(tool_bin(tool))
    broken = (folder / COMMANDS[tool]).read_text().replace("if 'works' == \"nothing\"", 'if here.name == "run1"')
    (folder / COMMANDS[tool]).write_text(broken)
    with pytest.raises(BenchError) as caught:
        measure(tool, tokens_backend(), tmp_path / "b", Load("D(30,5)", 1), Load("D(30,5)", 2), bin_dir=str(folder))
    assert [item.load.concurrency for item in caught.value.measurements] == [1]


@pytest.mark.parametrize("tool", TOOLS)
def test_cancelling_ends_the_tool_and_what_it_started(tool, tool_bin, tmp_path):
    stop, mark = threading.Event(), tmp_path / "b" / "run0" / "child.pid"

    def stop_when_it_runs():
        while not mark.exists() or not mark.read_text():
            time.sleep(0.01)
        stop.set()

    watcher = threading.Thread(target=stop_when_it_runs)
    watcher.start()
    with pytest.raises(BenchCancelled):
        measure(
            tool,
            tokens_backend(),
            tmp_path / "b",
            Load("D(30,5)", 1),
            bin_dir=tool_bin(tool, "hang"),
            cancelled=stop.is_set,
        )
    watcher.join()
    assert not psutil.pid_exists(int(mark.read_text())) or psutil.Process(int(mark.read_text())).status() == "zombie"


def test_a_tool_that_does_not_end_is_ended(tool_bin, tmp_path, monkeypatch):
    monkeypatch.setattr("autotune.bench.file_fed._OVERHEAD_S", 0.5)
    with pytest.raises(BenchError, match="vllm did not end within"):
        measure(
            "vllm_bench",
            tokens_backend(),
            tmp_path / "b",
            Load("D(30,5)", 1),
            bin_dir=tool_bin("vllm_bench", "hang"),
            max_time_s=0.1,
        )


@pytest.mark.parametrize("tool", TOOLS)
def test_without_the_command_it_says_what_to_install(tool, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    [found] = CLIENTS[tool].preflight(Benchmark(tool=tool, bin_dir=str(tmp_path)))
    assert (found.code, found.path) == ("AT030", "benchmark.tool")
    for words in ("pip install", "benchmark.bin_dir", "benchmark.tool=quick"):
        assert words in (found.help or "")
    with pytest.raises(InputError):
        CLIENTS[tool].measure(job("http://127.0.0.1:9", tmp_path, Load("D(1,2)", 1), tool=tool, bin_dir=str(tmp_path)))


@pytest.mark.parametrize("tool", ["quick", "genai_bench", *TOOLS])
def test_a_data_set_that_is_not_there_is_found_before_anything_runs(tool, tmp_path):
    asked = Benchmark(tool=tool, traffic_scenarios=("dataset",), dataset=str(tmp_path / "nope.txt"))
    assert "AT048" in [found.code for found in CLIENTS[tool].preflight(asked)]
