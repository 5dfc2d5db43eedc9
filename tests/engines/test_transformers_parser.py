"""The lowering against a real transformers: its parser, and a server on the CPU.

AUTOTUNE_TRANSFORMERS_BIN names the folder with the `transformers` command (a venv's bin, with `transformers[serving]`);
AUTOTUNE_TINY_MODEL the folder of a small model for the server.
"""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autotune.diagnostics import has_errors
from autotune.engines import ENGINES, resolve_version, with_endpoint
from autotune.engines.known import known_flags
from tests.engines.matrix import cells, compile_cell
from tests.engines.random_configs import configs
from tests.engines.samples import config, facts

BIN = os.environ.get("AUTOTUNE_TRANSFORMERS_BIN") or None
MODEL = os.environ.get("AUTOTUNE_TINY_MODEL")
SCRIPT = Path(__file__).parents[2] / "tools" / "transformers_parser.py"
TRANSFORMERS = ENGINES["transformers"]
LONG = 120

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(BIN is None, reason="AUTOTUNE_TRANSFORMERS_BIN does not name a folder with its command"),
]

UNKNOWN_FLAG = ["transformers", "serve", "m", "--tensor-parallel-size", "4"]
UNKNOWN_VALUE = ["transformers", "serve", "m", "--attn-implementation", "flashinfer"]


@pytest.fixture(scope="module")
def version():
    (installed,) = Path(BIN).parent.glob("lib/python*/site-packages/transformers-*.dist-info")
    return resolve_version(TRANSFORMERS, installed.name.split("-")[1].removesuffix(".dist"))


@pytest.fixture(scope="module")
def lines(version):
    """Command lines of the random configs in which nothing is wrong but the GPUs, which the command line does not name."""
    found = []

    @settings(max_examples=800, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(configs(), st.sampled_from(["h100_sxm", "cpu"]))
    def lower(made, gpu):
        lowered = TRANSFORMERS.lower(made, facts(made.model.id, version, gpu, "transformers"))
        if not has_errors(item for item in lowered.diagnostics if item.code not in ("AT016", "AT038")):
            found.append(list(lowered.deployment.argv))

    lower()
    return found


@pytest.fixture(scope="module")
def matrix_lines(version):
    """Command lines of every built-in profile on every GPU and model of the matrix, whether it fits or not."""
    return [list(compile_cell(cell).deployment.argv) for cell in cells("transformers", (version,))]


@pytest.fixture(scope="module")
def real(lines, matrix_lines):
    """What the real parser has and says, from one process."""
    run = subprocess.run(
        [str(Path(BIN, "python")), str(SCRIPT)],
        input=json.dumps([UNKNOWN_FLAG, UNKNOWN_VALUE, *lines, *matrix_lines]),
        capture_output=True, text=True, env=os.environ | offline(), timeout=LONG, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


def offline():
    return {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1", "DO_NOT_TRACK": "1"}


def test_the_known_flags_are_those_of_the_real_parser(real, version):
    known, options = known_flags("transformers", version).flags, real["flags"]
    ours = {
        name: (flag.kind if flag.kind == "pair" else "one", [name], sorted(flag.choices))
        for name, flag in known.items()
    }
    assert ours == {name: (item["kind"], item["names"], item["choices"]) for name, item in options.items()}


def test_the_real_parser_takes_what_is_lowered(real, lines, matrix_lines):
    assert len(lines) > 300
    assert len(matrix_lines) == 7 * 6 * 8
    verdicts = zip([*lines, *matrix_lines], real["verdicts"][2:], strict=True)
    refused = [(line, verdict) for line, verdict in verdicts if verdict is not None]
    assert refused == []


def test_the_real_parser_refuses_what_is_called_unknown(real, version):
    unknown, value = real["verdicts"][:2]
    assert "No such option" in unknown
    assert "Unsupported attention implementation" in value
    wrong = config(misc={"extra_args": {"--tensor-parallel-size": 4}}, attention={"backend": "flashinfer"})
    lowered = TRANSFORMERS.lower(wrong, facts(version=version, engine="transformers"))
    assert [item.code for item in lowered.diagnostics if item.severity == "error"] == ["AT021", "AT022"]


@pytest.mark.skipif(MODEL is None, reason="AUTOTUNE_TINY_MODEL does not name a model's folder")
def test_a_real_server_starts_and_answers(version, tmp_path):
    groups = {"misc": {"dtype": "float32", "seed": 1}, "memory": {"max_total_tokens": 4096, "page_size": 64}}
    made = config(model={"id": "tiny", "path": MODEL}, **groups)
    lowered = TRANSFORMERS.lower(made, facts(version=version, gpu="cpu", engine="transformers"))
    assert not has_errors(lowered.diagnostics)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    local = with_endpoint(lowered.deployment, "127.0.0.1", port)
    (tmp_path / "hub").mkdir()
    environment = os.environ | offline() | {"HF_HOME": str(tmp_path)} | local.env
    with (tmp_path / "log").open("w") as log:
        argv = [str(Path(BIN, local.argv[0])), *local.argv[1:]]
        server = subprocess.Popen(argv, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until_ready(f"http://127.0.0.1:{port}{local.readiness.path}", server, tmp_path / "log")
            body = {"model": local.served_name, "max_tokens": 4, "messages": [{"role": "user", "content": "hello"}]}
            answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body, timeout=LONG)
        finally:
            server.terminate()
            server.wait(timeout=LONG)
    assert answer.status_code == 200, answer.text
    assert answer.json()["usage"]["completion_tokens"] == 4


def wait_until_ready(url, server, log):
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(log.read_text()[-2000:])
