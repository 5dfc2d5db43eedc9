import pytest

from autotune.bench import CLIENTS
from autotune.check.clients import CLIENT_LIMITS, check_client, client_problems
from autotune.schema import Benchmark
from tests.check.findings import codes, findings


def test_every_client_says_what_it_cannot_do():
    assert CLIENT_LIMITS.keys() == CLIENTS.keys()


@pytest.mark.parametrize("tool", CLIENT_LIMITS)
def test_a_closed_loop_of_sizes_is_for_every_client(tool):
    scenarios = ["D(10,10)", "N(9,1)/(9,1)", "U(1,9)/(1,9)", "dataset"]
    assert (
        codes(check_client, benchmark={"tool": tool, "traffic_scenarios": scenarios, "num_concurrency": [1, 4]}) == []
    )


@pytest.mark.parametrize("tool", CLIENT_LIMITS)
def test_an_open_loop_is_for_all_but_genai_bench(tool):
    found = findings(check_client, benchmark={"tool": tool, "request_rate": [2.0]})
    assert [item.code for item in found] == (["AT047"] if tool == "genai_bench" else [])
    assert all("quick or guidellm or vllm_bench or aiperf" in (item.help or "") for item in found)


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("D(100,20)", True),
        ("U(50,100)/(20,20)", True),
        ("N(100,10)/(20,0)", True),
        ("N(100,10)/(20,2)", False),
        ("U(100,20)", False),
        ("dataset", False),
    ],
)
def test_guidellm_asks_transformers_for_one_output_length(text, works):
    benchmark = {"tool": "guidellm", "traffic_scenarios": [text]}
    assert codes(check_client, engine="transformers", benchmark=benchmark) == ([] if works else ["AT047"])
    assert codes(check_client, engine="vllm", benchmark=benchmark) == []


def test_auto_is_not_judged_before_it_is_known():
    assert list(client_problems("auto", Benchmark(request_rate=(1.0,)))) == []
