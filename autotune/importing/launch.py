"""How each engine is started: the words that say which one it is, before its own arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash"})
#: Modules that `python -m` starts. A second word is a subcommand that must follow.
_MODULES = {
    "vllm.entrypoints.openai.api_server": ("vllm", None),
    "vllm.entrypoints.cli.main": ("vllm", "serve"),
    "vllm": ("vllm", "serve"),
    "sglang.launch_server": ("sglang", None),
    "sglang": ("sglang", "serve"),
    "tensorrt_llm.commands.serve": ("trtllm", None),
    "transformers": ("transformers", "serve"),
}
#: Commands, with the subcommand that serves a model; None where there is none.
_COMMANDS = {"vllm": ("vllm", "serve"), "sglang": ("sglang", "serve"), "trtllm-serve": ("trtllm", None), "transformers": ("transformers", "serve")}  # fmt: skip
#: Subcommands that start something else than one server of a model.
_OTHERS = frozenset({"disaggregated", "disaggregated_mpi_worker", "mm_embedding_serve", "-h", "--help", "--version"})
#: Engines by a part of their images' names.
_IMAGES = {
    "vllm": "vllm",
    "sglang": "sglang",
    "tensorrt-llm": "trtllm",
    "tensorrt_llm": "trtllm",
    "trtllm": "trtllm",
    "transformers": "transformers",
}


class Launch(NamedTuple):
    """The engine, where its command begins among the words, and where its arguments begin."""

    engine: str
    begin: int
    arguments: int


def find_launch(words: Sequence[str]) -> Launch | None:
    """The first place among the words at which an engine is started."""
    for index in range(len(words)):
        found = _launch_at(words, index)
        if found is not None:
            return found
    return None


def find_script(words: Sequence[str]) -> tuple[int, str] | None:
    """Where a shell is given its text with -c, and the text."""
    for index, word in enumerate(words):
        if base_name(word) not in SHELLS:
            continue
        at = index + 1
        while at < len(words) and words[at].startswith("-"):
            if not words[at].startswith("--") and words[at].endswith("c"):
                return (index, words[at + 1]) if at + 1 < len(words) else None
            at += 1
    return None


def engine_of_image(image: str | None) -> str | None:
    """The engine that an image is named after; None where its name says none."""
    name = repository(image or "").lower()
    return next((engine for part, engine in _IMAGES.items() if part in name), None)


def repository(image: str) -> str:
    """An image without its tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def tag_of(image: str) -> str | None:
    """The tag of an image; None where it has none."""
    last = image.partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2] or None


def base_name(word: str) -> str:
    """The last part of a path."""
    return word.rpartition("/")[2]


def _launch_at(words: Sequence[str], index: int) -> Launch | None:
    name = base_name(words[index])
    if name.startswith("python"):
        at = index + 1
        while at < len(words) and words[at].startswith("-") and words[at] != "-m":
            at += 1
        if words[at : at + 1] != ["-m"] and tuple(words[at : at + 1]) != ("-m",):
            return None
        known = _MODULES.get(words[at + 1]) if at + 1 < len(words) else None
        return None if known is None else _with_subcommand(words, index, at + 2, *known)
    if name in _COMMANDS:
        return _with_subcommand(words, index, index + 1, *_COMMANDS[name])
    return None


def _with_subcommand(
    words: Sequence[str], begin: int, after: int, engine: str, subcommand: str | None
) -> Launch | None:
    following = words[after] if after < len(words) else ""
    if following in _OTHERS:
        return None
    if subcommand is not None:
        return Launch(engine, begin, after + 1) if following == subcommand else None
    return Launch(engine, begin, after + 1 if engine == "trtllm" and following == "serve" else after)
