"""The options of `python3 -m sglang.launch_server`, read from the sources in an SGLang wheel.

Up to 0.5.13 they are `add_argument` calls in ServerArgs.add_cli_args (srt/server_args.py); from 0.5.14 on most are fields
annotated with `A[type, help]` or `A[type, Arg(...)]`: of ServerArgs, and from 0.5.20 on of the classes in
srt/arg_groups/fields. What becomes of such a field stands in srt/arg_groups/arg_utils.py and is followed here.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sglang_values import Values
from vllm_hints import Option
from wheel_source import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wheel_source import WheelSource

SERVER_ARGS = "sglang.srt.server_args"
FIELDS = "sglang.srt.arg_groups.fields"
ALGORITHMS = "sglang.srt.speculative.spec_info"
#: Environment variables that the table of SGLang writes in some version.
ENVIRONMENT = ("SGLANG_AITER_HONOR_EXPLICIT_MEM_FRACTION",)
#: What argparse converts a value with, and the kind that makes of the option. human_readable_int also takes `128k`.
KINDS = {
    "int": "int",
    "human_readable_int": "int",
    "float": "float",
    **dict.fromkeys(("loads", "json_list_type", "parse_cuda_graph_config_arg"), "json"),
}

Flags = dict[str, tuple[tuple[str, ...], Option]]


def read_flags(source: WheelSource) -> Flags:
    """Flag -> its other spellings and the option. Raises LookupError where the sources are not as expected."""
    record = next((node for _, node in _classes(source, SERVER_ARGS) if node.name == "ServerArgs"), None)
    if record is None:
        raise LookupError(f"{SERVER_ARGS} has no class ServerArgs")
    reader = _Reader(source)
    fields = (item for module in source.modules(FIELDS) for item in _classes(source, module))
    for module, node in [(SERVER_ARGS, record), *fields]:
        reader.declared(module, node)
    functions = (node for node in record.body if isinstance(node, ast.FunctionDef))
    method = next((node for node in functions if node.name == "add_cli_args"), None)
    if method is None:
        raise LookupError("ServerArgs has no add_cli_args")
    reader.added(SERVER_ARGS, method)
    flag = "--speculative-algorithm"
    names, option = reader.flags[flag]
    if not option.choices:
        reader.flags[flag] = (names, replace(option, values=_algorithms(source)))
    return reader.flags


def read_env(source: WheelSource) -> dict[str, list[str]]:
    """Those of ENVIRONMENT that the version reads, each with the values it takes (empty: any)."""
    tree = source.tree("sglang.srt.environ") or ast.Module([], [])
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {name: [] for name in ENVIRONMENT if name in bound}


def _algorithms(source: WheelSource) -> tuple[str, ...]:
    """The built-in algorithms where the parser takes any name; NEXTN is another name for EAGLE."""
    members = Values(source).items(ALGORITHMS, ast.Name(id="SpeculativeAlgorithm"), {})
    if members is None:
        raise LookupError(f"{ALGORITHMS} has no SpeculativeAlgorithm")
    return ("NEXTN", *(name for name in members if name != "NONE"))


def _classes(source: WheelSource, module: str) -> Iterator[tuple[str, ast.ClassDef]]:
    """Classes of a module, each with its module; the name of one may be bound to something else further down."""
    for node in (source.tree(module) or ast.Module([], [])).body:
        if isinstance(node, ast.ClassDef):
            yield module, node


class _Reader:
    """Collects options; the first spelling of each is its flag."""

    def __init__(self, source: WheelSource) -> None:
        self.source = source
        self.values = Values(source)
        self.flags: Flags = {}
        self.defaults: dict[str, Any] = {}

    def declared(self, module: str, node: ast.ClassDef) -> None:
        """Fields of a class: those that are annotated for the command line, and the defaults of all."""
        for item in node.body:
            if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
                continue
            name = item.target.id
            self.defaults[name] = self.values.scalar(module, item.value, {})
            match item.annotation:
                case ast.Subscript(value=ast.Name(id="A"), slice=ast.Tuple(elts=[hint, meta, *_])):
                    self._field(module, name, hint, meta)
                case _:
                    pass

    def _field(self, module: str, name: str, hint: ast.expr, meta: ast.expr) -> None:
        arg = {}
        if isinstance(meta, ast.Call):
            if getattr(meta.func, "id", None) != "Arg":
                return
            arg = {item.arg: item.value for item in meta.keywords if item.arg}
        if _is_true(arg.get("no_cli")):
            return
        flag = self.values.scalar(module, arg.get("cli_name"), {}) or f"--{name.replace('_', '-')}"
        aliases = self.values.items(module, arg["aliases"], {}) if "aliases" in arg else []
        for keyword in (item for item in _keywords(arg.get("action_kwargs")) if item not in arg):
            arg[keyword] = _keywords(arg["action_kwargs"])[keyword]
        option = replace(self._option(module, arg, {}), default=self.defaults[name])
        if "action" not in arg:
            option = self._typed(module, hint, arg, option)
        self._keep((flag, *(aliases or ())), option)

    def _typed(self, module: str, hint: ast.expr, arg: Mapping[str, ast.expr], option: Option) -> Option:
        """The option by the field's type, as add_cli_args_from_dataclass takes it."""
        inner = _inner(hint)
        named = self.source.find(module, inner.id) if isinstance(inner, ast.Name) else None
        if named is not None and isinstance(named.node, ast.Subscript):
            module, inner = named.module, _inner(named.node)
        kind = option.kind if "type_parser" in arg else KINDS.get(_name(inner), "text")
        match inner:
            case ast.Subscript(value=head, slice=literal) if _name(head) == "Literal":
                elements = literal.elts if isinstance(literal, ast.Tuple) else [literal]
                taken = [self.values.scalar(module, item, {}) for item in elements]
                kind = KINDS.get(type(taken[0]).__name__, kind)
                return replace(option, kind=kind, choices=option.choices or tuple(str(item) for item in taken))
            case ast.Subscript(value=head, slice=element) if (
                _name(head) in ("List", "list") and "type_parser" not in arg
            ):
                return replace(
                    option, kind=KINDS.get(_name(element), "text"), many=True, optional=self._is_star(module, arg)
                )
            case ast.Name(id="bool"):
                return replace(option, kind="bare")
            case _:
                return replace(option, kind=kind)

    def _is_star(self, module: str, arg: Mapping[str, ast.expr]) -> bool:
        return self.values.scalar(module, arg.get("nargs"), {}) in ("*", "?")

    def added(self, module: str, method: ast.FunctionDef) -> None:
        """The `add_argument` calls of a function, with the names bound before them."""
        local: dict[str, Found] = {}
        for node in ast.walk(method):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    local[name] = Found(module, value)
                case ast.Call(func=ast.Attribute(attr="add_argument"), args=names, keywords=keywords):
                    arg = {item.arg: item.value for item in keywords if item.arg}
                    spellings = tuple(str(self.values.scalar(module, name, local)) for name in names)
                    if self._is_refused(module, arg):
                        continue
                    self._keep(spellings, replace(self._option(module, arg, local), default=self._default(module, arg)))
                case _:
                    pass

    def _default(self, module: str, arg: Mapping[str, ast.expr]) -> Any:
        match arg.get("default"):
            case ast.Attribute(value=ast.Name(id="ServerArgs"), attr=name):
                return self.defaults.get(name)
            case ast.Call(args=[ast.Constant(value=str(name))]):
                return self.defaults.get(name)
            case node:
                return self.values.scalar(module, node, {})

    def _option(self, module: str, arg: Mapping[str, ast.expr], local: Mapping[str, Found]) -> Option:
        """What `add_argument` makes of its keywords."""
        action = _action(arg.get("action"))
        shout = action.startswith("Deprecated") or _says_deprecated(arg.get("help"))
        if action == "BooleanOptionalAction":
            return Option("pair", deprecated=shout)
        nargs = self.values.scalar(module, arg.get("nargs"), local)
        bare = action.startswith("store_") or (action.startswith("Deprecated") and "Alias" not in action)
        if bare and "choices" not in arg:
            return Option("bare", deprecated=shout)
        choices = self.values.items(module, arg["choices"], local) if "choices" in arg else None
        if "choices" in arg and choices is None:
            raise LookupError(f"cannot tell the choices {ast.unparse(arg['choices'])}")
        return Option(
            KINDS.get(_name(arg.get("type") or arg.get("type_parser")), "text"),
            many=nargs in ("+", "*") or action == "append",
            optional=nargs in ("*", "?"),
            choices=tuple(dict.fromkeys(str(item) for item in choices or ())),
            deprecated=shout,
        )

    def _is_refused(self, module: str, arg: Mapping[str, ast.expr]) -> bool:
        """Whether the option is only there to say that it is gone."""
        if _action(arg.get("action")) != "DeprecatedAction":
            return False
        found = self.source.find(module, "DeprecatedAction")
        raises = found is not None and any(isinstance(node, ast.Raise) for node in ast.walk(found.node))
        return raises or "error_message" in arg

    def _keep(self, spellings: tuple[str, ...], option: Option) -> None:
        flag, *others = spellings
        self.flags[flag] = (tuple(others), option)


def _inner(hint: ast.expr) -> ast.expr:
    """The type beside None."""
    match hint:
        case ast.Subscript(value=head, slice=inner) if _name(head) == "Optional":
            return inner
        case ast.Subscript(value=head, slice=ast.Tuple(elts=elts)) if _name(head) == "Union":
            real = [item for item in elts if not _is_none(item)]
            return real[0] if len(real) == 1 else hint
        case ast.BinOp(left=left, right=right, op=ast.BitOr()):
            return left if _is_none(right) else right if _is_none(left) else hint
        case _:
            return hint


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _name(node: ast.AST | None) -> str:
    """The last part of a name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _action(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else _name(node)


def _keywords(node: ast.expr | None) -> dict[str, ast.expr]:
    if not isinstance(node, ast.Dict):
        return {}
    return {
        str(key.value): value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    }


def _says_deprecated(node: ast.expr | None) -> bool:
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)] if node is not None else []
    return bool(texts) and str(texts[0]).lstrip("[( ").casefold().startswith("deprecated")
