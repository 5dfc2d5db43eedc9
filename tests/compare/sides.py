"""Sides made by hand."""

from __future__ import annotations

from dataclasses import replace

from autotune.compare import Side

PLAIN = Side(
    title="a",
    argv=("vllm", "serve", "m", "--port", "8000"),
    env={},
    files={},
    image="vllm/vllm-openai:v0.33.0",
    name="vllm-m",
    engine="vllm",
    version="0.33.0",
)


def side(title: str = "a", *flags: str, **others: object) -> Side:
    """A vLLM server with further flags."""
    return replace(PLAIN, title=title, **{"argv": (*PLAIN.argv, *flags), **others})  # type: ignore[arg-type]
