"""The options of `trtllm-serve` and the keys of its YAML file, read from the sources of TensorRT-LLM.

The command's options are click decorators over one function (`tensorrt_llm/commands/serve.py`); the file's keys are the fields
of pydantic classes (`TorchLlmArgs` in `tensorrt_llm/llmapi/llm_args.py`), dotted where classes are nested. Both are read, never run.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from vllm_hints import Option
from wheel_source import Found, WheelSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SERVE = "tensorrt_llm.commands.serve"
ARGS = "tensorrt_llm.llmapi.llm_args"
KINDS = {"int": "int", "float": "float", "bool": "bool"}
#: Where values of a key are judged after pydantic took them: (module, name of a list of texts), and the kernels' chooser.
KV_CACHE_DTYPES = ("tensorrt_llm._torch.pyexecutor.model_loader", "_VALID_KV_CACHE_DTYPES")
ATTENTION = ("tensorrt_llm._torch.attention_backend.utils", "get_attention_backend")

Flags = dict[str, tuple[tuple[str, ...], Option]]


class _Folder:
    """An unpacked source folder with the two methods of a zip file that are used of it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def namelist(self) -> list[str]:
        return [path.relative_to(self._root).as_posix() for path in self._root.rglob("*.py")]

    def read(self, name: str) -> bytes:
        return (self._root / name).read_bytes()


class TrtllmSource(WheelSource):
    """A wheel, or a folder that holds `tensorrt_llm/`."""

    def __init__(self, place: Path) -> None:
        if place.is_dir():
            folder = _Folder(place)
            self._zip = folder  # type: ignore[assignment]
            self._files = frozenset(folder.namelist())
            self._names = {}
        else:
            super().__init__(place)


def read_flags(source: WheelSource) -> Flags:
    """Flag -> its other spellings and the option. Raises LookupError where the sources are not as expected."""
    found = source.find(SERVE, "serve")
    flags: Flags = {}
    for node in found.node.decorator_list if found is not None and isinstance(found.node, ast.FunctionDef) else []:
        match node:
            case ast.Call(func=ast.Attribute(attr="option"), args=args, keywords=keywords):
                names = [text for item in args for text in _texts(item) if text.startswith("--")]
                option = _click_option(source, {str(item.arg): item.value for item in keywords})
                flags[names[0]] = (tuple(names[1:]), option)
            case _:
                pass
    if not flags:
        raise LookupError(f"{SERVE} has no function with options called serve")
    return flags


def read_file(source: WheelSource) -> Flags:
    """Dotted key of the YAML file -> its other spellings and the option; `json` for a key that holds further keys."""
    found = source.find(ARGS, "TorchLlmArgs")
    if found is None:
        raise LookupError(f"{ARGS} has no class TorchLlmArgs")
    keys = dict(_fields(source, found, ""))
    for key, values in {
        "kv_cache_config.dtype": _list_of(source, KV_CACHE_DTYPES),
        "attn_backend": _compared(source, ATTENTION),
        "speculative_config.decoding_type": _decoding_types(source),
    }.items():
        names, option = keys.get(key, ((), Option()))
        keys[key] = (names, Option(option.kind, values=values, default=option.default))
    return keys


def _click_option(source: WheelSource, given: dict[str, ast.expr]) -> Option:
    if isinstance(given.get("is_flag"), ast.Constant):
        return Option("bare")
    default = _value(source, SERVE, given.get("default"))
    match given.get("type"):
        case ast.Call(func=ast.Name(id="ChoiceWithAlias"), args=[choices, aliases]):
            names = (*_choices(source, choices), *_choices(source, aliases))
            return Option(choices=tuple(sorted(names)), default=default)
        case ast.Call(func=ast.Attribute(attr="Choice"), args=[choices, *_]):
            return Option(choices=tuple(sorted(_choices(source, choices))), default=default)
        case ast.Name(id=name):
            return Option(KINDS.get(name, "text"), default=default)
        case _:
            return Option(default=default)


def _choices(source: WheelSource, node: ast.expr) -> tuple[str, ...]:
    """A list of texts: written out, or the keys of a table (`table.keys()`, `Class.table.keys()`)."""
    match node:
        case ast.List() | ast.Tuple() | ast.Set():
            return _texts(node)
        case ast.Dict(keys=keys):
            return tuple(text for key in keys if key is not None for text in _texts(key))
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="keys")):
            found = source.find(SERVE, name)
            return _choices(source, found.node) if found and isinstance(found.node, ast.Dict) else ()
        case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id=owner), attr=name), attr="keys")):
            table = _member(source, SERVE, owner, name)
            return _choices(source, table) if table is not None else ()
        case _:
            return ()


def _member(source: WheelSource, module: str, owner: str, name: str) -> ast.expr | None:
    """What a class binds to a name."""
    found = source.find(module, owner)
    for node in found.node.body if found is not None and isinstance(found.node, ast.ClassDef) else []:
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name:
                return value
            case ast.AnnAssign(target=ast.Name(id=bound), value=ast.expr() as value) if bound == name:
                return value
            case _:
                pass
    return None


