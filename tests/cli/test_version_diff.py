import re


def test_flags_that_appear_go_and_change(autotune):
    done = autotune(
        "compile", "--diff-version", "0.10", "0.33", "+profile=high_throughput", "misc.cuda_graph_sizes=[1,2]"
    )
    assert done.code == 0
    assert "this config: vllm 0.10.2 -> vllm 0.33.0" in done.out
    assert re.search(r"\+ --performance-mode +throughput +scheduling.mode: profiles/high_throughput.yaml", done.out)
    assert re.search(r"- --cuda-graph-sizes +1 2 ", done.out)
    assert re.search(r"\+ --cudagraph-capture-sizes +1 2 ", done.out)


def test_what_the_newer_version_drops_is_said(autotune):
    done = autotune("compile", "--diff-version", "0.33", "0.28", "scheduling.max_queued_requests=9")
    assert re.search(r"- --max-num-queued-reqs +9 ", done.out)
    assert "AT101" in done.codes


def test_json(autotune):
    (row,) = autotune("compile", "--diff-version", "0.32", "0.33", "--format", "json").json
    assert (row["before"], row["after"]) == ("vllm 0.32.0", "vllm 0.33.0")
    assert [item["name"] for item in row["differences"]] == ["image"]


def test_an_unknown_version(autotune):
    done = autotune("compile", "--diff-version", "0.2", "0.33")
    assert done.code == 2
    assert "AT020" in done.codes
