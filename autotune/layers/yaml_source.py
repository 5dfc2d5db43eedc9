"""YAML text to plain data that remembers its lines. Broken text is a diagnostic, never a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from autotune.diagnostics import InputError, Source, Writer, diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str, ...]

#: The C parser reads about ten times faster and behaves alike; wheels without it fall back.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
#: Deeper nesting is no config, and brings the C parser down long before it is through.
_DEEPEST = 100
#: What aliases may blow a text up to, in nodes.
_MOST_NODES = 1_000_000
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


@dataclass(frozen=True, slots=True)
class YamlSource:
    """Parsed YAML: `data` is the plain value, `lines` maps the path of each mapping key to its 1-based line."""

    name: str
    data: Any
    lines: dict[Path, int]

    def line(self, *path: str) -> int | None:
        """Line of a key, or of the nearest key around it that has one."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def parse_yaml(text: str, name: str) -> YamlSource:
    """Parse one document. `name` is what messages call it.

    Raises InputError (AT001) for broken YAML, more than one document, keys that are not text, and repeated keys.
    """
    with _broken_text(name):
        _check_shape(text, name)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            return YamlSource(name, None, {}) if node is None else _source(loader, node, name)
        finally:
            loader.dispose()


def parse_documents(text: str, name: str) -> list[YamlSource]:
    """Parse every document of a text that may hold several, as manifests do; those that hold nothing are left out.

    Raises InputError (AT001) as `parse_yaml` does.
    """
    sources: list[YamlSource] = []
    with _broken_text(name):
        _check_shape(text, name)
        loader = _Loader(text)
        try:
            while loader.check_node():
                source = _source(loader, loader.get_node(), name)
                if source.data is not None:
                    sources.append(source)
        finally:
            loader.dispose()
    return sources


def _check_shape(text: str, name: str) -> None:
    """Raise InputError for a text that is nested too deeply, or whose aliases stand for too much, before it is composed."""
    # What nests within a line; indentation takes so much text that it cannot nest too deeply for the parser.
    if "*" not in text and sum(map(text.count, ("[", "{", "- ", "? "))) <= _DEEPEST:
        return
    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []
    nodes = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, nodes))
            if len(open_) > _DEEPEST:
                raise _broken(name, "nested too deeply", _line(event), None)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before
        nodes += sizes.get(str(event.anchor), 1) if isinstance(event, yaml.AliasEvent) else 1
        if nodes > _MOST_NODES:
            raise _broken(name, "its aliases stand for too much", _line(event), None)


def _line(event: yaml.Event) -> int | None:
    return None if event.start_mark is None else event.start_mark.line + 1


def _source(loader: Any, node: yaml.Node, name: str) -> YamlSource:
    lines: dict[Path, int] = {}
    return YamlSource(name, _value(loader, node, (), lines, name), lines)


@contextmanager
def _broken_text(name: str) -> Iterator[None]:
    """Whatever a YAML reader raises as the diagnostic that people get."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise _broken(
            name, what, None if mark is None else mark.line + 1, None if mark is None else mark.column + 1
        ) from None
    except yaml.YAMLError as error:
        raise _broken(name, str(error).splitlines()[0], None, None) from None
    except ValueError as error:
        raise _broken(name, str(error), None, None) from None
    except RecursionError:
        raise _broken(name, "nested too deeply", None, None) from None


def _value(loader: Any, node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> Any:
    if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTIONS:
        raise _broken(
            name,
            f"could not determine a constructor for the tag {node.tag!r}",
            node.start_mark.line + 1,
            node.start_mark.column + 1,
        )
    if isinstance(node, yaml.MappingNode):
        _check_keys(node, name)
        loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = _value(loader, value_node, (*path, key), lines, name)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, str(index)), lines, name) for index, item in enumerate(node.value)]
    if node.tag == _TIMESTAMP:
        return node.value
    return loader.construct_object(node, deep=True)


def _check_keys(node: yaml.MappingNode, name: str) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _broken(name, "a key must be plain text", line, column)
        if key.value in seen:
            raise _broken(name, f"key `{key.value}` is given twice", line, column)
        seen.add(key.value)


def _broken(name: str, what: str, line: int | None, column: int | None) -> InputError:
    where = f" (column {column})" if column is not None else ""
    return InputError(
        diagnostic(
            "AT001",
            f"{name} is not valid YAML: {what}{where}",
            writer=Writer(Source.USER, name, line),
            help="mend the file at that place; quote strings that hold `: ` or `#`",
        )
    )
