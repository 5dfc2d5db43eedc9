"""Write the flags that one version of an engine knows to autotune/engines/known/ENGINE/VERSION.json.

    python tools/known_flags.py vllm 0.33.0            downloads the wheel with pip, reads it, deletes it
    python tools/known_flags.py vllm 0.33.0 WHEEL      reads a wheel that is already here
    python tools/known_flags.py trtllm 1.3.0rc3 FOLDER "tag v1.3.0rc3"
                                                       reads an unpacked source folder, and notes where it came from

The wheel is only read (zip and ast): the engine is not installed and none of its code runs. The file is deterministic,
one flag a line; its form is described in autotune/engines/known.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sglang_flags
import transformers_flags
import trtllm_flags
from vllm_flags import read_env, read_flags
from wheel_source import WheelSource

if TYPE_CHECKING:
    from vllm_hints import Option

KNOWN = Path(__file__).parent.parent / "autotune" / "engines" / "known"
#: Environment variables that the table of vLLM writes in some version.
ENVIRONMENT = ("VLLM_ATTENTION_BACKEND", "VLLM_CPU_KVCACHE_SPACE", "VLLM_FLASH_ATTN_VERSION")
#: Keys of JSON flags that the table writes in some version.
KEYS = {
    "--attention-config": ("flash_attn_version", "mla_prefill_backend"),
    "--compilation-config": ("cudagraph_mode", "level", "mode"),
    "--speculative-config": ("method", "model", "num_speculative_tokens"),
}


def entry(names: tuple[str, ...], option: Option, keys: tuple[str, ...]) -> dict[str, Any]:
    """What is kept of one flag; whatever is at its default is left out."""
    data: dict[str, Any] = {"kind": option.kind}
    if names:
        data["names"] = sorted(names)
    for key in ("many", "optional", "deprecated"):
        if getattr(option, key):
            data[key] = True
    if option.default not in (None, "", False):
        data["default"] = option.default
    for key in ("choices", "values"):
        if getattr(option, key):
            data[key] = sorted(getattr(option, key))
    if keys:
        data["keys"] = {name: sorted(values) for name, values in option.keys if name in keys}
    return data


def vllm(wheel: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Flags and environment of a vLLM wheel."""
    source = WheelSource(wheel)
    found = sorted(read_flags(source).items())
    flags = {name: entry(names, option, KEYS.get(name, ())) for name, (names, option) in found}
    return flags, read_env(source, ENVIRONMENT)


def sglang(wheel: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Flags and environment of an SGLang wheel."""
    source = WheelSource(wheel)
    found = sorted(sglang_flags.read_flags(source).items())
    return {name: entry(names, option, ()) for name, (names, option) in found}, sglang_flags.read_env(source)


def transformers(wheel: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Flags of a transformers wheel; the table writes no environment variable."""
    found = sorted(transformers_flags.read_flags(WheelSource(wheel)).items())
    return {name: entry(names, option, ()) for name, (names, option) in found}, {}


def trtllm(place: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Flags of TensorRT-LLM, from a wheel or an unpacked source folder; the table writes no environment variable."""
    found = sorted(trtllm_flags.read_flags(trtllm_flags.TrtllmSource(place)).items())
    return {name: entry(names, option, ()) for name, (names, option) in found}, {}


def trtllm_file(place: Path) -> dict[str, Any]:
    """Keys of the YAML file of TensorRT-LLM, dotted."""
    found = sorted(trtllm_flags.read_file(trtllm_flags.TrtllmSource(place)).items())
    return {name: entry(names, option, ()) for name, (names, option) in found}


def download(package: str, version: str, folder: str) -> Path:
    """The wheel of a version, from the package registry."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", folder, f"{package}=={version}"], check=True)
    return next(Path(folder).glob("*.whl"))


def write(engine: str, version: str, wheel: Path, origin: str | None = None) -> Path:
    """Read the wheel and write its file. `origin` says where the sources came from, when it was not the registry."""
    flags, env = READERS[engine](wheel)
    data = {"engine": engine, "version": version, "folds": engine in FOLDS, "env": env}
    head = _compact(data | ({"source": origin} if origin else {})).removesuffix("}")
    parts = [_section("flags", flags)]
    if engine in FILES:
        parts.append(_section("file", FILES[engine](wheel)))
    text = f"{head},{','.join(parts)}}}\n"
    path = KNOWN / engine / f"{version}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _section(title: str, entries: dict[str, Any]) -> str:
    lines = ",\n".join(f"  {json.dumps(name)}: {_compact(data)}" for name, data in entries.items())
    return f"{json.dumps(title)}:{{\n{lines}\n}}"


def _compact(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


READERS = {"vllm": vllm, "sglang": sglang, "transformers": transformers, "trtllm": trtllm}
#: Engines with a config file, and the reader of its keys.
FILES = {"trtllm": trtllm_file}
#: Engines whose parser reads `--a_b` as `--a-b`.
FOLDS = {"vllm"}


def main() -> None:
    if len(sys.argv) not in (3, 4, 5) or sys.argv[1] not in READERS:
        sys.exit(__doc__)
    engine, version, *rest = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(rest[0]) if rest else download(engine, version, folder)
        path = write(engine, version, place, *rest[1:])
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
