import pytest

from autotune.check.load import Span, check_admission, check_load_context, check_prefix, read_span
from tests.check.findings import codes, findings


def scenarios(*texts):
    return {"traffic_scenarios": list(texts)}


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("D(100,20)", Span(120, 120)),
        ("U(100,200)/(10,20)", Span(110, 220)),
        ("U(200,20)", Span(2, 220)),
        ("N(1000,30)/(100,40)", Span(1000, 1200)),
        ("N(10,30)/(10,40)", Span(2, 120)),
        ("dataset", None),
    ],
)
def test_the_spread_of_a_scenario(text, span):
    assert read_span(text) == span


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("D(4000,96)", []),
        ("D(4000,97)", ["AT019"]),
        ("U(4000,5000)/(100,200)", ["AT019"]),
        ("U(100,4000)/(10,97)", ["AT107"]),
        ("U(100,4000)/(10,96)", []),
        ("N(4000,30)/(100,40)", ["AT107"]),
        ("dataset", []),
    ],
)
def test_requests_of_the_load_fit_into_the_context(text, found):
    assert codes(check_load_context, misc={"context_length": 4096}, benchmark=scenarios(text)) == found


def test_the_models_own_context_counts_where_none_is_set():
    (item,) = findings(check_load_context, benchmark=scenarios("D(131072,1)", "D(131071,1)"))
    assert "the 131073 tokens of D(131072,1) do not fit into the model's context of 131072 tokens" in item.message
    assert item.help == "lower it to 131072 tokens in all"


@pytest.mark.parametrize(
    ("engine", "scheduling", "found"),
    [
        ("vllm", {}, []),
        ("vllm", {"max_running_requests": 32}, []),
        ("vllm", {"max_running_requests": 31}, ["AT205"]),
        ("vllm", {"max_queued_requests": 31}, ["AT112"]),
        ("vllm", {"max_queued_requests": 32}, []),
        ("vllm", {"max_running_requests": 8, "max_queued_requests": 24}, ["AT112"]),
        ("sglang", {"max_running_requests": 8, "max_queued_requests": 24}, ["AT205"]),
        ("sglang", {"max_running_requests": 8, "max_queued_requests": 23}, ["AT112"]),
        ("sglang", {"max_queued_requests": 1}, []),
    ],
)
def test_requests_in_flight_against_what_is_admitted_and_runs(engine, scheduling, found):
    assert codes(check_admission, engine=engine, scheduling=scheduling, benchmark={"num_concurrency": [1, 32]}) == found


def test_copies_share_the_load_and_short_benchmarks_send_less():
    limits = {"max_running_requests": 16}
    assert codes(check_admission, scheduling=limits, benchmark={"num_concurrency": 32}, parallel={"dp": 2}) == []
    assert codes(check_admission, scheduling=limits, benchmark={"num_concurrency": 32, "max_requests": 10}) == []
    assert codes(check_admission, scheduling=limits, benchmark={"num_concurrency": 32, "request_rate": [4]}) == []
    (item,) = findings(check_admission, scheduling=limits, benchmark={"num_concurrency": 70}, parallel={"dp": 2})
    assert item.help.startswith("scheduling.max_running_requests=35 ")
    enough = {"max_running_requests": 35}
    assert codes(check_admission, scheduling=enough, benchmark={"num_concurrency": 70}, parallel={"dp": 2}) == []


def test_a_shared_prefix_without_prefix_caching():
    shared = {"isl": 1000, "prefix": 600}
    (item,) = findings(check_prefix, runtime=shared, memory={"prefix_caching": False})
    assert (item.code, item.path) == ("AT113", "memory.prefix_caching")
    assert "600 of 1000 input tokens" in item.message
    assert findings(check_prefix, runtime=shared) == []
    assert findings(check_prefix, runtime={"prefix": 0}, memory={"prefix_caching": False}) == []
