"""The `when` of a layer: CEL, compiled once, over names that are all checked before anything is evaluated."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.layers.cel import compile_expression
from autotune.layers.paths import get_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STRING = re.compile(r"""r?("(\\.|[^"\\])*"|'(\\.|[^'\\])*')""")
_NAME = re.compile(r"(?<![\w.\])])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(\s*\()?")
_BOUND = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_]\w*)\s*,")
_WORDS = frozenset({"true", "false", "null", "in"})


class ConditionError(Exception):
    """A condition that cannot be compiled or evaluated; the text says why."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `names` are the dotted names it reads."""

    text: str
    names: tuple[str, ...]
    program: Any

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its text, for jobs on other machines: a CEL program cannot be."""
        return compile_condition, (self.text,)

    @property
    def roots(self) -> frozenset[str]:
        """The first parts of the names: `gpu`, `model`, `parallel`."""
        return frozenset(name.partition(".")[0] for name in self.names)

    def evaluate(self, variables: Mapping[str, Any]) -> bool:
        """True or false. Raises ConditionError for a result of another type or an operation CEL refuses."""
        try:
            result = self.program.execute(self._narrow(variables))
        except (TypeError, RuntimeError, ValueError, KeyError) as error:
            first = str(error).splitlines()[0].partition(". CEL does")[0]
            raise ConditionError(f"{first} (with {self.describe(variables)})") from None
        if not isinstance(result, bool):
            raise ConditionError(f"it gives {result!r}, and a condition must give true or false")
        return result

    def _narrow(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The variables less what no name reads: CEL converts all that it is given."""
        scope: dict[str, Any] = {}
        for name in self.names:
            root, _, field = name.partition(".")
            whole = variables[root]
            field = field.partition(".")[0]
            if not field or not isinstance(whole, dict):
                scope[root] = whole
            elif field in whole and scope.get(root) is not whole:
                scope.setdefault(root, {})[field] = whole[field]
            else:
                scope.setdefault(root, {})
        return scope

    def describe(self, variables: Mapping[str, Any]) -> str:
        """The values that the condition read: `gpu.supports_fp8 = false, model.is_quantized = false`."""
        return ", ".join(f"{name} = {_show(get_path(variables, tuple(name.split('.'))))}" for name in self.names)


@functools.lru_cache(maxsize=1024)
def compile_condition(text: str) -> Condition:
    """Compile a condition. Raises ConditionError with CEL's own caret line for a syntax error."""
    try:
        program = compile_expression(text)
    except ValueError as error:
        raise ConditionError(str(error).partition("ERROR: ")[2] or str(error)) from None
    return Condition(text, tuple(dict.fromkeys(_names(text))), program)


def _names(text: str) -> Iterator[str]:
    """The dotted names a CEL text reads: no literals, keywords, functions, or variables bound by a macro."""
    bare = _STRING.sub('""', text)
    bound = set(_BOUND.findall(bare))
    for match in _NAME.finditer(bare):
        name, call = match.groups()
        if call:
            name = name.rpartition(".")[0]
        if name and name not in _WORDS and name.partition(".")[0] not in bound:
            yield name


def _show(value: Any) -> str:
    """A value that a person can read: long lists by their length, fractions to three digits."""
    if isinstance(value, list) and len(value) > 8:
        return f"[{len(value)} items]"
    return json.dumps(round(value, 3) if isinstance(value, float) else value, default=str)
