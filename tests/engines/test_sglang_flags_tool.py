"""tools/sglang_flags.py on small wheels whose sources have the forms that SGLang's have had."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"

#: Up to 0.5.13: calls in ServerArgs.add_cli_args.
CALLS = {
    "sglang/srt/server_args.py": """
import dataclasses
from sglang.srt.parser import Parser
LOAD = ["auto", "dummy"]
MORE = [*LOAD, "gguf"]

def add_load_choices(choices):
    LOAD.extend(choices)

@dataclasses.dataclass
class ServerArgs:
    model_path: str
    port: int = 30000
    tp_size: int = 1

    @staticmethod
    def add_cli_args(parser):
        parser.add_argument("--model-path", "--model", type=str, required=True, help="x")
        parser.add_argument("--port", type=int, default=ServerArgs.port, help="x")
        parser.add_argument("--load-format", type=str, choices=LOAD)
        parser.add_argument("--draft-format", choices=MORE)
        names = list(Parser.Table.keys())
        parser.add_argument("--tool-call-parser", type=str, choices=["auto"] + names)
        parser.add_argument("--speculative-algorithm", type=str, choices=["EAGLE"])
        parser.add_argument("--sizes", type=int, nargs="+")
        parser.add_argument("--conf", type=json.loads)
        parser.add_argument("--old", action="store_true", help="(Deprecated) x")
        parser.add_argument("--gone", action=DeprecatedAction, help="x")
        parser.add_argument("--both", action=argparse.BooleanOptionalAction, default=None)

