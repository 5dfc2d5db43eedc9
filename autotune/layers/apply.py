"""Applying layers: one pure function over plain data. Every write, and every write that lost, is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from autotune.diagnostics import Diagnostic, Writer, diagnostic
from autotune.layers.condition import ConditionError
from autotune.layers.paths import Path, copy_tree, get_path, set_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from autotune.layers.profile import Layer

Outcome = Literal["applied", "false", "error"]


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """What became of one layer. `values` are what its condition read, e.g. `gpu.supports_fp8 = false`."""

    layer: Layer
    outcome: Outcome
    values: str = ""


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """One value that was offered for a path, in the order it was offered; the last one with `stands` is what is there."""

    path: str
    value: Any
    writer: Writer
    stands: bool
    reason: str = ""


@dataclass(slots=True)
class Layered:
    """The config after all layers, with everything that `explain` needs."""

    data: dict[str, Any]
    records: list[LayerRecord] = field(default_factory=list)
    writes: list[WriteRecord] = field(default_factory=list)
    origin: dict[str, Writer] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def applied(self) -> tuple[str, ...]:
        return tuple(record.layer.id for record in self.records if record.outcome == "applied")


def apply_layers(
    data: Mapping[str, Any],
    layers: Iterable[Layer],
    pinned: Mapping[str, Writer],
    variables: Callable[[Mapping[str, Any], Collection[str]], Mapping[str, Any]],
) -> Layered:
    """Lay the layers over `data` in order; later wins, and no layer writes a path in `pinned`.

    `data` is what was composed, user values included, so conditions see them; it is not changed. `variables` gives
    what conditions read from the config as it stands, given the root names that the condition reads. Findings: AT008 a condition that cannot be evaluated, AT024 two
    layers of one profile that write one path with different values.
    """
    result = Layered(copy_tree(data))
    written: dict[str, tuple[Layer, Any]] = {}
    for layer in layers:
        if layer.when is not None:
            scope = variables(result.data, layer.when.roots)
            values = layer.when.describe(scope)
            try:
                holds = layer.when.evaluate(scope)
            except ConditionError as error:
                result.records.append(LayerRecord(layer, "error", values))
                result.diagnostics.append(
                    diagnostic(
                        "AT008",
                        f"condition `{layer.when.text}` cannot be evaluated: {error}",
                        writer=layer.writer,
                        help="a setting that may be unset is tested first: `runtime.isl != null && runtime.isl > 8192`",
                    )
                )
                continue
            result.records.append(LayerRecord(layer, "applied" if holds else "false", values))
            if not holds:
                continue
        else:
            result.records.append(LayerRecord(layer, "applied"))
        for path, value, writer in layer.writes:
            _write(result, layer, path, value, writer, pinned=pinned, written=written)
    return result


def _write(
    result: Layered,
    layer: Layer,
    path: Path,
    value: Any,
    writer: Writer,
    *,
    pinned: Mapping[str, Writer],
    written: dict[str, tuple[Layer, Any]],
) -> None:
    dotted = ".".join(path)
    pin = pinned.get(dotted)
    if pin is not None:
        result.writes.append(WriteRecord(dotted, value, writer, stands=False, reason=f"the user set it: {pin}"))
        return
    earlier = written.get(dotted)
    if earlier is not None and earlier[1] != value and earlier[0].profile == layer.profile:
        result.diagnostics.append(
            diagnostic(
                "AT024",
                f"layers `{earlier[0].name}` and `{layer.name}` of profile {layer.profile} both apply and set {dotted}: {earlier[1]!r} and {value!r}",
                path=dotted,
                writer=writer,
                help="make their conditions exclude each other, or merge the two layers",
            )
        )
    if get_path(result.data, path) != value or earlier is None:
        set_path(result.data, path, value)
    written[dotted] = (layer, value)
    result.origin[dotted] = writer
    result.writes.append(WriteRecord(dotted, value, writer, stands=True))
