"""A profile: named layers of config, each applied when its condition holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import Diagnostic, InputError, Source, Writer, diagnostic, suggest
from autotune.layers.condition import Condition, ConditionError, compile_condition
from autotune.layers.paths import Path, flatten, split_path
from autotune.schema import field_paths, is_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.layers.yaml_source import YamlSource

#: Facts are looked up from these before any layer is reached, so a layer that changed them would be judged by stale facts.
FIXED_PATHS = ("model.id", "model.path", "system.gpu", "system.backend", "system.backend_version")
_PROFILE_KEYS = ("description", "extends", "conflicts", "layers")
_LAYER_KEYS = ("when", "set", "description")


@dataclass(frozen=True, slots=True)
class Layer:
    """Values to set when the condition holds; `writes` maps each leaf path to its value and writer."""

    profile: str
    name: str
    when: Condition | None
    writes: tuple[tuple[Path, Any, Writer], ...]
    writer: Writer
    """Where the layer's condition stands, or the layer itself."""
    description: str = ""

    @property
    def id(self) -> str:
        return f"{self.profile}/{self.name}"


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile file, parsed. `layers` is keyed by layer name, in the order of the file."""

    name: str
    file: str
    description: str
    extends: tuple[str, ...]
    conflicts: tuple[str, ...]
    layers: Mapping[str, Layer]


def parse_profile(name: str, source: YamlSource, variables: Mapping[str, Iterable[str]]) -> Profile:
    """Check and read one profile.

    `variables` maps each root that conditions may read to its known names (`gpu` -> memory_gb, ...).
    Raises InputError with every mistake found: AT002 unknown path, AT007 structure, AT008 condition, AT027 interpolation.
    """
    reader = _Reader(name, source, {root: frozenset(names) for root, names in variables.items()})
    profile = reader.read()
    if reader.found:
        raise InputError(*reader.found)
    return profile


class _Reader:
    def __init__(self, name: str, source: YamlSource, variables: Mapping[str, frozenset[str]]) -> None:
        self.name = name
        self.source = source
        self.variables = variables
        self.found: list[Diagnostic] = []

    def wrong(self, code: str, message: str, *path: str, help: str | None = None, layer: str | None = None) -> None:  # noqa: A002
        writer = Writer(Source.PROFILE, self.source.name, self.source.line(*path), profile=self.name, layer=layer)
        self.found.append(diagnostic(code, message, writer=writer, help=help))

    def read(self) -> Profile:
        data = self.source.data
        if not isinstance(data, dict):
            self.wrong(
                "AT007",
                f"profile {self.name} must be a map with `description` and `layers`, and is {_kind(data)}",
                help="see docs/profiles.md",
            )
            data = {}
        for key in data:
            if key not in _PROFILE_KEYS:
                self.wrong(
                    "AT007", f"profile {self.name} has an unknown key `{key}`", key, help=suggest(key, _PROFILE_KEYS)
                )
        description = data.get("description", "")
        if not isinstance(description, str):
            self.wrong("AT007", f"`description` of profile {self.name} must be text", "description")
            description = ""
        layers = data.get("layers") or {}
        if not isinstance(layers, dict):
            self.wrong(
                "AT007",
                f"`layers` of profile {self.name} must be a map keyed by layer name, and is {_kind(layers)}",
                "layers",
                help="write `layers: {weights: {when: ..., set: {...}}}`; maps merge by name where lists could not",
            )
            layers = {}
        if not layers and not data.get("extends") and not self.found:
            self.wrong("AT007", f"profile {self.name} sets nothing: it has no layers and extends nothing")
        read = [self.layer(key, value) for key, value in layers.items()]
        return Profile(
            self.name,
            self.source.name,
            description.strip(),
            self.names("extends"),
            self.names("conflicts"),
            {layer.name: layer for layer in read},
        )

    def names(self, key: str) -> tuple[str, ...]:
        value = (self.source.data or {}).get(key) if isinstance(self.source.data, dict) else None
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.wrong("AT007", f"`{key}` of profile {self.name} must be a list of profile names", key)
        return ()

    def layer(self, name: str, data: Any) -> Layer:
        path = ("layers", name)
        writer = Writer(
            Source.PROFILE, self.source.name, self.source.line(*path, "when"), profile=self.name, layer=name
        )
        if not isinstance(data, dict):
            self.wrong(
                "AT007",
                f"layer {name} must be a map with `set` and an optional `when`, and is {_kind(data)}",
                *path,
                layer=name,
            )
            return Layer(self.name, name, None, (), writer)
        for key in data:
            if key not in _LAYER_KEYS:
                self.wrong(
                    "AT007",
                    f"layer {name} has an unknown key `{key}`",
                    *path,
                    key,
                    help=suggest(key, _LAYER_KEYS),
                    layer=name,
                )
        values = data.get("set")
        if not isinstance(values, dict) or not values:
            self.wrong(
                "AT007", f"layer {name} needs a `set` that maps dotted paths to values", *path, "set", layer=name
            )
            values = {}
        writes = [write for key, value in values.items() for write in self.write(name, key, value)]
        return Layer(
            self.name,
            name,
            self.condition(name, data.get("when")),
            tuple(writes),
            writer,
            str(data.get("description", "")),
        )

    def condition(self, layer: str, text: Any) -> Condition | None:
        if text is None:
            return None
        where = ("layers", layer, "when")
        if isinstance(text, bool):
            text = "true" if text else "false"
        if not isinstance(text, str):
            self.wrong("AT008", f"the condition must be a CEL expression, and is {_kind(text)}", *where, layer=layer)
            return None
        try:
            condition = compile_condition(text)
        except ConditionError as error:
            self.wrong(
                "AT008",
                f"condition `{text}` is not valid CEL: {error}",
                *where,
                layer=layer,
                help="CEL has ==, !=, <, >, &&, ||, !, in; for example `gpu.supports_fp8 && !model.is_quantized`",
            )
            return None
        for name in condition.names:
            root, _, rest = name.partition(".")
            if root not in self.variables:
                self.wrong(
                    "AT008",
                    f"condition `{text}` reads `{name}`, which is not known",
                    *where,
                    layer=layer,
                    help=suggest(root, self.variables),
                )
            elif rest and not any(rest == known or rest.startswith(f"{known}.") for known in self.variables[root]):
                self.wrong(
                    "AT008",
                    f"condition `{text}` reads `{name}`, which is not known",
                    *where,
                    layer=layer,
                    help=suggest(name, [f"{root}.{known}" for known in self.variables[root]]),
                )
        return condition

    def write(self, layer: str, key: str, value: Any) -> list[tuple[Path, Any, Writer]]:
        where = ("layers", layer, "set", key)
        writer = Writer(Source.PROFILE, self.source.name, self.source.line(*where), profile=self.name, layer=layer)
        writes = []
        for path, leaf in flatten(value, split_path(key)):
            dotted = ".".join(path)
            if not is_known(dotted):
                self.wrong(
                    "AT002", f"unknown config key `{dotted}`", *where, layer=layer, help=suggest(dotted, field_paths())
                )
            elif dotted in FIXED_PATHS:
                self.wrong(
                    "AT007",
                    f"a layer cannot set {dotted}: conditions are judged by facts about it",
                    *where,
                    layer=layer,
                    help="set it on the command line or in the task file",
                )
            elif isinstance(leaf, str) and "${" in leaf:
                self.wrong(
                    "AT007",
                    f"`{leaf}`: interpolation is not available in profiles",
                    *where,
                    layer=layer,
                    help="write the value, or a layer for each case with a `when`",
                )
            else:
                writes.append((path, leaf, writer))
        return writes


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    return {"dict": "a map", "list": "a list", "str": "text"}.get(type(value).__name__, f"{value!r}")
