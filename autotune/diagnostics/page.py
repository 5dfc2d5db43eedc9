"""The page of one code, for `autotune explain`, and of all codes, for the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics.codes import CODES, FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autotune.diagnostics.codes import Code

_HEAD = """\
# Diagnostics

Everything that autotune has to say about a config has a code. Codes are stable: AT0xx are errors, and nothing runs; AT1xx are
warnings; AT2xx are notes. `autotune check` prints all findings at once, `autotune explain ATnnn` prints what stands here, and
`autotune explain codes` lists the codes.

- `--deny AT104` (comma lists, repeatable) makes an error of a warning or note, for pipelines; `--deny warnings` of every warning. An
  error cannot be made less.
- `--format json` gives findings to scripts, `--format sarif` to code hosts, which annotate the lines of a pull request with them.

This page is made from the table of codes, and its examples are run: `pytest tests/cli/test_codes.py --update-golden`.
"""


def render_page(name: str, output: Sequence[str] = ()) -> str:
    """The page of a code as plain text: what, why, an example with what it prints (`output`, in lines), and the remedy."""
    code = CODES[name]
    blocks = [f"{code.severity}[{name}]: {code.title}", code.why]
    if code.example is not None:
        lines = "\n".join(f"  {line}".rstrip() for line in _example_lines(code, output))
        blocks.append(f"Example:\n{lines}")
    return "\n\n".join([*blocks, f"What to do: {code.remedy}"]) + "\n"


def render_pages(outputs: Mapping[str, Sequence[str]]) -> str:
    """The documentation of every code, in Markdown, by family."""
    parts = [_HEAD]
    for heading, family in FAMILIES.items():
        parts.append(f"## {heading}\n")
        for name in sorted(family):
            code = CODES[name]
            example = "\n".join(_example_lines(code, outputs.get(name, ())))
            parts.append(
                f"### {name}: {code.title}\n\n*{code.severity.capitalize()}.* {code.why}\n\n```text\n{example}\n```\n\n"
                f"**What to do**: {code.remedy}\n"
            )
    return "\n".join(parts)


def _example_lines(code: Code, output: Sequence[str]) -> Iterator[str]:
    if code.example is None:
        return
    for path, text in code.example.files.items():
        yield f"# {path}"
        yield from text.splitlines()
        yield ""
    yield f"$ {code.example.command}"
    yield from output
