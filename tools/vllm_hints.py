"""What the type annotations of vLLM's config classes become on its command line, by reading alone.

vLLM builds most of its options from the fields of dataclasses (`get_kwargs` in vllm/engine/arg_utils.py); the rules
there are followed here in the same order.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheel_source import Found, WheelSource

SIMPLE = {"bool", "int", "float", "str"}


@dataclass(frozen=True)
class Option:
    """One command line option: how it is written and which values it takes.

    `kind` is pair (`--x` and `--no-x`), bare (no value), int, float, text or json. `choices` are what the parser
    insists on; `values` are the ones known where the engine decides later; `keys` are the fields of a JSON value with
    the values that each takes (empty: any).
    """

    kind: str = "text"
    many: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    default: Any = None
    deprecated: bool = False


@dataclass
class Hints:
    """The arms of an annotation."""

    names: set[str] = field(default_factory=set)
    literal: list[Any] = field(default_factory=list)
    element: Hints | None = None
    members: list[str] = field(default_factory=list)
    classes: list[Found] = field(default_factory=list)


class Annotations:
    """Reads annotations and fields of classes out of a wheel."""

    def __init__(self, source: WheelSource) -> None:
        self.source = source

    def options(self, module: str, class_name: str) -> dict[str, Option]:
        """Field name -> option, for the class as seen from a module; bases first."""
        found = self.source.find(module, class_name)
        if found is None or not isinstance(found.node, ast.ClassDef):
            raise LookupError(f"{class_name} is not to be found from {module}")
        return {name: self.option(where, annotation, value) for name, where, annotation, value in self.fields(found)}

    def fields(self, found: Found) -> Iterator[tuple[str, str, ast.expr, ast.expr | None]]:
        """Dataclass fields: name, module, annotation, default; bases first."""
        assert isinstance(found.node, ast.ClassDef)
        for base in found.node.bases:
            parent = self.source.find(found.module, base.id) if isinstance(base, ast.Name) else None
            if parent is not None and isinstance(parent.node, ast.ClassDef):
                yield from self.fields(parent)
        for node in found.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                text = ast.unparse(node.annotation)
                if not text.strip("'\"").startswith(("ClassVar", "InitVar")):
                    yield node.target.id, found.module, node.annotation, node.value

    def option(self, module: str, annotation: ast.expr, value: ast.expr | None) -> Option:
        """The option that a field becomes."""
        hints = self.hints(module, annotation)
        made = replace(_option(hints), default=self.default(module, value))
        return replace(made, keys=tuple(sorted(self._keys(hints))))

    def _keys(self, hints: Hints) -> Iterator[tuple[str, tuple[str, ...]]]:
        for found in hints.classes:
            for name, where, annotation, _ in self.fields(found):
                inner = _option(self.hints(where, annotation))
                yield name, inner.choices or inner.values

    def hints(self, module: str, node: ast.AST) -> Hints:
        """The arms of an annotation, aliases resolved."""
        into = Hints()
        self._collect(module, node, into)
        return into

    def default(self, module: str, node: ast.AST | None) -> Any:
        """A constant default; None where there is none or it is computed."""
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return value
            case ast.Call(func=ast.Name(id="Field" | "field"), args=args, keywords=keywords):
                named = next((k.value for k in keywords if k.arg == "default"), args[0] if args else None)
                return self.default(module, named)
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                return self._attribute_default(module, owner, name)
            case ast.Name(id=name):
                found = self.source.find(module, name)
                return (
                    self.default(found.module, found.node) if found and isinstance(found.node, ast.Constant) else None
                )
            case _:
                return None

    def _attribute_default(self, module: str, owner: str, name: str) -> Any:
        found = self.source.find(module, owner)
        if found is None or not isinstance(found.node, ast.ClassDef):
            return None
        for field_name, where, _, value in self.fields(found):
            if field_name == name:
                return self.default(where, value)
        return None

    def _collect(self, module: str, node: ast.AST, into: Hints) -> None:
        match node:
            case ast.Constant(value=None):
                into.names.add("None")
            case ast.Constant(value=str() as text):
                self._collect(module, ast.parse(text, mode="eval").body, into)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                self._collect(module, left, into)
                self._collect(module, right, into)
            case ast.Subscript(value=outer, slice=inner):
                self._generic(module, _last_name(outer), inner, into)
            case ast.Name() | ast.Attribute():
                self._named(module, _last_name(node), into)
            case _:
                into.names.add("?")

    def _generic(self, module: str, name: str, inner: ast.expr, into: Hints) -> None:
        arguments = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Literal":
            into.names.add("Literal")
            for argument in arguments:
                self._literal(module, argument, into)
        elif name in {"Optional", "Union"}:
            for argument in arguments:
                self._collect(module, argument, into)
            if name == "Optional":
                into.names.add("None")
        elif name in {"Annotated", "SkipValidation", "Final"}:
            self._collect(module, arguments[0], into)
        else:
            into.names.add(name.lower() if name in {"List", "Dict", "Tuple", "Set"} else name)
            if name.lower() in {"list", "tuple", "set"}:
                into.element = self.hints(module, arguments[0])

    def _literal(self, module: str, argument: ast.expr, into: Hints) -> None:
        match argument:
            case ast.Constant(value=value):
                into.literal.append(value)
            case ast.Starred(value=inner) | ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
                self._literal(module, inner, into)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for item in items:
                    self._literal(module, item, into)
            case ast.Name(id=name) if (found := self.source.find(module, name)) is not None:
                self._literal(found.module, found.node, into)  # type: ignore[arg-type]
            case _:
                raise LookupError(f"a Literal of {ast.unparse(argument)} in {module}")

    def _named(self, module: str, name: str, into: Hints) -> None:
        if name in SIMPLE or name in {"dict", "list", "Any", "None"}:
            into.names.add(name)
            return
        found = self.source.find(module, name)
        if found is None:
            into.names.add("?")
        elif isinstance(found.node, ast.ClassDef):
            self._class(found, into)
        else:
            self._collect(found.module, found.node, into)

    def _class(self, found: Found, into: Hints) -> None:
        assert isinstance(found.node, ast.ClassDef)
        bases = {_last_name(base) for base in found.node.bases}
        if "IntEnum" in bases:
            into.names.add("enum")
        elif any(base.endswith("Enum") for base in bases):
            into.names.add("enum")
            into.members += [
                node.targets[0].id for node in found.node.body
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
            ]  # fmt: skip
        elif any(_last_name(item) in {"config", "dataclass"} for item in found.node.decorator_list):
            into.names.add("dataclass")
            into.classes.append(found)
        elif "dict" in bases:
            into.names.add("dict")
        else:
            into.names.add("?")


def _option(hints: Hints) -> Option:
    names = hints.names
    known = tuple(sorted(str(item) for item in hints.literal if item is not None))
    if "dataclass" in names:
        return Option("json")
    if names == {"bool", "str", "None"}:
        return Option("text", optional=True)
    if "bool" in names:
        return Option("pair")
    if "Literal" in names:
        kind = "int" if hints.literal and all(type(item) is int for item in hints.literal) else "text"
        return Option(kind, values=known) if "str" in names else Option(kind, choices=known)
    if names & {"tuple", "list", "set"}:
        inner = _option(hints.element or Hints({"str"}))
        return replace(inner, kind="text" if "str" in (hints.element or Hints()).names else inner.kind, many=True)
    for kind in ("int", "float"):
        if kind in names:
            return Option(kind)
    if "dict" in names:
        return Option("json")
    return Option("text", values=tuple(sorted(hints.members)))


def _last_name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return _last_name(func)
        case ast.Subscript(value=value):
            return _last_name(value)
        case _:
            return "?"
