import json
import sys
from pathlib import Path

import pytest

from autotune.bench import BenchError, BenchJob, Endpoint, GenaiBenchClient, Load
from autotune.bench.genai_bench import api_backend, command_line
from autotune.diagnostics import InputError
from autotune.schema import Benchmark

DATA = Path(__file__).parent / "data" / "genai-bench" / "vllm-2scenarios"

# Does what genai-bench does as far as files go: one result per concurrency, copied from real runs. Concurrency 9
# fails like a run whose requests all failed, concurrency 7 leaves nothing.
STAND_IN = """#!{python}
import json, pathlib, sys
args = dict()
for name, value in zip(sys.argv[2::2], sys.argv[3::2]):
    args.setdefault(name, []).append(value)
folder = pathlib.Path(args["--experiment-base-dir"][0], args["--experiment-folder-name"][0])
folder.mkdir(parents=True)
(folder / "argv.json").write_text(json.dumps(sys.argv[1:]))
(folder / "experiment_metadata.json").write_text('{{"metrics_time_unit": "s"}}')
for number in map(int, args["--num-concurrency"]):
    data = json.loads(pathlib.Path({sample!r}).read_text())
    data["aggregated_metrics"].update(num_concurrency=number, scenario=args["--traffic-scenario"][0])
    if number == 7:
        continue
    if number == 9:
        data["aggregated_metrics"].update(num_completed_requests=0, error_codes_frequency={{"422": 5}})
        (folder / "debug_for_run_X_9.json").write_text(json.dumps(data))
        print("ValueError: No values found for metric", file=sys.stderr)
        sys.exit(1)
    (folder / f"X_text-to-text_num_concurrency_{{number}}_time_3s.json").write_text(json.dumps(data))
sys.exit(1)  # results count, not the status
"""