def _fields(source: WheelSource, found: Found, prefix: str) -> Iterator[tuple[str, tuple[tuple[str, ...], Option]]]:
    """Fields of a pydantic class and of those below it, bases first; a class that redefines a field comes last."""
    assert isinstance(found.node, ast.ClassDef)
    for base in found.node.bases:
        parent = source.find(found.module, base.id) if isinstance(base, ast.Name) else None
        if parent is not None and isinstance(parent.node, ast.ClassDef):
            yield from _fields(source, parent, prefix)
    for node in found.node.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or _is_private(node):
            continue
        name = f"{prefix}{node.target.id}"
        below = list(_classes(source, found.module, node.annotation))
        option = _field(source, found.module, node.annotation, node.value)
        yield name, (_aliases(node.value, prefix), Option("json", default=option.default) if below else option)
        for item in below:
            yield from _fields(source, item, f"{name}.")


def _is_private(node: ast.AnnAssign) -> bool:
    return node.target.id.startswith("_") or "ClassVar" in ast.unparse(node.annotation)  # type: ignore[union-attr]


def _field(source: WheelSource, module: str, annotation: ast.expr, value: ast.expr | None) -> Option:
    choices: list[str] = []
    kinds: set[str] = set()
    for node in ast.walk(annotation):
        match node:
            case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
                choices += _texts(inner)
            case ast.Name(id=name):
                kinds.add(name)
                found = source.find(module, name)
                if found is not None and _is_enum(found):
                    choices += _enum(found)
            case _:
                pass
    many = bool(kinds & {"List", "list", "Set", "set"})
    kind = next((KINDS[name] for name in ("bool", "int", "float") if name in kinds), "text")
    kind = "json" if kinds & {"Dict", "dict"} else kind
    return Option(kind, many=many, choices=tuple(sorted(choices)), default=_value(source, module, value))


def _classes(source: WheelSource, module: str, annotation: ast.expr) -> Iterator[Found]:
    """Classes with fields that an annotation names, through aliases of types."""
    for node in ast.walk(annotation):
        found = source.find(module, node.id) if isinstance(node, ast.Name) else None
        if found is None:
            continue
        if isinstance(found.node, ast.ClassDef):
            if found.module == ARGS and not _is_enum(found):
                yield found
        elif isinstance(found.node, ast.Subscript):
            yield from _classes(source, found.module, found.node)


def _is_enum(found: Found) -> bool:
    bases = found.node.bases if isinstance(found.node, ast.ClassDef) else []
    return any(isinstance(base, ast.Name) and base.id in ("Enum", "StrEnum") for base in bases)


def _enum(found: Found) -> list[str]:
    """Values of an enum of texts; names of one of numbers, in lower case, as its field's own converter reads them."""
    body = found.node.body if isinstance(found.node, ast.ClassDef) else []
    pairs = [
        (node.targets[0].id, node.value.value)
        for node in body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    ]
    return [value if isinstance(value, str) else name.lower() for name, value in pairs]


def _aliases(value: ast.expr | None, prefix: str) -> tuple[str, ...]:
    """Further names under which a field is read: `validation_alias=AliasChoices(name, other)`."""
    for node in ast.walk(value) if value is not None else ():
        match node:
            case ast.Call(func=ast.Name(id="AliasChoices"), args=[_, *others]):
                return tuple(prefix + text for item in others for text in _texts(item))
            case _:
                pass
    return ()


def _value(source: WheelSource, module: str, node: ast.expr | None) -> Any:
    """A default: written out, in a Field, or that of another class's field."""
    match node:
        case ast.Constant(value=value):
            return None if value is Ellipsis else value
        case ast.Call(func=ast.Name(id="Field"), args=args, keywords=keywords):
            default = next((item.value for item in keywords if item.arg == "default"), args[0] if args else None)
            return _value(source, module, default)
        case ast.Attribute(
            value=ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=owner), attr="model_fields"),
                slice=ast.Constant(value=str() as name),
            ),
            attr="default",
        ):
            return _value(source, module, _member(source, module, owner, name))
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            found = _member(source, module, owner, name)
            return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else None
        case _:
            return None


def _list_of(source: WheelSource, place: tuple[str, str]) -> tuple[str, ...]:
    found = source.find(*place)
    return tuple(sorted(_texts(found.node))) if found is not None and isinstance(found.node, ast.expr) else ()


def _compared(source: WheelSource, place: tuple[str, str]) -> tuple[str, ...]:
    """Texts that a function compares its argument with."""
    found = source.find(*place)
    nodes: Iterable[ast.AST] = ast.walk(found.node) if found is not None else ()
    compared = (node.comparators[0] for node in nodes if isinstance(node, ast.Compare))
    return tuple(sorted(text for item in compared for text in _texts(item)))


def _decoding_types(source: WheelSource) -> tuple[str, ...]:
    """Keys of the table by which a speculative config finds its class."""
    found = source.find(ARGS, "DecodingBaseConfig")
    for node in ast.walk(found.node) if found is not None else ():
        match node:
            case ast.Assign(targets=[ast.Name(id="config_classes")], value=ast.Dict() as table):
                return tuple(sorted(_choices(source, table)))
            case _:
                pass
    return ()


def _texts(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Constant(value=str() as text):
            return (text,)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return tuple(text for item in items for text in _texts(item))
        case _:
            return ()
