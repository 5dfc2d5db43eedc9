import asyncio
import json
import threading
import time

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from autotune.bench import BenchCancelled, BenchError, BenchJob, Endpoint, Load, QuickClient, find_client
from autotune.bench.loads import arrival_times
from autotune.diagnostics import InputError
from autotune.schema import Benchmark
from tests.bench.served import served


class Backend:
    """An OpenAI-like server that does what `stream` says, and remembers the bodies it got."""

    def __init__(self, stream, tokens_per_word=1):
        self.bodies = []
        self.in_flight = self.most_in_flight = 0
        self._stream = stream
        self._tokens_per_word = tokens_per_word

    def app(self, chat=True):
        routes = [Route("/v1/completions", self.answer, methods=["POST"])]
        if chat:
            routes.append(Route("/v1/chat/completions", self.answer, methods=["POST"]))
        return Starlette(routes=routes)

    def words(self, body):
        return len((body.get("prompt") or body["messages"][0]["content"]).split())

    @property
    def loads(self):
        """The bodies less the two that find out how many tokens a word has."""
        return [body for body in self.bodies if body["max_tokens"] > 1]

    async def answer(self, request):
        body = json.loads(await request.body())
        self.bodies.append(body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        answer = self._stream(self, body)
        if not hasattr(answer, "__aiter__"):
            self.in_flight -= 1
            return answer

        async def counted():
            try:
                async for event in answer:
                    yield event if isinstance(event, bytes) else f"data: {json.dumps(event)}\n\n".encode()
            finally:
                self.in_flight -= 1

        return StreamingResponse(counted(), media_type="text/event-stream")

    async def tokens(self, body, delay_s=0.0, chunk=1, end=True):
        """A good answer: `chunk` tokens an event, `delay_s` between events."""
        await asyncio.sleep(delay_s)
        yield {"choices": [{"delta": {"role": "assistant", "content": ""}}]}
        total = body["max_tokens"]
        for start in range(0, total, chunk):
            count = min(chunk, total - start)
            yield {"choices": [{"delta": {"content": "x " * count}, "text": "x " * count}]}
            if start + count < total:
                await asyncio.sleep(delay_s)
        if end:
            yield {"choices": [{"delta": {}, "finish_reason": "length"}]}
            prompt = 20 + self._tokens_per_word * self.words(body)
            yield {"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": total}}
            yield b"data: [DONE]\n\n"


def good(backend, body):
    return backend.tokens(body)


def job(url, folder, *loads, engine="vllm", cancelled=lambda: False, **benchmark):
    benchmark = {"max_requests": 6, "max_time_s": 20.0} | benchmark
    return BenchJob(
        Endpoint(url, "tiny", "tiny", engine), Benchmark(tool="quick", **benchmark), loads, folder, 1, {}, cancelled
    )


def measure(backend, folder, *loads, chat=True, **options):
    with served(backend.app(chat)) as url:
        return QuickClient().measure(job(url, folder, *loads, **options))


def test_a_closed_loop_keeps_its_concurrency_and_sends_no_more_than_asked_for(tmp_path):
    backend = Backend(lambda backend, body: backend.tokens(body, 0.01))
    [found] = measure(backend, tmp_path, Load("D(30,4)", 3), max_requests=9)
    assert (found.completed, found.failed, found.kind) == (9, 0, "measured")
    assert len(backend.loads) == 9
    assert backend.most_in_flight == 3


def test_what_is_measured_is_what_the_server_did(tmp_path):
    backend = Backend(lambda backend, body: backend.tokens(body, 0.03))
    [found] = measure(backend, tmp_path, Load("D(30,5)", 1), max_requests=4)
    assert 29 < found.ttft_ms["p50"] < 70
    assert 29 < found.tpot_ms["p50"] < 50
    assert found.itl_ms["mean"] == pytest.approx(found.tpot_ms["mean"], abs=0.1)
    assert found.e2e_latency_ms["mean"] == pytest.approx(found.ttft_ms["mean"] + 4 * found.tpot_ms["mean"])
    assert found.output_tokens_per_s == pytest.approx(1000 * 5 / found.e2e_latency_ms["mean"], rel=0.1)


def test_several_tokens_a_chunk_are_counted_by_the_servers_usage(tmp_path):
    backend = Backend(lambda backend, body: backend.tokens(body, 0.03, chunk=4))
    [found] = measure(backend, tmp_path, Load("D(30,12)", 1), max_requests=3)
    assert 59 / 11 < found.tpot_ms["p50"] < 100 / 11
    assert found.output_tokens_per_s == pytest.approx(1000 * 12 / found.e2e_latency_ms["mean"], rel=0.1)