@pytest.fixture
def bin_dir(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "genai-bench"
    sample = DATA / "D100_100_text-to-text_num_concurrency_4_time_1s.json"
    command.write_text(STAND_IN.format(python=sys.executable, sample=str(sample)))
    command.chmod(0o755)
    return str(folder)


def job(folder, *loads, engine="vllm", **benchmark):
    endpoint = Endpoint("http://127.0.0.1:1", "org/tiny; rm -rf x", "org/tokenizer", engine)
    return BenchJob(endpoint, Benchmark(tool="genai_bench", **benchmark), loads, folder, 2, {})


def value(argv, option):
    return argv[argv.index(option) + 1]


def test_the_command_line_is_what_genai_bench_takes(tmp_path):
    loads = (Load("D(100,50)", 1), Load("D(100,50)", 8))
    asked = job(tmp_path, *loads, max_time_s=61.0, max_requests=12, request_params={"top_p": 0.9})
    argv = command_line(asked, loads)
    assert argv[1] == "benchmark"
    assert value(argv, "--api-base") == "http://127.0.0.1:1"
    assert value(argv, "--api-model-name") == "org/tiny; rm -rf x"
    assert value(argv, "--model-tokenizer") == "org/tokenizer"
    assert value(argv, "--traffic-scenario") == "D(100,50)"
    assert [argv[at + 1] for at, item in enumerate(argv) if item == "--num-concurrency"] == ["1", "8"]
    assert value(argv, "--max-requests-per-run") == "12"
    assert json.loads(value(argv, "--additional-request-params")) == {"temperature": 0.0, "top_p": 0.9}


@pytest.mark.parametrize(("seconds", "minutes"), [(1.0, "1"), (60.0, "1"), (60.5, "2"), (600.0, "10")])
def test_seconds_are_rounded_up_to_whole_minutes(tmp_path, seconds, minutes):
    load = Load("D(1,2)", 1)
    assert value(command_line(job(tmp_path, load, max_time_s=seconds), (load,)), "--max-time-per-run") == minutes


def test_a_dataset_is_named(tmp_path):
    load = Load("dataset", 1)
    asked = job(tmp_path, load, traffic_scenarios=("dataset",), dataset="prompts.txt")
    argv = command_line(asked, (load,))
    assert (value(argv, "--traffic-scenario"), value(argv, "--dataset-path")) == (
        "dataset",
        "prompts.json",
    )
    # genai-bench itself asks for no length here.
    params = json.loads(value(argv, "--additional-request-params"))
    assert params == {"temperature": 0.0, "max_tokens": 128, "ignore_eos": True}


def test_a_data_set_is_handed_over_as_the_list_that_genai_bench_reads(tmp_path, bin_dir):
    (tmp_path / "p.csv").write_text('prompt,output_tokens\n"a\nb",9\nc,9\n')
    options = {"traffic_scenarios": ("dataset",), "dataset": str(tmp_path / "p.csv"), "bin_dir": bin_dir}
    GenaiBenchClient().measure(job(tmp_path / "bench", Load("dataset", 1), **options))
    assert json.loads((tmp_path / "bench" / "run0" / "prompts.json").read_text()) == ["a\nb", "c"]
    argv = json.loads((tmp_path / "bench" / "run0" / "results" / "argv.json").read_text())
    assert json.loads(value(argv, "--additional-request-params"))["max_tokens"] == 9


def test_it_cannot_ask_for_different_output_tokens(tmp_path, bin_dir):
    (tmp_path / "p.csv").write_text("prompt,output_tokens\na,9\nb,8\n")
    benchmark = Benchmark(traffic_scenarios=("dataset",), dataset=str(tmp_path / "p.csv"), bin_dir=bin_dir)
    [found] = GenaiBenchClient().preflight(benchmark)
    assert (found.code, found.path) == ("AT047", "benchmark.dataset")


@pytest.mark.parametrize(
    ("engine", "backend"), [("vllm", "vllm"), ("sglang", "sglang"), ("trtllm", "vllm"), ("transformers", "openai")]
)
def test_ignore_eos_goes_to_the_engines_that_take_it(engine, backend):
    assert api_backend(engine, Benchmark()) == backend


def test_ignore_eos_can_be_turned_off():
    assert api_backend("vllm", Benchmark(request_params={"ignore_eos": False})) == "openai"


def test_one_run_measures_all_concurrencies_of_a_scenario_and_repeats_are_runs_of_their_own(tmp_path, bin_dir):
    loads = (Load("D(100,100)", 4), Load("D(100,100)", 1), Load("N(80,10)/(40,5)", 1)) * 2
    found = GenaiBenchClient().measure(job(tmp_path / "bench", *loads, bin_dir=bin_dir))
    assert tuple(item.load for item in found) == loads
    assert found[0].output_tokens_per_s_per_gpu == pytest.approx(found[0].output_tokens_per_s / 2)
    assert len(list((tmp_path / "bench").glob("run*/results/argv.json"))) == 4


def test_a_load_whose_requests_all_failed_is_an_error_that_keeps_the_others(tmp_path, bin_dir):
    loads = (Load("D(100,100)", 1), Load("D(100,100)", 9))
    with pytest.raises(BenchError, match=r"D\(100,100\) c=9: no request completed: 5 x status 422") as caught:
        GenaiBenchClient().measure(job(tmp_path / "bench", *loads, bin_dir=bin_dir))
    assert [item.load for item in caught.value.measurements] == [loads[0]]
    assert "No values found" in caught.value.log_tail


def test_a_run_that_leaves_nothing_is_an_error_with_its_status(tmp_path, bin_dir):
    with pytest.raises(BenchError, match=r"not measured: D\(100,100\) c=7: genai-bench ended with status 1"):
        GenaiBenchClient().measure(job(tmp_path / "bench", Load("D(100,100)", 7), bin_dir=bin_dir))


def test_without_the_command_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    benchmark = Benchmark(tool="genai_bench", bin_dir=str(tmp_path))
    [found] = GenaiBenchClient().preflight(benchmark)
    assert (found.code, found.path) == ("AT030", "benchmark.tool")
    for words in ("llm-autotune[bench]", "benchmark.bin_dir", "benchmark.tool=quick"):
        assert words in (found.help or "")
    with pytest.raises(InputError):
        GenaiBenchClient().measure(job(tmp_path, Load("D(1,2)", 1), bin_dir=str(tmp_path)))


def test_preflight_says_what_genai_bench_cannot_do(bin_dir):
    benchmark = Benchmark(tool="genai_bench", bin_dir=bin_dir, request_rate=(1.0,), task="text-to-embeddings")
    assert [(found.code, found.path) for found in GenaiBenchClient().preflight(benchmark)] == [
        ("AT047", "benchmark.task"),
        ("AT047", "benchmark.request_rate"),
    ]
    assert GenaiBenchClient().preflight(Benchmark(tool="genai_bench", bin_dir=bin_dir)) == []
