"""Values of expressions in SGLang's sources, as far as they can be told without running them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from wheel_source import Found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheel_source import WheelSource

#: Calls that give their argument's items.
COPIES = ("list", "tuple", "set", "sorted", "frozenset")

Names = dict[str, Found]


class Values:
    """Reads lists of choices and scalar defaults; None is an expression that cannot be told, or None itself."""

    def __init__(self, source: WheelSource) -> None:
        self.source = source

    def items(self, module: str, node: ast.expr, local: Mapping[str, Found]) -> list[Any] | None:
        """Items of a list, keys of a dict, member names of an enumeration."""
        match node:
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
                return self._join(module, elts, local)
            case ast.Dict(keys=keys):
                return self._join(module, [key for key in keys if key is not None], local)
            case ast.BinOp(left=left, right=right, op=ast.Add() | ast.BitOr()):
                return _both(self.items(module, left, local), self.items(module, right, local))
            case ast.Call(func=ast.Name(id=name), args=[inner]) if name in COPIES:
                return self.items(module, inner, local)
            case ast.Call(func=ast.Attribute(value=inner, attr="keys"), args=[]):
                return self.items(module, inner, local)
            case ast.Call(func=ast.Name(id=name), args=[]):
                return self._returned(module, name)
            case ast.ListComp(elt=elt, generators=[ast.comprehension(iter=inner, ifs=[])]):
                found = self.items(module, inner, local)
                lower = "lower" in ast.dump(elt)
                return None if found is None else [str(item).lower() if lower else item for item in found]
            case ast.Name() | ast.Attribute():
                target = self.meaning(module, node, local)
                if target is None:
                    return None
                if isinstance(target.node, ast.ClassDef):
                    return [member for member, _ in _bound(target.node)]
                return (
                    self.items(target.module, target.node, self._scope(module, node, local))
                    if isinstance(target.node, ast.expr)
                    else None
                )
            case _:
                return None

    def scalar(self, module: str, node: ast.expr | None, local: Mapping[str, Found]) -> Any:
        """A number, a text or a boolean."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if isinstance(value, int | float):
                return -value
            case ast.Name() | ast.Attribute():
                target = self.meaning(module, node, local)
                inner = None if target is None else target.node
                return None if target is None or inner is node else self.scalar(target.module, _expression(inner), {})
            case _:
                return None

    def meaning(self, module: str, node: ast.expr, local: Mapping[str, Found]) -> Found | None:
        """What a name, or an attribute of a class, stands for."""
        match node:
            case ast.Name(id=name):
                return local.get(name) or self.source.find(module, name)
            case ast.Attribute(value=inner, attr=attr):
                owner = self.meaning(module, inner, local)
                if owner is None or not isinstance(owner.node, ast.ClassDef):
                    return None
                return next((Found(owner.module, value) for name, value in _bound(owner.node) if name == attr), None)
            case _:
                return None

    def _scope(self, module: str, node: ast.expr, local: Mapping[str, Found]) -> Names:
        """Names that an attribute's value may use: the others of its class."""
        owner = self.meaning(module, node.value, local) if isinstance(node, ast.Attribute) else None
        if owner is None or not isinstance(owner.node, ast.ClassDef):
            return {}
        return {name: Found(owner.module, value) for name, value in _bound(owner.node)}

    def _join(self, module: str, nodes: list[ast.expr], local: Mapping[str, Found]) -> list[Any] | None:
        joined: list[Any] | None = []
        for node in nodes:
            inner = self.items(module, node.value, local) if isinstance(node, ast.Starred) else None
            one = inner if isinstance(node, ast.Starred) else [self.scalar(module, node, local)]
            joined = _both(joined, one)
        return None if joined is None or None in joined else joined

    def _returned(self, module: str, name: str) -> list[Any] | None:
        """What a function without parameters returns last; it may import what it returns."""
        found = self.source.find(module, name)
        if found is None or not isinstance(found.node, ast.FunctionDef):
            return None
        local: Names = {}
        for node in ast.walk(found.node):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                for alias in node.names:
                    if target := self.source.find(node.module, alias.name):
                        local[alias.asname or alias.name] = target
        last = found.node.body[-1]
        if not isinstance(last, ast.Return) or last.value is None:
            return None
        return self.items(found.module, last.value, local)


def _bound(node: ast.ClassDef) -> list[tuple[str, ast.expr]]:
    """Names that a class binds, each with its value."""
    bound: list[tuple[str, ast.expr]] = []
    for item in node.body:
        match item:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                bound.append((name, value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                bound.append((name, value))
            case _:
                pass
    return bound


def _both(one: list[Any] | None, other: list[Any] | None) -> list[Any] | None:
    return None if one is None or other is None else one + other


def _expression(node: ast.AST | None) -> ast.expr | None:
    return node if isinstance(node, ast.expr) else None