def test_the_body_is_what_servers_expect_and_request_params_go_into_it(tmp_path):
    backend = Backend(good)
    measure(backend, tmp_path, Load("D(30,4)", 1), max_requests=1, request_params={"temperature": 0.7, "top_p": 0.9})
    body = backend.loads[0]
    assert body["model"] == "tiny"
    assert (body["max_tokens"], body["stream"], body["stream_options"]) == (4, True, {"include_usage": True})
    assert (body["ignore_eos"], body["temperature"], body["top_p"]) == (True, 0.7, 0.9)


def test_transformers_is_not_sent_the_field_it_refuses(tmp_path):
    backend = Backend(good)
    measure(backend, tmp_path, Load("D(30,4)", 1), engine="transformers")
    assert all("ignore_eos" not in body for body in backend.bodies)


@pytest.mark.parametrize("tokens_per_word", [1, 3])
def test_prompts_have_the_tokens_asked_for_whatever_the_tokenizer_and_the_chat_template(tmp_path, tokens_per_word):
    backend = Backend(good, tokens_per_word)
    measure(backend, tmp_path, Load("D(200,4)", 1), max_requests=3)
    tokens = [20 + tokens_per_word * backend.words(body) for body in backend.loads]
    assert tokens == pytest.approx([200] * 3, abs=2)


def test_prompts_differ_from_the_start_between_requests_and_between_loads(tmp_path):
    backend = Backend(good)
    measure(backend, tmp_path, Load("D(60,4)", 1), Load("D(60,4)", 2), max_requests=5)
    starts = {" ".join(body["messages"][0]["content"].split()[:8]) for body in backend.loads}
    assert len(starts) == 10


def test_a_base_model_without_a_chat_template_is_spoken_to_by_completions(tmp_path):
    backend = Backend(good)
    [found] = measure(backend, tmp_path, Load("D(30,4)", 2), chat=False)
    assert found.completed == 6
    assert all("prompt" in body for body in backend.loads)


def test_warmup_requests_are_sent_first_and_not_counted(tmp_path):
    slow_first = iter([0.2] * 4 + [0.0] * 100)
    backend = Backend(lambda backend, body: backend.tokens(body, next(slow_first) if body["max_tokens"] > 1 else 0))
    [found] = measure(backend, tmp_path, Load("D(30,2)", 4), warmup=4, max_requests=8)
    assert len(backend.loads) == 12
    assert found.completed == 8
    assert found.e2e_latency_ms["p99"] < 200


def test_an_open_loop_sends_at_its_rate_whatever_is_in_flight(tmp_path):
    backend = Backend(lambda backend, body: backend.tokens(body, 0.1))
    [found] = measure(backend, tmp_path, Load("D(30,3)", request_rate=50.0), max_requests=25)
    assert found.completed == 25
    assert backend.most_in_flight > 5
    assert found.duration_s == pytest.approx(arrival_times(50.0, 25)[-1], abs=0.02)


def test_the_time_limit_ends_a_measurement_and_keeps_what_there_is(tmp_path):
    backend = Backend(lambda backend, body: backend.tokens(body, 0.02))
    began = time.monotonic()
    [found] = measure(backend, tmp_path, Load("D(30,5)", 2), max_time_s=0.5, max_requests=10_000)
    assert time.monotonic() - began < 3
    assert 2 <= found.completed < 100
    assert found.failed == 0
    assert found.duration_s == pytest.approx(0.5, abs=0.1)


def test_refused_requests_are_an_error_that_gives_status_and_answer(tmp_path):
    backend = Backend(lambda *_: JSONResponse({"detail": "Unexpected fields: ignore_eos"}, 422))
    with pytest.raises(BenchError, match=r"D\(30,4\) c=2: no request completed: 6 x HTTP 422: .*Unexpected fields"):
        measure(backend, tmp_path, Load("D(30,4)", 2))


def test_the_loads_before_the_one_that_failed_are_kept(tmp_path):
    def too_long_refused(backend, body):
        return good(backend, body) if backend.words(body) < 200 else JSONResponse({"error": "too long"}, 400)

    backend = Backend(too_long_refused)
    with pytest.raises(BenchError, match="HTTP 400") as caught:
        measure(backend, tmp_path, Load("D(50,4)", 1), Load("D(900,4)", 1))
    assert [found.load.scenario for found in caught.value.measurements] == ["D(50,4)"]


def test_some_failures_are_an_error_rate(tmp_path):
    answers = iter(range(1000))

    def every_third_fails(backend, body):
        return good(backend, body) if next(answers) % 3 else JSONResponse({"error": "overloaded"}, 503)

    [found] = measure(Backend(every_third_fails), tmp_path, Load("D(30,4)", 1), max_requests=30)
    assert found.completed + found.failed == 30
    assert found.error_rate == pytest.approx(1 / 3, abs=0.05)


