import asyncio
import json
import threading
import time

import httpx
import pytest

from autotune.bench import BenchCancelled, BenchError, BenchJob, Endpoint, Load, QuickClient
from autotune.run.emulated_engine import EmulatedEngine, Outlook
from autotune.run.emulated_server import EmulatedServer
from autotune.run.simulate import simulate
from autotune.schema import Benchmark
from tests.run.timings import LinearTiming

FAST = LinearTiming(base_ms=2.0, prefill_ms=0.001, decode_ms=0.0, kv_ms=0.0)


@pytest.fixture(scope="module")
def url():
    server = EmulatedServer(FAST, "m", speed=1.0, max_context=1000)
    yield server.start()
    server.stop()


@pytest.fixture
def client(url):
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def chat(words=10, **fields):
    return {"model": "m", "messages": [{"role": "user", "content": "word " * words}], "max_tokens": 5} | fields


def events(answer):
    lines = [line[6:] for line in answer.text.split("\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def quick(url, folder, load, requests, **options):
    benchmark = Benchmark(tool="quick", max_requests=requests, **({"max_time_s": 1000.0} | options))
    [found] = QuickClient().measure(BenchJob(Endpoint(url, "m", "m", "vllm"), benchmark, (load,), folder, 1, {}))
    return found


def test_every_answer_says_that_it_is_emulated(client):
    for answer in (
        client.get("/health"),
        client.get("/v1/models"),
        client.post("/v1/chat/completions", json=chat()),
        client.post("/v1/chat/completions", json=chat(stream=True)),
        client.post("/v1/completions", content=b"{"),
        client.get("/nothing"),
    ):
        assert answer.headers["x-autotune-emulated"] == "true"


def test_the_model_is_listed(client):
    [card] = client.get("/v1/models").json()["data"]
    assert (card["id"], card["max_model_len"]) == ("m", 1000)


def test_a_chat_answer_has_as_many_tokens_as_asked_for_and_their_usage(client):
    answer = client.post("/v1/chat/completions", json=chat(max_tokens=7)).json()
    assert answer["object"] == "chat.completion"
    assert len(answer["choices"][0]["message"]["content"].split()) == 7
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"] == {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}


def test_a_streamed_chat_has_the_same_tokens_then_usage_then_done(client):
    answer = client.post(
        "/v1/chat/completions", json=chat(max_tokens=7, stream=True, stream_options={"include_usage": True})
    )
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, last = events(answer)
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    assert len(text.split()) == 7
    assert len(chunks[0]["choices"][0]["delta"]["content"].split()) == 1  # the first token is not held back
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks][-1] == "length"
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}


def test_without_include_usage_there_is_none(client):
    chunks = events(client.post("/v1/chat/completions", json=chat(stream=True)))
    assert all("usage" not in chunk for chunk in chunks)


def test_text_completions_whole_and_streamed(client):
    body = {"model": "m", "prompt": "a b c", "max_tokens": 4}
    whole = client.post("/v1/completions", json=body).json()
    assert whole["object"] == "text_completion"
    assert len(whole["choices"][0]["text"].split()) == 4
    assert whole["usage"]["prompt_tokens"] == 3
    chunks = events(client.post("/v1/completions", json=body | {"stream": True}))
    assert len("".join(chunk["choices"][0]["text"] for chunk in chunks).split()) == 4


def test_token_ids_and_parts_of_text_are_counted(client):
    ids = client.post("/v1/completions", json={"model": "m", "prompt": [1, 2, 3, 4], "max_tokens": 1}).json()
    assert ids["usage"]["prompt_tokens"] == 4
    parts = chat(
        messages=[{"role": "user", "content": [{"type": "text", "text": "a b"}, {"type": "text", "text": "c"}]}]
    )
    assert client.post("/v1/chat/completions", json=parts).json()["usage"]["prompt_tokens"] == 3


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[]", 400, "JSON object"),
        ({"model": "m"}, 400, "messages"),
        (chat(messages=[]), 400, "messages"),
        (chat(messages=["x"]), 400, "text content"),
        (chat(messages=[{"role": "user", "content": 5}]), 400, "text content"),
        (chat(max_tokens=0), 400, "max_tokens"),
        (chat(max_tokens="5"), 400, "max_tokens"),
        (chat(max_tokens=True), 400, "max_tokens"),
        (chat(n=2), 400, "one choice"),
        (chat(stream_options="x"), 400, "stream_options"),
        (chat(words=990, max_tokens=11), 400, "maximum context length is 1000 tokens"),
        (chat(model="other"), 404, "`other` does not exist"),
    ],
)
def test_bad_requests_are_refused_in_openais_format(client, body, status, words):
    content = body if isinstance(body, bytes) else json.dumps(body)
    answer = client.post("/v1/chat/completions", content=content)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert words in error["message"]
    assert error["code"] == status
    assert {"type", "param"} <= set(error)


