"""tools/trtllm_flags.py on a small folder and wheel whose sources have the forms that TensorRT-LLM's have."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"

SOURCES = {
    "commands/serve.py": """
import click
from tensorrt_llm.builder import BuildConfig
from tensorrt_llm.logger import severity_map
from tensorrt_llm.parsers import ToolParserFactory

@click.command("serve")
@click.argument("model", type=str)
@click.option("--host", type=str, default="localhost")
@click.option("--backend", type=ChoiceWithAlias(["pytorch", "tensorrt"], {"trt": "tensorrt"}), default="pytorch")
@click.option('--log_level', type=click.Choice(severity_map.keys()), default='info')
@click.option("--max_batch_size", type=int, default=BuildConfig.model_fields["max_batch_size"].default)
@click.option("--tensor_parallel_size", "--tp_size", type=int, default=1)
@click.option("--trust_remote_code", is_flag=True, default=False)
@click.option("--config", "--extra_llm_api_options", "extra_llm_api_options", type=str, default=None)
@click.option("--tool_parser", type=click.Choice(ToolParserFactory.parsers.keys()), default=None)
def serve(model): pass

@click.option("--other", type=str)
def encoder(): pass
""",
    "builder.py": "class BuildConfig:\n    max_batch_size: int = Field(default=2048, description='Most.')\n",
    "logger.py": "severity_map = {'info': 1, 'debug': 2}\n",
    "parsers.py": "class ToolParserFactory:\n    parsers: dict = {'qwen3': A, 'kimi': B}\n",
    "llmapi/llm_args.py": """
class StrictBaseModel(BaseModel): pass
class KvCacheConfig(StrictBaseModel):
    dtype: str = Field(default="auto")
    max_tokens: Optional[int] = Field(default=None)
class Policy(StrEnum):
    ONE = "ONE"
    TWO = "TWO"
class LoadFormat(Enum):
    AUTO = 0
    DUMMY = 1
class DecodingBaseConfig(StrictBaseModel):
    max_draft_len: Optional[int] = None
    speculative_model: Optional[str] = Field(default=None, validation_alias=AliasChoices("speculative_model", "speculative_model_dir"))
    decoding_type: ClassVar[str] = "?"
    def from_dict(cls, data):
        config_classes = {"MTP": One, "NGram": Two}
class NGramDecodingConfig(DecodingBaseConfig):
    size: int = 0
SpeculativeConfig: TypeAlias = Optional[Union[NGramDecodingConfig, DecodingBaseConfig]]
class BaseLlmArgs(StrictBaseModel):
    kv_cache_config: KvCacheConfig = Field(default_factory=KvCacheConfig)
    policy: Policy = Field(default=Policy.ONE)
    speculative_config: SpeculativeConfig = None
    load_format: str = "auto"
    _private: int = 0
class TorchLlmArgs(BaseLlmArgs):
    load_format: Union[str, LoadFormat] = Field(default=LoadFormat.AUTO)
    sizes: Optional[List[int]] = None
    attn_backend: str = "TRTLLM"
    required: str = Field(..., description="Must be there.")
""",
    "_torch/pyexecutor/model_loader.py": '_VALID_KV_CACHE_DTYPES = ("fp8", "auto")\n',
    "_torch/attention_backend/utils.py": "def get_attention_backend(name):\n    if name == 'VANILLA': pass\n    elif name == 'TRTLLM' and x: pass\n",
}


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    for name in ("known_flags", "trtllm_flags", "vllm_hints", "wheel_source"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import known_flags
    import trtllm_flags

    return trtllm_flags, known_flags


@pytest.fixture(params=["folder", "wheel"])
def place(request, tmp_path):
    """The same sources, unpacked and as a wheel."""
    files = {f"tensorrt_llm/{name}": text for name, text in SOURCES.items()}
    if request.param == "folder":
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return path


def test_flags_with_their_spellings_kinds_and_choices(tools, place):
    reader, _ = tools
    flags = reader.read_flags(reader.TrtllmSource(place))
    assert {name: (names, option.kind) for name, (names, option) in flags.items()} == {
        "--host": ((), "text"),
        "--backend": ((), "text"),
        "--log_level": ((), "text"),
        "--max_batch_size": ((), "int"),
        "--tensor_parallel_size": (("--tp_size",), "int"),
        "--trust_remote_code": ((), "bare"),
        "--config": (("--extra_llm_api_options",), "text"),
        "--tool_parser": ((), "text"),
    }
    assert flags["--backend"][1].choices == ("pytorch", "tensorrt", "trt")
    assert flags["--log_level"][1].choices == ("debug", "info")
    assert flags["--tool_parser"][1].choices == ("kimi", "qwen3")
    assert flags["--max_batch_size"][1].default == 2048


def test_keys_of_the_file_are_dotted_and_typed(tools, place):
    reader, _ = tools
    keys = reader.read_file(reader.TrtllmSource(place))
    assert {name: option.kind for name, (_, option) in keys.items()} == {
        "kv_cache_config": "json",
        "kv_cache_config.dtype": "text",
        "kv_cache_config.max_tokens": "int",
        "policy": "text",
        "speculative_config": "json",
        "speculative_config.max_draft_len": "int",
        "speculative_config.speculative_model": "text",
        "speculative_config.size": "int",
        "speculative_config.decoding_type": "text",
        "load_format": "text",
        "sizes": "int",
        "attn_backend": "text",
        "required": "text",
    }
    takes = {name: option.choices or option.values for name, (_, option) in keys.items()}
    assert takes["kv_cache_config.dtype"] == ("auto", "fp8")
    assert takes["policy"] == ("ONE", "TWO")
    assert takes["load_format"] == ("auto", "dummy")
    assert takes["attn_backend"] == ("TRTLLM", "VANILLA")
    assert takes["speculative_config.decoding_type"] == ("MTP", "NGram")
    assert keys["speculative_config.speculative_model"][0] == ("speculative_config.speculative_model_dir",)
    assert (keys["sizes"][1].many, keys["policy"][1].default, keys["required"][1].default) == (True, "ONE", None)


def test_one_command_writes_flags_keys_and_where_they_were_read(tools, place, tmp_path, monkeypatch):
    _, known_flags = tools
    monkeypatch.setattr(known_flags, "KNOWN", tmp_path / "known")
    path = known_flags.write("trtllm", "9.9.0", place, "a tag")
    data = json.loads(path.read_text())
    assert (data["source"], data["version"], data["folds"]) == ("a tag", "9.9.0", False)
    assert data["flags"]["--tensor_parallel_size"] == {"default": 1, "kind": "int", "names": ["--tp_size"]}
    assert data["file"]["sizes"] == {"kind": "int", "many": True}


def test_sources_that_look_otherwise_are_an_error(tools, tmp_path):
    reader, _ = tools
    (tmp_path / "tensorrt_llm").mkdir()
    with pytest.raises(LookupError):
        reader.read_flags(reader.TrtllmSource(tmp_path))
    with pytest.raises(LookupError):
        reader.read_file(reader.TrtllmSource(tmp_path))
