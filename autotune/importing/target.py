"""What a found server runs, as one set of arguments: its command, what a config file adds, its environment."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from autotune.importing.arguments import ENV, FILE, Arguments, flatten_file, read_arguments
from autotune.importing.launch import find_launch
from autotune.importing.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from autotune.engines.deployment import Deployment
    from autotune.engines.known import KnownFlags

#: The flag that names the model, where a flag does.
_MODEL_FLAGS = {"vllm": ("--model",), "sglang": ("--model-path",), "trtllm": (), "transformers": ("--force-model",)}
#: Flags that name a config file. vLLM's and SGLang's hold flags, TensorRT-LLM's has keys of its own.
_CONFIG_FLAGS = ("--config", "--extra_llm_api_options")
#: Keys of TensorRT-LLM's file that its command line has under another name; what has the same name needs no entry.
_FILE_FLAGS = {"tensor_parallel_size": "--tp_size", "pipeline_parallel_size": "--pp_size", "moe_expert_parallel_size": "--ep_size", "context_parallel_size": "--cp_size"}  # fmt: skip


@dataclass(slots=True)
class Target:
    """`arguments.values` without the model, with `file:` entries and `env:` variables; None for `model` where none is named.

    `missing` is the config file that the command names and nobody gave, `file` the one that was read.
    """

    model: str | None
    arguments: Arguments
    env: dict[str, str] = field(default_factory=dict)
    file: str | None = None
    missing: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Everything by name."""
        return self.arguments.values | {f"{ENV}{name}": value for name, value in self.env.items()}


def config_file_of(words: Sequence[str]) -> str | None:
    """The config file that an engine's command names, as written there."""
    named: str | None = None
    for index, word in enumerate(words):
        name, tied, value = word.partition("=")
        if name in _CONFIG_FLAGS:
            named = value if tied else (words[index + 1] if index + 1 < len(words) else None)
    return named


def read_target(
    engine: str, words: Sequence[str], env: Mapping[str, str], files: Mapping[str, str], known: KnownFlags
) -> Target:
    """Read the words after the engine's command. `files` are texts by path, as the command may name them.

    An entry of TensorRT-LLM's file that a flag means too is that flag, unless the engine's table writes it to the file.
    """
    named = config_file_of(words)
    content = None if named is None else _content(files, named)
    if content is None or named is None:
        read = read_arguments(words, known)
        return Target(_take_model(engine, read), read, dict(env), missing=named)
    if engine in ("vllm", "sglang"):
        before, model = _as_words(content)
        read = read_arguments([*before, *_without_config(words)], known)
        given = _take_model(engine, read)
        return Target(given or model, read, dict(env), file=named)
    read = read_arguments(_without_config(words), known)
    own = {row.key for row in TABLES[engine].rows if row.flag is None and row.holds_for(known.version)}
    for name, value in flatten_file(content).items():
        flag = _flag_of(name, known, own)
        if flag is not None and flag not in read.values and value is not False and not isinstance(value, dict | tuple):
            read.values[flag] = value
            read.written[flag] = f"{name.removeprefix(FILE)} in {named}"
        else:
            read.values[name] = value
            read.written[name] = f"{name.removeprefix(FILE)} in {named}"
    return Target(_take_model(engine, read), read, dict(env), file=named)


def lowered_values(deployment: Deployment, known: KnownFlags, *, keep_file: bool) -> dict[str, Any]:
    """The same set for a server that was lowered. With `keep_file` its config file stays a path."""
    launch = find_launch(deployment.argv)
    assert launch is not None
    files = {} if keep_file else deployment.files
    return read_target(launch.engine, deployment.argv[launch.arguments :], deployment.env, files, known).values


def _take_model(engine: str, read: Arguments) -> str | None:
    """The model, taken out of the arguments: the first positional, else its flag."""
    model = read.positionals.pop(0) if read.positionals else None
    for name in _MODEL_FLAGS[engine]:
        value = read.values.pop(name, None)
        if model is None and isinstance(value, str):
            model = value
    for extra in read.positionals:
        read.wrong[extra] = f"`{extra}` belongs to no flag"
    return model


def _content(files: Mapping[str, str], named: str) -> dict[str, Any] | None:
    """The map in a file; None where it is not there or holds none."""
    text = files.get(named, files.get(posixpath.normpath(named)))
    if text is None:
        return None
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return data if isinstance(data, dict) else None


def _without_config(words: Sequence[str]) -> list[str]:
    rest: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.partition("=")[0] in _CONFIG_FLAGS:
            skip = "=" not in word
        else:
            rest.append(word)
    return rest


def _as_words(content: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """A file of flags as both engines put it before the command line (FlexibleArgumentParser, ConfigArgumentMerger)."""
    words: list[str] = []
    model: str | None = None
    for key, value in content.items():
        if key in ("model", "model-path", "model_path", "model_tag") and isinstance(value, str):
            model = value
        elif value is True:
            words.append(f"--{key}")
        elif isinstance(value, dict):
            words += [f"--{key}", json.dumps(value)]
        elif isinstance(value, list):
            words += [f"--{key}", *(str(item) for item in value)]
        elif value is not False and value is not None:
            words.append(f"--{key}={value}")
    return words, model


def _flag_of(name: str, known: KnownFlags, own: Collection[str | None]) -> str | None:
    """The flag that means the same as a top key of the file; None where the file is where the table writes it."""
    key = name.removeprefix(FILE)
    found = None if "." in key or key in own else known.find(_FILE_FLAGS.get(key, f"--{key}"))
    return None if found is None else found.flag.name