def test_what_the_kv_cache_can_never_hold_is_refused():
    with (
        EmulatedServer(LinearTiming(kv_capacity_tokens=20), "m") as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        answer = client.post("/v1/chat/completions", json=chat(words=30))
        assert (answer.status_code, "KV cache" in answer.json()["error"]["message"]) == (400, True)


def test_a_client_that_leaves_frees_its_place():
    timing = LinearTiming(base_ms=20.0, max_running_requests=1)
    with EmulatedServer(timing, "m") as url, httpx.Client(base_url=url, trust_env=False) as client:
        with client.stream("POST", "/v1/chat/completions", json=chat(max_tokens=5000, stream=True)) as answer:
            next(answer.iter_bytes())
        began = time.monotonic()
        assert client.post("/v1/chat/completions", json=chat(max_tokens=2)).status_code == 200
        assert time.monotonic() - began < 2


def test_by_the_wall_clock_it_takes_as_long_as_the_timing_says():
    timing = LinearTiming(base_ms=20.0, prefill_ms=1.0, decode_ms=0.0, kv_ms=0.0)
    with EmulatedServer(timing, "m", speed=1.0) as url, httpx.Client(base_url=url, trust_env=False) as client:
        client.get("/health")
        began = time.monotonic()
        at = []
        with client.stream("POST", "/v1/chat/completions", json=chat(words=80, max_tokens=11, stream=True)) as answer:
            at += [time.monotonic() - began for _ in answer.iter_bytes()]
        assert at[0] == pytest.approx(0.1, abs=0.03)
        assert at[-1] == pytest.approx(0.3, abs=0.03)


def test_twice_the_speed_takes_half_the_time():
    with EmulatedServer(FAST, "m", speed=2.0) as url, httpx.Client(base_url=url, trust_env=False) as client:
        client.get("/health")
        began = time.monotonic()
        client.post("/v1/chat/completions", json=chat(max_tokens=300))
        assert time.monotonic() - began == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("concurrency", [1, 4, 16, 64])
def test_a_closed_loop_gives_what_the_simulation_alone_gives(tmp_path, concurrency):
    timing, load, requests = LinearTiming(), Load("D(1024,128)", concurrency), max(12, 2 * concurrency)
    expected = simulate(timing, load, requests)
    with EmulatedServer(timing, "m", speed=20.0) as url:
        found = quick(url, tmp_path, load, requests)
    assert found.kind == "emulated"
    assert (found.completed, found.failed) == (requests, 0)
    for name in ("ttft_ms", "tpot_ms", "e2e_latency_ms"):
        for statistic in ("mean", "p50", "p99"):
            assert getattr(found, name)[statistic] == pytest.approx(getattr(expected, name)[statistic], rel=0.02), name
    assert found.output_tokens_per_s == pytest.approx(expected.output_tokens_per_s, rel=0.05)
    assert found.requests_per_s == pytest.approx(expected.requests_per_s, rel=0.05)
    assert found.duration_s == pytest.approx(expected.duration_s, rel=0.02)


def test_an_open_loop_gives_what_the_simulation_alone_gives(tmp_path):
    timing, load = LinearTiming(), Load("D(512,32)", request_rate=8.0)
    expected = simulate(timing, load, 40)
    with EmulatedServer(timing, "m", speed=10.0) as url:
        found = quick(url, tmp_path, load, 40)
    # Not the mean: on a busy machine the second request may overtake the first, which nobody announces.
    assert found.ttft_ms["p50"] == pytest.approx(expected.ttft_ms["p50"], rel=0.05)
    assert found.tpot_ms["p50"] == pytest.approx(expected.tpot_ms["p50"], rel=0.05)
    assert found.requests_per_s == pytest.approx(expected.requests_per_s, rel=0.05)


@pytest.mark.slow
def test_the_time_limit_is_in_emulated_seconds(tmp_path):
    with EmulatedServer(LinearTiming(), "m", speed=20.0) as url:
        began = time.process_time()  # client and server are in this process, and neighbours do not count
        found = quick(url, tmp_path, Load("D(100,20)", 4), 100_000, max_time_s=10.0)
        assert time.process_time() - began < 3
    assert 0 < found.duration_s < 10.5  # less where the machine is too busy for the speed
    assert found.completed > 10
    assert found.failed == 0


def test_what_does_not_fit_fails_the_load_with_the_servers_words(url, tmp_path):
    with pytest.raises(BenchError, match="maximum context length is 1000 tokens"):
        quick(url, tmp_path, Load("D(1024,128)", 2), 4)


def test_stopping_ends_streams_and_the_client_sees_it(tmp_path):
    server = EmulatedServer(LinearTiming(base_ms=50.0), "m")
    url = server.start()
    threading.Timer(0.3, server.stop).start()
    with pytest.raises(BenchError, match="no request completed"):
        quick(url, tmp_path, Load("D(10,1000)", 2), 4)
    server.stop()


def test_a_cancelled_client_leaves_a_server_that_still_answers(tmp_path):
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with EmulatedServer(LinearTiming(base_ms=50.0), "m") as url:
        benchmark = Benchmark(tool="quick", max_requests=50)
        load = Load("D(10,1000)", 8)
        with pytest.raises(BenchCancelled):
            QuickClient().measure(
                BenchJob(Endpoint(url, "m", "m", "vllm"), benchmark, (load,), tmp_path, 1, {}, stop.is_set)
            )
        began = time.monotonic()
        assert httpx.post(f"{url}/v1/chat/completions", json=chat(max_tokens=2), trust_env=False).status_code == 200
        assert time.monotonic() - began < 3


def test_a_timing_that_fails_ends_the_streams_instead_of_leaving_them_waiting(tmp_path):
    timing = LinearTiming()
    timing.step_ms = lambda *_: 1 / 0
    with EmulatedServer(timing, "m") as url, pytest.raises(BenchError, match="no request completed"):
        quick(url, tmp_path, Load("D(10,10)", 2), 4)


def test_of_two_requests_sent_at_once_the_later_may_come_first():
    """What is left to send is what the last of them said, in whatever order they come; the clock waits for no third."""

    async def finish():
        engine = EmulatedEngine(FAST, 1.0)
        streams = []
        for left in (0, 1):
            outlook = Outlook(loop=(4, left))
            engine.announce(outlook)
            streams.append(engine.submit(4, 2, outlook))
        for stream in streams:
            while not (outputs := await stream.read()) or not outputs[-1].last:
                pass

    asyncio.run(asyncio.wait_for(finish(), timeout=4))
