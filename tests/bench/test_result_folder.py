import json
from pathlib import Path

from autotune.bench.result_folder import READERS, read_folder

DATA = Path(__file__).parent / "data"


def files(name):
    folder = DATA / name
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".json", ".jsonl")
    }


def loads(server):
    return [item.load.label for item in server.measurements]


def test_each_tool_is_known_by_its_files():
    for folder, tool in (
        ("genai-bench", "genai_bench"),
        ("guidellm", "guidellm"),
        ("aiperf", "aiperf"),
        ("vllm-bench", "vllm_bench"),
        ("vllm-sweep", "vllm_bench"),
    ):
        assert {server.tool for server in read_folder(files(folder))} == {tool}, folder
        assert tool in READERS


def test_genai_bench_has_a_server_for_each_folder_and_an_all_failed_one_is_a_problem_with_its_count():
    failed, transformers, vllm = read_folder(files("genai-bench"))
    assert (failed.label, failed.measurements) == ("all-failed", [])
    assert "D(100,100) c=1: no request completed: 113 x status 422" in failed.problems[0]
    assert (transformers.version, transformers.model, transformers.tokenizer) == (
        "0.0.5",
        "/models/tiny",
        "/models/tiny",
    )
    assert (vllm.model, len(vllm.measurements), vllm.problems) == ("tiny", 4, [])
    # seconds, as experiment_metadata.json says
    assert 5 < vllm.measurements[0].ttft_ms["mean"] < 100


def test_guidellm_has_a_server_for_each_report():
    failed, half, whole = read_folder(files("guidellm"))
    assert failed.problems[0].startswith("D(100,5) c=2: none of 8 requests completed: HTTPStatusError")
    assert (half.measurements[0].error_rate, half.problems) == (0.5, [])
    assert (whole.version, whole.model, whole.tokenizer) == ("0.8.1", "tiny", "/models/tiny")
    assert loads(whole) == ["D(100,50) c=1", "D(100,50) c=4"]


def test_aiperf_has_one_server_for_a_sweep_and_warns_of_its_own_token_counts():
    found = {server.label: server for server in read_folder(files("aiperf"))}
    assert set(found) == {"all-failed", "half-failed", "single", "sweep"}
    assert loads(found["sweep"]) == ["D(100,50) c=1", "D(100,50) c=4"]  # not again from `aggregate`
    assert (found["sweep"].version, found["sweep"].model, found["sweep"].warnings) == ("0.13.0", "tiny", [])
    (warning,) = found["single"].warnings
    assert "1273 output tokens where the server said 1000" in warning
    assert found["all-failed"].problems[0].startswith("none of 8 requests completed: 422")


def test_a_sweep_of_vllm_has_a_server_for_each_setting_and_not_one_for_each_load():
    one, eight = read_folder(files("vllm-sweep"))
    assert (one.flags, eight.flags) == ({"--max-num-seqs": 1}, {"--max-num-seqs": 8})
    assert (one.engine, one.model) == ("vllm", "/models/tiny")
    assert loads(one) == loads(eight) == ["D(104,50) c=1", "D(104,50) c=8"]
    assert one.sources == ["exp1/SERVE--seqs1-BENCH--c1/run=0.json", "exp1/SERVE--seqs1-BENCH--c8/run=0.json"]


def test_settings_of_the_benchmark_are_no_flags_of_the_server():
    run = json.loads((DATA / "vllm-sweep/exp1/SERVE--seqs1-BENCH--c1/run=0.json").read_text())
    run |= {"random_input_len": 200, "enable_prefix_caching": True, "compilation_config.mode": 3}
    (found,) = read_folder({"exp/SERVE--x-BENCH--y/run=0.json": json.dumps(run)})
    assert found.flags == {"--max-num-seqs": 1, "--enable-prefix-caching": True, "--compilation-config.mode": 3}
    named = {**run, "my_plugin_flag": 7}
    (found,) = read_folder({"exp/SERVE--my_plugin_flag=7-BENCH--y/run=0.json": json.dumps(named)})
    assert found.flags["--my-plugin-flag"] == 7


def test_runs_of_a_sweep_that_are_repeated_stay_repeats():
    run = (DATA / "vllm-sweep/exp1/SERVE--seqs1-BENCH--c1/run=0.json").read_text()
    (found,) = read_folder({f"e/SERVE--x-BENCH--y/run={number}.json": run for number in range(3)})
    assert len(found.measurements) == 3


def test_a_server_of_a_sweep_that_did_not_start_is_a_problem():
    text = json.dumps({"error_type": "RuntimeError", "error": "Server failed", "serve_overrides": {"max_num_seqs": 0}})
    (found,) = read_folder({"exp/SERVE--max_num_seqs=0-failure.json": text})
    assert (found.flags, found.problems) == ({"--max-num-seqs": 0}, ["the server failed: RuntimeError: Server failed"])


def test_what_cannot_be_read_is_a_warning_that_names_the_file():
    cut = {name: text[:-2000] for name, text in files("guidellm").items()}
    found = read_folder(cut)
    assert all(server.measurements == [] for server in found)
    assert "all-failed/benchmarks.json cannot be read" in found[0].warnings[0]


def test_other_files_are_nobodys():
    assert read_folder({"package.json": "{}", "a.json": "[1, 2]", "b.jsonl": "", "c.json": "not json"}) == []