async def _nothing(*_):
    return
    yield


async def _drop(*_):
    yield {"choices": [{"delta": {"content": "x"}}]}
    raise ConnectionResetError


async def _error_event(*_):
    yield {"choices": [{"delta": {"content": "x"}}]}
    yield {"error": {"message": "engine died", "code": 500}}


async def _garbage(*_):
    yield b"data: {not json\n\n"


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (_nothing, "the stream held no output"),
        (_drop, "RemoteProtocolError"),
        (lambda backend, body: backend.tokens(body, end=False), "the stream broke off"),
        (_error_event, "engine died"),
        (_garbage, "not JSON"),
    ],
)
# The server's side of a broken stream is an exception of the app's own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_streams_that_go_wrong_are_failures_with_their_reason(tmp_path, stream, reason):
    with pytest.raises(BenchError, match=reason):
        measure(Backend(stream), tmp_path, Load("D(30,4)", 2), max_requests=3)


def test_a_server_that_hangs_ends_at_the_time_limit(tmp_path):
    async def hang(*_):
        await asyncio.sleep(60)
        yield {}

    began = time.monotonic()
    with pytest.raises(BenchError, match=r"max_time_s=0\.3"):
        measure(Backend(hang), tmp_path, Load("D(30,4)", 2), max_time_s=0.3)
    assert time.monotonic() - began < 4


def test_requests_that_hang_beside_good_ones_are_failures(tmp_path):
    async def hang():
        await asyncio.sleep(60)
        yield {}

    answers = iter(range(1000))
    backend = Backend(lambda backend, body: hang() if next(answers) == 3 else backend.tokens(body, 0.01))
    [found] = measure(backend, tmp_path, Load("D(30,3)", 2), max_time_s=0.6, max_requests=10_000)
    assert found.failed == 1
    assert found.completed > 3


def test_no_server_is_an_error(tmp_path):
    with pytest.raises(BenchError, match="ConnectError"):
        QuickClient().measure(job("http://127.0.0.1:9", tmp_path, Load("D(30,4)", 2)))


def test_cancelling_ends_it_promptly(tmp_path):
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    backend = Backend(lambda backend, body: backend.tokens(body, 0.5))
    began = time.monotonic()
    with pytest.raises(BenchCancelled):
        measure(backend, tmp_path, Load("D(30,20)", 4), cancelled=stop.is_set)
    assert time.monotonic() - began < 2.5


def test_preflight_says_what_it_cannot_do():
    benchmark = Benchmark(tool="quick", task="text-to-embeddings", traffic_scenarios=("dataset",), dataset="x.txt")
    assert [(found.code, found.path) for found in QuickClient().preflight(benchmark)] == [
        ("AT047", "benchmark.task"),
        ("AT048", "benchmark.dataset"),
    ]
    assert QuickClient().preflight(Benchmark(tool="quick")) == []


def test_a_client_of_a_later_version_is_an_error_that_names_those_there_are():
    with pytest.raises(InputError) as caught:
        find_client("wrk")
    [found] = caught.value.diagnostics
    assert found.code == "AT030"
    assert "genai_bench, quick, guidellm" in (found.help or "")


def test_a_data_set_is_sent_in_its_order_with_its_output_tokens(tmp_path):
    data = tmp_path / "p.jsonl"
    data.write_text(
        "".join(json.dumps({"prompt": f"prompt {n}"} | ({"max_tokens": n} if n > 3 else {})) + "\n" for n in range(6))
    )
    backend = Backend(lambda backend, body: backend.tokens(body))
    options = {"traffic_scenarios": ("dataset",), "dataset": str(data), "max_requests": 4, "warmup": 1}
    found = measure(backend, tmp_path, Load("dataset", 1), Load("dataset", 1), **options)
    assert [(body["messages"][0]["content"], body["max_tokens"]) for body in backend.loads] == [
        (f"prompt {n}", n if n > 3 else 128) for n in (0, 1, 2, 3, 4, 5, 0, 1, 2, 3)
    ]
    assert [item.completed for item in found] == [4, 4]


def test_failed_requests_are_counted_and_quoted(tmp_path):
    seen = []

    def stream(backend, body):
        seen.append(body)
        return JSONResponse({"error": "busy"}, 503) if len(seen) % 4 == 0 else backend.tokens(body)

    [found] = measure(Backend(stream), tmp_path, Load("D(30,4)", 1), max_requests=8)
    assert (found.completed, found.failed) == (6, 2)
    assert found.errors == ('2 x HTTP 503: {"error":"busy"}',)