class DeprecatedAction(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        raise ValueError(self.help)
""",
    "sglang/srt/parser.py": 'class Parser:\n    Table: dict = {"llama3": A, "mistral": B}\n',
}

#: From 0.5.20 on: fields of classes that are assembled later.
FIELDS = {
    "sglang/srt/server_args.py": """
def _names():
    module = sys.modules.get("x")
    if module is not None:
        return list(module.names)
    from sglang.srt.names import NAMES

    return list(NAMES)

class ServerArgs:
    @staticmethod
    def add_cli_args(parser):
        add_cli_args_from_dataclass(parser, ServerArgs)
        names = _names()
        parser.add_argument("--reasoning-parser", type=str, choices=["auto"] + names, default=_declared("reasoning_parser"))
        parser.add_argument("--disable-x", action=DeprecatedStoreTrueAction, new_flag="--x")
        parser.add_argument("--stop", action=DeprecatedAction, error_message="use --y")
        parser.add_argument("--level", choices=[m.name.lower() for m in Level])

class Level(IntEnum):
    NONE = 0
    FULL = 1

ServerArgs = msgspec.defstruct("ServerArgs", [])
""",
    "sglang/srt/names.py": 'NAMES = ("kimi", "qwen3")\n',
    "sglang/srt/arg_groups/fields/serving.py": """
from typing import List, Literal, Optional
from sglang.srt.backend import Backend

class Serving:
    _NS_PATH = "serving"
    port: A[int, "The port."] = 30000
    tp_size: A[int, Arg(help="x", aliases=["--tensor-parallel-size"])] = 1
    trust: A[bool, "x"] = False
    fraction: A[Optional[float], Arg(help="x", resolvable=True)] = None
    sizes: A[Optional[List[int]], "x"] = None
    extra: A[str | None, Arg(help="x", type_parser=json.loads)] = None
    graphs: A[Optional[Literal["full", "off"]], Arg(help="x", choices=Backend.ALL)] = None
    mode: A[Literal["ar", "rs"], "x"] = "ar"
    gemm_runner: A[str, Arg(help="x", cli_name="--gemm-backend", choices=["auto", "cutlass"])] = "auto"
    hidden: A[str, Arg(help="x", no_cli=True)] = "a"
    both: A[Optional[bool], Arg(help="x", action=argparse.BooleanOptionalAction)] = None
    limit: A[int, Arg(help="x", type_parser=human_readable_int)] = 4
    speculative_algorithm: A[Optional[str], "x"] = None
    reasoning_parser: Optional[str] = None
    derived = Derived("x")
""",
    "sglang/srt/backend.py": 'class Backend:\n    FULL = "full"\n    OFF = "off"\n    ALL = (FULL, OFF)\n',
    "sglang/srt/speculative/spec_info.py": "class SpeculativeAlgorithm(Enum):\n    EAGLE = auto()\n    NONE = auto()\n",
    "sglang/srt/environ.py": "class Envs:\n    SGLANG_AITER_HONOR_EXPLICIT_MEM_FRACTION = EnvBool(False)\n    OTHER = 1\n",
}


@pytest.fixture
def tool(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(TOOLS))
    before = set(sys.modules)
    import known_flags

    monkeypatch.setattr(known_flags, "KNOWN", tmp_path / "known")
    yield known_flags
    for name in set(sys.modules) - before:
        sys.modules.pop(name, None)


def read(tool, folder, sources):
    path = folder / "sglang-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in sources.items():
            archive.writestr(name, text)
    return json.loads(tool.write("sglang", "1.0", path).read_text())


def test_options_that_are_added_one_by_one(tool, tmp_path):
    data = read(tool, tmp_path, CALLS)
    assert (data["env"], data["folds"]) == ({}, False)
    assert data["flags"] == {
        "--both": {"kind": "pair"},
        "--conf": {"kind": "json"},
        "--draft-format": {"kind": "text", "choices": ["auto", "dummy", "gguf"]},
        "--load-format": {"kind": "text", "choices": ["auto", "dummy"]},
        "--model-path": {"kind": "text", "names": ["--model"]},
        "--old": {"kind": "bare", "deprecated": True},
        "--port": {"kind": "int", "default": 30000},
        "--sizes": {"kind": "int", "many": True},
        "--speculative-algorithm": {"kind": "text", "choices": ["EAGLE"]},
        "--tool-call-parser": {"kind": "text", "choices": ["auto", "llama3", "mistral"]},
    }


def test_options_that_are_fields(tool, tmp_path):
    data = read(tool, tmp_path, FIELDS)
    assert data["env"] == {"SGLANG_AITER_HONOR_EXPLICIT_MEM_FRACTION": []}
    assert data["flags"] == {
        "--both": {"kind": "pair"},
        "--disable-x": {"kind": "bare", "deprecated": True},
        "--extra": {"kind": "json"},
        "--fraction": {"kind": "float"},
        "--gemm-backend": {"kind": "text", "choices": ["auto", "cutlass"], "default": "auto"},
        "--graphs": {"kind": "text", "choices": ["full", "off"]},
        "--level": {"kind": "text", "choices": ["full", "none"]},
        "--limit": {"kind": "int", "default": 4},
        "--mode": {"kind": "text", "choices": ["ar", "rs"], "default": "ar"},
        "--port": {"kind": "int", "default": 30000},
        "--reasoning-parser": {"kind": "text", "choices": ["auto", "kimi", "qwen3"]},
        "--sizes": {"kind": "int", "many": True},
        "--speculative-algorithm": {"kind": "text", "values": ["EAGLE", "NEXTN"]},
        "--tp-size": {"kind": "int", "names": ["--tensor-parallel-size"], "default": 1},
        "--trust": {"kind": "bare"},
    }


def test_sources_of_another_shape_are_an_error_not_an_empty_file(tool, tmp_path):
    with pytest.raises(LookupError, match="ServerArgs"):
        read(tool, tmp_path, {"sglang/srt/server_args.py": "x = 1\n"})


def test_choices_that_cannot_be_told_are_an_error(tool, tmp_path):
    source = CALLS["sglang/srt/server_args.py"].replace("choices=MORE", "choices=compute(1)")
    with pytest.raises(LookupError, match=r"compute\(1\)"):
        read(tool, tmp_path, CALLS | {"sglang/srt/server_args.py": source})
