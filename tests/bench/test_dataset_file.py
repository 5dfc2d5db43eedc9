"""Data sets from a real HTTP server, and what can go wrong with it."""

import hashlib
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from autotune.bench.dataset import Prompt
from autotune.bench.dataset_file import dataset_file, load_dataset
from autotune.diagnostics import InputError
from autotune.schema import Benchmark

CONTENT = b'{"prompt": "one"}\n{"prompt": "two"}\n'
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Files(BaseHTTPRequestHandler):
    """Answers by path; `hits` counts what was asked for."""

    hits: list[str]
    break_off: int

    def do_GET(self):
        self.hits.append(self.path)
        path = self.path.partition("?")[0]
        if path == "/moved.jsonl":
            self.send_response(302)
            self.send_header("location", "/prompts.jsonl")
            self.end_headers()
        elif path == "/prompts.jsonl":
            self.answer(CONTENT)
        elif path == "/breaks.jsonl":
            broken = type(self).break_off > 0
            type(self).break_off -= 1
            self.answer(CONTENT[:9] if broken else CONTENT, length=len(CONTENT))
        elif path == "/unannounced.jsonl":
            self.answer(CONTENT, length=None)
        else:
            self.send_error(401 if path == "/private.jsonl" else 404)

    def answer(self, body, length=-1):
        self.send_response(200)
        if length is not None:
            self.send_header("content-length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def file_server():
    handler = type("Handler", (Files,), {"hits": [], "break_off": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site():
    with file_server() as found:
        yield found


def bench(dataset, **more):
    return Benchmark(dataset=dataset, traffic_scenarios=("dataset",), **more)


def refused(benchmark, cache, **more):
    with pytest.raises(InputError) as caught:
        dataset_file(benchmark, cache, **more)
    [found] = caught.value.diagnostics
    assert (found.code, found.path) == ("AT048", "benchmark.dataset")
    assert list(cache.glob("*")) == []
    assert list(cache.glob(".part-*")) == []
    return found


def test_an_address_is_fetched_once(site, tmp_path):
    url, handler = site
    paths = {dataset_file(bench(f"{url}/prompts.jsonl"), tmp_path) for _ in range(3)}
    assert [path.read_bytes() for path in paths] == [CONTENT]
    assert handler.hits == ["/prompts.jsonl"]


def test_the_cache_is_in_the_users_cache_folder(site, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert load_dataset(bench(f"{site[0]}/prompts.jsonl?download=true")) == [Prompt("one"), Prompt("two")]
    [kept] = (tmp_path / "autotune" / "datasets").iterdir()
    assert kept.name.endswith("-prompts.jsonl")


@pytest.mark.parametrize("how", ["fragment", "field", "capitals"])
def test_a_checksum_is_verified_and_names_the_file(site, tmp_path, how):
    url, handler = site
    asked = {
        "fragment": bench(f"{url}/prompts.jsonl#sha256={SHA256}"),
        "field": bench(f"{url}/prompts.jsonl", dataset_sha256=SHA256),
        "capitals": bench(f"{url}/prompts.jsonl", dataset_sha256=SHA256.upper()),
    }[how]
    kept = dataset_file(asked, tmp_path)
    assert kept.name.startswith(SHA256[:24])
    assert dataset_file(bench(f"{url}/moved.jsonl", dataset_sha256=SHA256), tmp_path).read_bytes() == CONTENT
    assert "#" not in "".join(handler.hits)


def test_a_file_that_was_changed_in_the_cache_is_fetched_again(site, tmp_path):
    asked = bench(f"{site[0]}/prompts.jsonl", dataset_sha256=SHA256)
    dataset_file(asked, tmp_path).write_bytes(b"something else")
    assert dataset_file(asked, tmp_path).read_bytes() == CONTENT
    assert len(site[1].hits) == 2


def test_a_redirect_is_followed(site, tmp_path):
    assert dataset_file(bench(f"{site[0]}/moved.jsonl"), tmp_path).read_bytes() == CONTENT


def test_a_download_that_breaks_off_is_tried_again_from_the_start(site, tmp_path):
    site[1].break_off = 1
    assert dataset_file(bench(f"{site[0]}/breaks.jsonl", dataset_sha256=SHA256), tmp_path).read_bytes() == CONTENT
    assert len(site[1].hits) == 2


def test_one_that_always_breaks_off_leaves_nothing(site, tmp_path):
    site[1].break_off = 9
    found = refused(bench(f"{site[0]}/breaks.jsonl"), tmp_path)
    assert "RemoteProtocolError" in found.message


def test_another_content_than_the_checksums_is_refused(site, tmp_path):
    found = refused(bench(f"{site[0]}/prompts.jsonl", dataset_sha256="0" * 64), tmp_path)
    assert f"its SHA-256 is {SHA256}, and {'0' * 64} was asked for" in found.message


def test_what_is_not_there_is_said(site, tmp_path):
    assert "the server answers 404 Not Found" in refused(bench(f"{site[0]}/nope.jsonl"), tmp_path).message
    found = refused(bench(f"{site[0]}/private.jsonl"), tmp_path)
    assert "401" in found.message
    assert "netrc" in (found.help or "")


@pytest.mark.parametrize("path", ["prompts.jsonl", "unannounced.jsonl"])
def test_what_is_too_large_is_not_fetched_to_its_end(site, tmp_path, path):
    assert "more than 20 bytes" in refused(bench(f"{site[0]}/{path}"), tmp_path, most_bytes=20).message


def test_without_a_network_it_says_so(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    found = refused(bench(f"http://127.0.0.1:{port}/prompts.jsonl"), tmp_path)
    assert "ConnectError" in found.message
    assert "is the network there?" in (found.help or "")


def test_a_sweep_does_not_wait_for_a_dead_address_at_every_point(site):
    for _ in range(3):
        with pytest.raises(InputError, match="404"):
            load_dataset(bench(f"{site[0]}/nope.jsonl"))
    assert site[1].hits == ["/nope.jsonl"]


def test_a_cache_that_cannot_be_written_says_where(site, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        dataset_file(bench(f"{site[0]}/prompts.jsonl"), tmp_path / "file" / "cache")
    assert "XDG_CACHE_HOME" in (caught.value.diagnostics[0].help or "")


def test_a_file_here_is_taken_where_it_is(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_bytes(CONTENT)
    assert dataset_file(bench(str(path)), tmp_path) == path
    assert dataset_file(bench(str(path), dataset_sha256=SHA256), tmp_path) == path


@pytest.mark.parametrize(
    ("name", "more", "reason"),
    [
        ("nope.jsonl", {}, "No such file"),
        (".", {}, "is not a file"),
        ("p.jsonl", {"dataset_sha256": "0" * 64}, "has the SHA-256"),
    ],
)
def test_a_file_here_that_cannot_be_used(tmp_path, name, more, reason):
    (tmp_path / "p.jsonl").write_bytes(CONTENT)
    with pytest.raises(InputError) as caught:
        dataset_file(bench(str(tmp_path / name), **more))
    assert reason in caught.value.diagnostics[0].message


def test_a_file_here_that_is_too_large(tmp_path):
    (tmp_path / "p.jsonl").write_bytes(CONTENT)
    with pytest.raises(InputError, match="20 are the most"):
        dataset_file(bench(str(tmp_path / "p.jsonl")), most_bytes=20)
