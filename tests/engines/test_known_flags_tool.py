"""tools/known_flags.py on a small wheel whose sources have the forms that vLLM's have."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"

SOURCES = {
    "vllm/entrypoints/cli/serve.py": "from vllm.entrypoints.args import make_arg_parser\n",
    "vllm/entrypoints/args.py": """
from dataclasses import field
from typing import Literal
from vllm.config import config
from vllm.engine.arg_utils import AsyncEngineArgs

@config
class BaseArgs:
    origins: list[str] = field(default_factory=list)
    tool_call_parser: str | None = None

    @classmethod
    def _customize_cli_kwargs(cls, kwargs):
        kwargs["origins"]["type"] = json.loads
        del kwargs["origins"]["nargs"]
        return kwargs

    @classmethod
    def add_cli_args(cls, parser):
        kwargs = get_kwargs(cls)
        kwargs = cls._customize_cli_kwargs(kwargs)
        for key, value in kwargs.items():
            parser.add_argument(f"--{key.replace('_', '-')}", **value)
        return parser

@config
class Args(BaseArgs):
    port: int = 8000
    level: Literal["debug", "info"] = "info"

    @classmethod
    def _customize_cli_kwargs(cls, kwargs):
        kwargs = super()._customize_cli_kwargs(kwargs)
        return kwargs

def make_arg_parser(parser):
    parser.add_argument("model_tag", nargs="?")
    parser.add_argument("--headless", action="store_true")
    parser = Args.add_cli_args(parser)
    parser = AsyncEngineArgs.add_cli_args(parser)
    return parser
""",
    "vllm/engine/arg_utils.py": """
from typing import TYPE_CHECKING
from vllm.config import CacheConfig, SpeculativeConfig, VllmConfig
from vllm.config.cache import GONE
if TYPE_CHECKING:
    from vllm.methods import Methods
else:
    Methods = str

class EngineArgs:
    @staticmethod
    def add_cli_args(parser):
        cache = get_kwargs(CacheConfig)
        cache["dtype"]["choices"].remove(GONE)
        group = parser.add_argument_group(title="x")
        if not sys.argv[1:]:
            group.add_argument("--block-size", "-bs", **cache["block_size"])
        group.add_argument("--kv-cache-dtype", **cache["dtype"])
        group.add_argument("--prefix", **{**cache["prefix"], "default": None})
        group.add_argument("--sizes", **cache["sizes"])
        group.add_argument("--loose", **cache["loose"])
        group.add_argument("--quantization", **cache["loose"])
        group.add_argument("--load-format", **cache["loose"])
        group.add_argument("--reasoning-parser", **cache["loose"])
        group.add_argument("--old", type=int, deprecated=True)
        group.add_argument("--device", choices=["cpu"] + devices())
        whole = get_kwargs(VllmConfig)
        whole["speculative"]["type"] = optional_type(json.loads)
        group.add_argument("--speculative-config", **whole["speculative"])
        return parser

class AsyncEngineArgs(EngineArgs):
    @staticmethod
    def add_cli_args(parser):
        parser = EngineArgs.add_cli_args(parser)
        parser.add_argument("--log", action=argparse.BooleanOptionalAction)
        return parser
""",
    "vllm/config/__init__.py": "from vllm.config.cache import *\nfrom .speculative import SpeculativeConfig, VllmConfig\nfrom .utils import config\n",
    "vllm/config/utils.py": "def config(cls): ...\n",
    "vllm/config/cache.py": """
from typing import ClassVar, Literal, Optional, Union
from pydantic import Field
from vllm.config.utils import config
GONE = "gone"
More = Literal["fp8", "gone"]
DType = Literal["auto", More]

@config
class CacheConfig:
    LIMIT: ClassVar[int] = 3
    block_size: int = Field(default=16, gt=0)
    dtype: DType = "auto"
    prefix: Optional[bool] = True
    sizes: "list[int] | None" = None
    loose: Union[str, Literal["b", "a"]] = "a"
""",
    "vllm/config/speculative.py": """
from typing import Literal
from vllm.config.utils import config
Kinds = Literal["ngram", Literal["mtp"]]

@config
class SpeculativeConfig:
    method: Kinds | None = None
    model: str | None = None
    other: int = 0

@config
class VllmConfig:
    speculative: SpeculativeConfig | None = None
""",
    "vllm/model_executor/layers/quantization/__init__.py": 'QuantizationMethods = Literal["fp8", "awq"]\n',
    "vllm/tool_parsers/__init__.py": '_TOOL_PARSERS_TO_REGISTER = {"hermes": ("a", "B")}\n',
    "vllm/reasoning/qwen.py": '@Manager.register_module(["qwen3", "qwen4"])\nclass Qwen: ...\n',
    "vllm/envs.py": 'environment_variables = {"VLLM_CPU_KVCACHE_SPACE": 1, "VLLM_OTHER": 2}\n',
}


@pytest.fixture
def tool(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(TOOLS))
    import known_flags

    monkeypatch.setattr(known_flags, "KNOWN", tmp_path / "known")
    yield known_flags
    for name in ("known_flags", "vllm_flags", "vllm_hints", "wheel_source"):
        sys.modules.pop(name, None)


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "vllm-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in SOURCES.items():
            archive.writestr(name, text)
    return path


def test_the_options_are_read_without_running_anything(tool, wheel):
    data = json.loads(tool.write("vllm", "1.0", wheel).read_text())
    assert (data["engine"], data["version"], data["folds"]) == ("vllm", "1.0", True)
    assert data["env"] == {"VLLM_CPU_KVCACHE_SPACE": []}
    assert data["flags"] == {
        "--block-size": {"kind": "int", "names": ["-bs"], "default": 16},
        "--device": {"kind": "text", "values": ["cpu"]},
        "--headless": {"kind": "bare"},
        "--kv-cache-dtype": {"kind": "text", "choices": ["auto", "fp8"], "default": "auto"},
        "--level": {"kind": "text", "choices": ["debug", "info"], "default": "info"},
        "--load-format": {"kind": "text", "values": ["a", "b"], "default": "a"},
        "--log": {"kind": "pair"},
        "--loose": {"kind": "text", "values": ["a", "b"], "default": "a"},
        "--old": {"kind": "int", "deprecated": True},
        "--origins": {"kind": "json"},
        "--port": {"kind": "int", "default": 8000},
        "--prefix": {"kind": "pair"},
        "--quantization": {"kind": "text", "values": ["awq", "fp8"], "default": "a"},
        "--reasoning-parser": {"kind": "text", "values": ["qwen3", "qwen4"], "default": "a"},
        "--sizes": {"kind": "int", "many": True},
        "--speculative-config": {"kind": "json", "keys": {"method": ["mtp", "ngram"], "model": []}},
        "--tool-call-parser": {"kind": "text", "values": ["hermes"]},
    }


def test_the_same_wheel_gives_the_same_bytes(tool, wheel):
    first = tool.write("vllm", "1.0", wheel).read_bytes()
    assert tool.write("vllm", "1.0", wheel).read_bytes() == first


def test_sources_of_another_shape_are_an_error_not_an_empty_file(tool, tmp_path):
    path = tmp_path / "empty.whl"
    zipfile.ZipFile(path, "w").close()
    with pytest.raises(LookupError, match="make_arg_parser"):
        tool.write("vllm", "1.0", path)
