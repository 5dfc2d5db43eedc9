"""The Python sources inside a wheel, read with zipfile and ast: nothing is installed, imported or run."""

from __future__ import annotations

import ast
import zipfile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Found(NamedTuple):
    """A definition: the module it stands in, and a class, a function or the expression a name was bound to."""

    module: str
    node: ast.AST


class Imported(NamedTuple):
    """A name that a module has from another one."""

    module: str
    name: str


class WheelSource:
    """Modules of a wheel by dotted name, and what a name in a module means."""

    def __init__(self, wheel: Path) -> None:
        self._zip = zipfile.ZipFile(wheel)
        self._files = frozenset(self._zip.namelist())
        self._names: dict[str, dict[str, ast.AST | Imported]] = {}

    def modules(self, package: str) -> list[str]:
        """Every module of a package and of the packages below it, sorted."""
        prefix = package.replace(".", "/") + "/"
        paths = (path for path in self._files if path.startswith(prefix) and path.endswith(".py"))
        return sorted(path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths)

    def tree(self, module: str) -> ast.Module | None:
        """The module's syntax tree, None where the wheel has no such module."""
        path = self._path(module)
        return None if path is None else ast.parse(self._zip.read(path))

    def find(self, module: str, name: str) -> Found | None:
        """What `name` means in `module`, through imports and re-exports; None where it cannot be told."""
        seen: set[tuple[str, str]] = set()
        while (module, name) not in seen:
            seen.add((module, name))
            target = self._index(module).get(name) or self._starred(module, name)
            if isinstance(target, Imported):
                module, name = target
            elif target is None:
                return None
            else:
                return Found(module, target)
        return None

    def _starred(self, module: str, name: str) -> Imported | None:
        """Where a name comes from that a module has by `from x import *`."""
        star = self._index(module).get("*")
        return Imported(star.module, name) if isinstance(star, Imported) else None

    def _path(self, module: str) -> str | None:
        base = module.replace(".", "/")
        return next((path for path in (f"{base}.py", f"{base}/__init__.py") if path in self._files), None)

    def _index(self, module: str) -> dict[str, ast.AST | Imported]:
        if module not in self._names:
            tree = self.tree(module)
            package = module if (self._path(module) or "").endswith("__init__.py") else module.rpartition(".")[0]
            self._names[module] = {} if tree is None else dict(_bindings(tree.body, package))
        return self._names[module]


def _bindings(body: Iterable[ast.stmt], package: str) -> Iterator[tuple[str, ast.AST | Imported]]:
    """Names bound at the top of a module, what holds at run time last (a dict keeps the last)."""
    for node in body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name, node
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.ImportFrom(module=origin, level=level, names=names):
                base = package.rsplit(".", level - 1)[0] if level > 1 else package
                source = ".".join(part for part in (base if level else None, origin) if part)
                yield from ((alias.asname or alias.name, Imported(source, alias.name)) for alias in names)
            case ast.If():
                yield from _bindings(node.body, package)
                yield from _bindings(node.orelse, package)
            case ast.Try():
                yield from _bindings(node.handlers[0].body if node.handlers else [], package)
                yield from _bindings(node.body, package)
            case _:
                pass
