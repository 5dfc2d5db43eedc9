"""tools/transformers_flags.py on small wheels whose sources have the forms that transformers' have."""

import sys
import zipfile
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"

OPTIONS = """
    continuous_batching: Annotated[bool | None, typer.Option(help="Batch.")] = None,
    quantization: Annotated[str | None, typer.Option(help="How.")] = None,
    attn_implementation: Annotated[str | None, typer.Option(help="Kernels.")] = None,
    share: Annotated[float | None, typer.Option()] = None,
    port: Annotated[int, typer.Option()] = 8000,
    mode: Annotated[Mode, typer.Option()] = Mode.AUTO.value,
    hidden_one: Annotated[bool, typer.Option(hidden=True)] = False,
"""
SERVE = """
import enum
class Mode(str, enum.Enum):
    ON = "on"
    AUTO = "auto"
class Serve:
  def __init__(self, {model} {options}):
    if self.quantization == "bnb-4bit": pass
    elif self.quantization == "bnb-8bit": pass
"""
ARGUMENT = "force_model: Annotated[str | None, typer.Argument(help='Model.')] = None,"
FLAG = "force_model: Annotated[str | None, typer.Option(help='Model.')] = None,"
MODELING = """
class AttentionInterface:
    _global_mapping = {"sdpa": one, "paged|sdpa": two, "flash_attention_2": three}
"""
MANAGER = 'VALID_ATTN_IMPLEMENTATIONS = {"eager", "flex_attention"}\n'


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Reads the flags of a wheel with these sources."""
    monkeypatch.syspath_prepend(str(TOOLS))
    for name in ("transformers_flags", "vllm_hints", "wheel_source"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import transformers_flags
    from wheel_source import WheelSource

    def read(**sources):
        path = tmp_path / "a.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for name, text in sources.items():
                wheel.writestr(f"transformers/{name.replace('__', '/')}.py", text)
        return {name: option for name, (_, option) in transformers_flags.read_flags(WheelSource(path)).items()}

    return read


def test_types_become_kinds_and_switches_pairs(read):
    flags = read(cli__serve=SERVE.format(model=ARGUMENT, options=OPTIONS), modeling_utils=MODELING)
    assert {name: option.kind for name, option in flags.items()} == {
        "--continuous-batching": "pair",
        "--quantization": "text",
        "--attn-implementation": "text",
        "--share": "float",
        "--port": "int",
        "--mode": "text",
    }
    assert (flags["--port"].default, flags["--mode"].default, flags["--mode"].choices) == (8000, "auto", ("on", "auto"))
    assert flags["--quantization"].values == ("bnb-4bit", "bnb-8bit")


def test_the_model_is_a_flag_only_where_it_is_an_option(read):
    assert "--force-model" in read(cli__serve=SERVE.format(model=FLAG, options=OPTIONS), modeling_utils=MODELING)


def test_kernels_are_those_that_the_server_checks_else_those_of_the_library(read):
    serve = SERVE.format(model=ARGUMENT, options=OPTIONS)
    library = read(cli__serve=serve, modeling_utils=MODELING)["--attn-implementation"].values
    assert library == ("eager", "flash_attention_2", "sdpa")
    checked = read(cli__serve=serve, modeling_utils=MODELING, cli__serving__model_manager=MANAGER)
    assert checked["--attn-implementation"].values == ("eager", "flex_attention")


@pytest.mark.parametrize(
    "sources", [{"cli__serve": "x = 1"}, {"cli__serve": SERVE.format(model=ARGUMENT, options="odd: int = 1,")}]
)
def test_sources_that_look_otherwise_are_an_error(read, sources):
    with pytest.raises(LookupError):
        read(**sources)
