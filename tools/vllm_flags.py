"""The options of `vllm serve`, read from the sources in a vLLM wheel.

The functions that fill vLLM's parser are straight lines of `add_argument` calls, most of them fed from config classes
(`get_kwargs(CacheConfig)["block_size"]`). They are followed statement by statement here, never run.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vllm_hints import Annotations, Option
from wheel_source import Found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheel_source import WheelSource

SERVE = "vllm.entrypoints.cli.serve"
ATTENTION_ENUMS = (
    ("vllm.v1.attention.backends.registry", "AttentionBackendEnum"),
    ("vllm.attention.backends.registry", "AttentionBackendEnum"),
    ("vllm.platforms.interface", "_Backend"),
)
#: Lists of values that the parser itself does not insist on, because plugins may add to them.
LITERALS = {
    "--quantization": ("vllm.model_executor.layers.quantization", "QuantizationMethods"),
    "--load-format": ("vllm.model_executor.model_loader", "LoadFormats"),
}


def read_flags(source: WheelSource) -> dict[str, tuple[tuple[str, ...], Option]]:
    """Flag -> its other spellings and the option. Raises LookupError where the sources are not as expected."""
    walk = _Walk(source)
    found = source.find(SERVE, "make_arg_parser")
    if found is None:
        raise LookupError(f"{SERVE} does not import make_arg_parser")
    walk.function(found, {})
    for flag, package in {"--tool-call-parser": "tool_parsers", "--reasoning-parser": "reasoning"}.items():
        names, option = walk.flags[flag]
        walk.flags[flag] = (names, replace(option, choices=(), values=registered(source, package)))
    for flag, (package, name) in LITERALS.items():
        names, option = walk.flags[flag]
        found = source.find(package, name)
        if found is not None and not option.choices:
            literal = walk.annotations.hints(found.module, found.node).literal
            walk.flags[flag] = (names, replace(option, values=tuple(str(item) for item in literal)))
    return walk.flags


def registered(source: WheelSource, package: str) -> tuple[str, ...]:
    """Names of the parsers that a package registers: by decorator in older versions, by a table in newer ones."""
    names: set[str] = set()
    for root in (f"vllm.{package}", f"vllm.entrypoints.openai.{package}"):
        for module in source.modules(root):
            for node in ast.walk(source.tree(module) or ast.Module([], [])):
                match node:
                    case ast.Call(func=ast.Attribute(attr="register_module"), args=args, keywords=keywords):
                        given = [*args[:1], *(k.value for k in keywords if k.arg == "name")]
                        names.update(text for item in given for text in _texts(item))
                    case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys)) if "PARSERS" in name:
                        names.update(text for key in keys if key for text in _texts(key))
                    case _:
                        pass
    return tuple(sorted(names))


def read_env(source: WheelSource, names: Iterable[str]) -> dict[str, list[str]]:
    """Environment variable -> values it takes (empty: any), for those of `names` that vLLM reads."""
    tree = source.tree("vllm.envs") or ast.Module([], [])
    keys = {
        key.value: value
        for node in ast.walk(tree) if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)
    }  # fmt: skip
    values: dict[str, list[str]] = {name: [] for name in names if name in keys}
    if "VLLM_ATTENTION_BACKEND" in values:
        values["VLLM_ATTENTION_BACKEND"] = attention_backends(source)
    return values


def attention_backends(source: WheelSource) -> list[str]:
    """Names of the attention kernels."""
    found = next((hit for module, name in ATTENTION_ENUMS if (hit := source.find(module, name))), None)
    if found is None or not isinstance(found.node, ast.ClassDef):
        raise LookupError("no list of attention backends")
    targets = (node.targets[0] for node in found.node.body if isinstance(node, ast.Assign))
    return sorted(target.id for target in targets if isinstance(target, ast.Name))


class _Walk:
    """Follows the functions that fill the parser."""

    def __init__(self, source: WheelSource) -> None:
        self.source = source
        self.annotations = Annotations(source)
        self.flags: dict[str, tuple[tuple[str, ...], Option]] = {}

    def function(self, found: Found, env: dict[str, Any]) -> None:
        """Every statement of a function; `env` holds what its names mean."""
        assert isinstance(found.node, ast.FunctionDef)
        self._body(found.module, found.node.body, env)

    def _body(self, module: str, body: list[ast.stmt], env: dict[str, Any]) -> None:
        for node in body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._assign(module, name, value, env)
                case ast.Assign(targets=[ast.Subscript() as target], value=value):
                    self._amend(module, target, value, env)
                case ast.Delete(targets=targets):
                    for target in targets:
                        self._amend(module, target, None, env)
                case ast.If(body=inner, orelse=other):
                    self._body(module, [*inner, *other], env)
                case ast.For(iter=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="items"))) if name in env:
                    for field, option in env[name].items():
                        self._add(f"--{field.replace('_', '-')}", (), option)
                case ast.Expr(value=ast.Call() as call) | ast.Return(value=ast.Call() as call):
                    self._call(module, call, env)
                case _:
                    pass

    def _assign(self, module: str, name: str, value: ast.expr, env: dict[str, Any]) -> None:
        if isinstance(value, ast.Call):
            self._call(module, value, env)
        made = self._options(module, value, env)
        if made is not None:
            env[name] = made

    def _options(self, module: str, node: ast.expr, env: dict[str, Any]) -> Any:
        """What an expression means: a class's options, one option, or None where it is neither."""
        match node:
            case ast.Call(func=ast.Name(id="get_kwargs"), args=[ast.Name(id=name)]):
                return self.annotations.options(module, env.get("cls", name) if name == "cls" else name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="cls"), attr="_customize_cli_kwargs"), args=[ast.Name(id=name)]
            ):
                return self._customized(module, env, name)
            case ast.Name(id=name):
                return env.get(name)
            case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
                options = self._options(module, inner, env)
                return options.get(key) if isinstance(options, dict) else None
            case ast.Dict(keys=[None, *keys], values=[first, *values]):
                option = self._options(module, first, env)
                for key, value in zip(keys, values, strict=True):
                    if isinstance(option, Option) and isinstance(key, ast.Constant):
                        option = self._changed(module, option, str(key.value), value)
                return option
            case _:
                return None

    def _customized(self, module: str, env: dict[str, Any], name: str) -> Any:
        """`cls._customize_cli_kwargs(kwargs)`: the amendments of the class and of its bases."""
        for found in reversed(self._methods(module, env["cls"], "_customize_cli_kwargs")):
            assert isinstance(found.node, ast.FunctionDef)
            self.function(found, {**env, found.node.args.args[-1].arg: env[name]})
        return env[name]

    def _methods(self, module: str, class_name: str, method: str) -> list[Found]:
        """The definitions of a method, the class's own first."""
        found = self.source.find(module, class_name)
        if found is None or not isinstance(found.node, ast.ClassDef):
            return []
        own = [Found(found.module, n) for n in found.node.body if isinstance(n, ast.FunctionDef) and n.name == method]
        bases = (base.id for base in found.node.bases if isinstance(base, ast.Name))
        return own + [hit for base in bases for hit in self._methods(found.module, base, method)]

    def _amend(self, module: str, target: ast.expr, value: ast.expr | None, env: dict[str, Any]) -> None:
        """`kwargs["field"]["type"] = json.loads`, and the same on one field's own name."""
        if not (isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)):
            return
        inner = target.value
        option = self._options(module, inner, env)
        if not isinstance(option, Option):
            return
        changed = self._changed(module, option, str(target.slice.value), value)
        match inner:
            case ast.Name(id=name):
                env[name] = changed
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key)):
                env[name][key] = changed
            case _:
                pass

    def _changed(self, module: str, option: Option, key: str, value: ast.expr | None) -> Option:
        text = "" if value is None else ast.unparse(value)
        if key == "type":
            if "json.loads" in text:
                return replace(option, kind="json")
            return replace(option, kind=text) if text in {"int", "float"} else option
        if key == "nargs":
            return replace(option, many=text in {"'+'", "'*'"}, optional=option.optional or text == "'?'")
        if key == "action" and value is not None:
            if text.endswith("BooleanOptionalAction"):
                return replace(option, kind="pair")
            return replace(option, kind="bare") if text in {"'store_true'", "'store_false'"} else option
        if key == "choices" and value is not None:
            choices, closed = self._choices(module, value)
            return replace(option, choices=choices) if closed else replace(option, values=choices)
        if key == "default":
            return replace(option, default=self.annotations.default(module, value))
        return replace(option, deprecated=True) if key == "deprecated" else option

    def _choices(self, module: str, node: ast.expr) -> tuple[tuple[str, ...], bool]:
        """The list of values, and whether it is all of them."""
        match node:
            case ast.List() | ast.Tuple():
                return _texts(node), True
            case ast.BinOp(left=left):
                return self._choices(module, left)[0], False
            case ast.Call(func=ast.Name(id="list" | "sorted"), args=[inner]):
                return self._choices(module, inner)
            case ast.Call(func=ast.Name(id="get_args"), args=[inner]):
                literal = self.annotations.hints(module, inner).literal
                return tuple(sorted(str(item) for item in literal)), True
            case ast.ListComp(generators=[ast.comprehension(iter=ast.Name(id=name))]):
                found = self.source.find(module, name)
                body = found.node.body if found and isinstance(found.node, ast.ClassDef) else []
                values = (text for item in body if isinstance(item, ast.Assign) for text in _texts(item.value))
                return tuple(sorted(values)), True
            case _:
                return (), False

    def _call(self, module: str, call: ast.Call, env: dict[str, Any]) -> None:
        match call:
            case ast.Call(func=ast.Attribute(attr="add_argument"), args=args, keywords=keywords):
                names = [text for arg in args for text in _texts(arg)]
                long = next((name for name in names if name.startswith("--")), None)
                if long is not None:
                    others = tuple(name for name in names if name != long)
                    self._add(long, others, self._argument(module, keywords, env))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="add_cli_args")):
                for found in self._methods(module, owner, "add_cli_args")[:1]:
                    self.function(found, {"cls": owner})
            case ast.Call(func=ast.Attribute(value=ast.Subscript() as target, attr="remove"), args=[gone]):
                self._remove(module, target, gone, env)
            case _:
                pass

    def _remove(self, module: str, target: ast.Subscript, gone: ast.expr, env: dict[str, Any]) -> None:
        option = self._options(module, target.value, env)
        if isinstance(option, Option) and isinstance(target.value, ast.Subscript):
            dropped = self.annotations.default(module, gone)
            left = replace(option, choices=tuple(item for item in option.choices if item != dropped))
            env[target.value.value.id][target.value.slice.value] = left  # type: ignore[attr-defined]

    def _argument(self, module: str, keywords: list[ast.keyword], env: dict[str, Any]) -> Option:
        option = Option()
        for keyword in sorted(keywords, key=lambda item: item.arg is not None):
            if keyword.arg is None:
                made = self._options(module, keyword.value, env)
                if not isinstance(made, Option):
                    raise LookupError(f"cannot follow {ast.unparse(keyword.value)} in {module}")
                option = made
            else:
                option = self._changed(module, option, keyword.arg, keyword.value)
        return option

    def _add(self, flag: str, others: tuple[str, ...], option: Option) -> None:
        self.flags[flag] = (others, option)


def _texts(node: ast.expr) -> tuple[str, ...]:
    match node:
        case ast.Constant(value=str() as text):
            return (text,)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return tuple(text for item in items for text in _texts(item))
        case _:
            return ()
