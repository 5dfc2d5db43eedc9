"""The lowering against the argument parser of a real vLLM.

AUTOTUNE_VLLM_BIN names the folder with the `vllm` command (a venv's bin). One process reads every command line.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from autotune.diagnostics import has_errors
from autotune.engines import ENGINES, resolve_version
from autotune.engines.known import known_flags
from tests.engines.matrix import cells, compile_cell
from tests.engines.random_configs import configs
from tests.engines.samples import config, facts

BIN = os.environ.get("AUTOTUNE_VLLM_BIN") or None
SCRIPT = Path(__file__).parents[2] / "tools" / "vllm_parser.py"
VLLM = ENGINES["vllm"]

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(BIN is None, reason="AUTOTUNE_VLLM_BIN does not name a folder with vLLM's command"),
]


UNKNOWN_FLAG = ["vllm", "serve", "m", "--swap-space", "4"]
UNKNOWN_VALUE = ["vllm", "serve", "m", "--scheduling-policy", "lpm"]


def lowered_lines(version):
    """Command lines of the random configs in which nothing is wrong."""
    lines = []

    @settings(max_examples=800, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(configs())
    def lower(made):
        lowered = VLLM.lower(made, facts(made.model.id, version))
        if not has_errors(lowered.diagnostics):
            lines.append(list(lowered.deployment.argv))

    lower()
    return lines


@pytest.fixture(scope="module")
def version():
    (installed,) = Path(BIN).parent.glob("lib/python*/site-packages/vllm-*.dist-info")
    return resolve_version(VLLM, installed.name.split("-")[1].removesuffix(".dist"))


@pytest.fixture(scope="module")
def lines(version):
    return lowered_lines(version)


@pytest.fixture(scope="module")
def matrix_lines(version):
    """Command lines of every built-in profile on every GPU and model of the matrix, whether it fits or not."""
    return [list(compile_cell(cell).deployment.argv) for cell in cells("vllm", (version,))]


@pytest.fixture(scope="module")
def real(lines, matrix_lines):
    """What the real parser has and says, from one process."""
    # When told that it is offline, vLLM looks for the model's folder while it reads the command line.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    environment |= {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    run = subprocess.run(
        [str(Path(BIN, "python")), str(SCRIPT)],
        input=json.dumps([UNKNOWN_FLAG, UNKNOWN_VALUE, *lines, *matrix_lines]),
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


def test_the_known_flags_are_those_of_the_real_parser(real, version):
    known, options = known_flags("vllm", version).flags, real["flags"]
    assert sorted(known) == sorted(options)
    ours = {name: (shape(flag), sorted([name, *flag.names]), sorted(flag.choices)) for name, flag in known.items()}
    theirs = {name: (item["kind"], item["names"], item.get("choices", [])) for name, item in options.items()}
    differing = {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]}
    # Its choices depend on the device that the process finds.
    differing.pop("--mm-processor-device", None)
    assert differing == {}


def shape(flag):
    if flag.many:
        return "several"
    if flag.optional:
        return "optional"
    return flag.kind if flag.kind in ("pair", "bare") else "one"


def test_the_real_parser_takes_what_is_lowered(real, lines, matrix_lines):
    assert len(lines) > 300
    assert len(matrix_lines) == 7 * 6 * 8
    verdicts = zip([*lines, *matrix_lines], real["verdicts"][2:], strict=True)
    refused = [(line, verdict) for line, verdict in verdicts if verdict is not None]
    assert refused == []


def test_the_real_parser_refuses_what_is_called_unknown(real, version):
    unknown, value = real["verdicts"][:2]
    assert "unrecognized arguments" in unknown
    assert "invalid choice" in value
    lowered = VLLM.lower(
        config(misc={"extra_args": {"--swap-space": 4}}, scheduling={"policy": "lpm"}), facts(version=version)
    )
    assert [item.code for item in lowered.diagnostics] == ["AT021", "AT022"]
