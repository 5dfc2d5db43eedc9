"""The options of `transformers serve`, read from the sources in a transformers wheel.

The command is a class whose constructor's parameters are annotated for typer: `Annotated[TYPE, typer.Option(...)]`. typer makes
`--a-b` of a parameter `a_b`, and a pair of switches of a truth value. They are read here, never run.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from vllm_hints import Option
from wheel_source import Found

if TYPE_CHECKING:
    from wheel_source import WheelSource

SERVE = "transformers.cli.serve"
#: Where the options are judged after the parser took them: one file before 5.5, several since.
JUDGES = (SERVE, "transformers.cli.serving.model_manager")
KINDS = {"bool": "pair", "int": "int", "float": "float"}


def read_flags(source: WheelSource) -> dict[str, tuple[tuple[str, ...], Option]]:
    """Flag -> its other spellings (none) and the option. Raises LookupError where the sources are not as expected.

    `--force-model` is there only where the model is an option; where it is the argument of the command, it is no flag.
    """
    found = source.find(SERVE, "Serve")
    if found is None or not isinstance(found.node, ast.ClassDef):
        raise LookupError(f"{SERVE} has no class Serve")
    start = next(node for node in found.node.body if isinstance(node, ast.FunctionDef) and node.name == "__init__").args
    given = start.args[1:]
    flags: dict[str, tuple[tuple[str, ...], Option]] = {}
    for parameter, value in zip(given, start.defaults, strict=True):
        match parameter.annotation:
            case ast.Subscript(
                value=ast.Name(id="Annotated"),
                slice=ast.Tuple(elts=[type_, ast.Call(func=ast.Attribute(attr="Option"), keywords=keywords)]),
            ):
                if not any(keyword.arg == "hidden" for keyword in keywords):
                    flags[f"--{parameter.arg.replace('_', '-')}"] = ((), _option(source, type_, value))
            case ast.Subscript(
                value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[_, ast.Call(func=ast.Attribute(attr="Argument"))])
            ):
                pass
            case _:
                raise LookupError(f"{parameter.arg} is neither an option nor an argument")
    for flag, values in judged(source).items():
        names, option = flags[flag]
        flags[flag] = (names, Option(option.kind, values=values, default=option.default))
    return flags


def judged(source: WheelSource) -> dict[str, tuple[str, ...]]:
    """Flag -> the values that the server takes, where it looks at them itself."""
    quantization: set[str] = set()
    attention: set[str] = set()
    for module in JUDGES:
        for node in ast.walk(source.tree(module) or ast.Module([], [])):
            match node:
                case ast.Compare(left=ast.Attribute(attr="quantization"), comparators=[right]):
                    quantization.update(_texts(right))
                case ast.Assign(targets=[ast.Name(id="VALID_ATTN_IMPLEMENTATIONS")], value=right):
                    attention.update(_texts(right))
                case _:
                    pass
    if not quantization:
        raise LookupError("no quantization methods")
    kernels = attention or set(attention_functions(source))
    return {"--quantization": tuple(sorted(quantization)), "--attn-implementation": tuple(sorted(kernels))}


def attention_functions(source: WheelSource) -> list[str]:
    """Attention implementations that the library has; kernels from the Hub can be named beside them."""
    found = source.find("transformers.modeling_utils", "AttentionInterface")
    for node in ast.walk(found.node if isinstance(found, Found) else ast.Module([], [])):
        match node:
            case ast.Assign(targets=[ast.Name(id="_global_mapping")], value=ast.Dict(keys=keys)):
                names = {text for key in keys if key is not None for text in _texts(key)}
                return sorted({"eager"} | {name for name in names if "|" not in name})
            case _:
                pass
    raise LookupError("no list of attention implementations")


def _option(source: WheelSource, type_: ast.expr, value: ast.expr) -> Option:
    """Option of a parameter's type and default; `X | None` is X."""
    arm = type_.left if isinstance(type_, ast.BinOp) else type_
    if not isinstance(arm, ast.Name):
        raise LookupError(f"cannot read the type {ast.unparse(type_)}")  # noqa: TRY004 - the sources are not as expected
    found = source.find(SERVE, arm.id)
    members = _members(found)
    default = _default(value, members)
    return Option(KINDS.get(arm.id, "text"), choices=tuple(members.values()), default=default)


def _members(found: Found | None) -> dict[str, str]:
    """Names and values of an enum."""
    body = found.node.body if found is not None and isinstance(found.node, ast.ClassDef) else []
    return {
        node.targets[0].id: str(node.value.value)
        for node in body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }


def _default(value: ast.expr, members: dict[str, str]) -> Any:
    match value:
        case ast.Constant(value=constant):
            return constant
        case ast.Attribute(value=ast.Attribute(attr=name), attr="value") | ast.Attribute(attr=name):
            return members.get(name)
        case _:
            return None


def _texts(node: ast.expr) -> tuple[str, ...]:
    match node:
        case ast.Constant(value=str() as text):
            return (text,)
        case ast.Tuple(elts=items) | ast.Set(elts=items) | ast.List(elts=items):
            return tuple(text for item in items for text in _texts(item))
        case _:
            return ()
