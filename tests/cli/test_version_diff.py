def test_flags_that_appear_go_and_change(autotune):
    done = autotune(
        "compile", "--diff-version", "0.10", "0.33", "+profile=high_throughput", "misc.cuda_graph_sizes=[1,2]"
    )
    assert done.code == 0
    assert "this config: vllm 0.10.2 -> vllm 0.33.0" in done.out
    assert "+ --performance-mode throughput" in done.out
    assert "- --cuda-graph-sizes 1 2" in done.out
    assert "+ --cudagraph-capture-sizes 1 2" in done.out


def test_what_the_newer_version_drops_is_said(autotune):
    done = autotune("compile", "--diff-version", "0.33", "0.28", "scheduling.max_queued_requests=9")
    assert "- --max-num-queued-reqs 9" in done.out
    assert "AT101" in done.codes


def test_json(autotune):
    (row,) = autotune("compile", "--diff-version", "0.32", "0.33", "--format", "json").json
    assert (row["before"], row["after"]) == ("vllm 0.32.0", "vllm 0.33.0")
    assert [item["name"] for item in row["differences"]] == ["image"]


def test_an_unknown_version(autotune):
    done = autotune("compile", "--diff-version", "0.2", "0.33")
    assert done.code == 2
    assert "AT020" in done.codes
