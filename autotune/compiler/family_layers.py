"""Which layers hold for a point of a family: each condition is evaluated once for the values that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.compiler.family_parts import Known, Laid, OutOfTheOrdinaryError, Place, Step
from autotune.compiler.fit import fit_of
from autotune.compiler.layering import condition_scope, lay
from autotune.layers import get_path, set_path
from autotune.layers.condition import ConditionError
from autotune.schema.watched import Glanced, Watched, reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiler.family_groups import Groups
    from autotune.compose.points import FamilyPoint
    from autotune.diagnostics import Writer
    from autotune.engines.engine import Facts
    from autotune.layers import Layer, Layered
    from autotune.layers.condition import Condition


class LayerChoice:
    """Follows the conditions of the layers, in order, for one point after another."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._conditions: dict[str, tuple[list[tuple[str, tuple[str, ...]]], list[int]]] = {}

    def find(self, known: Known, point: FamilyPoint) -> Laid:
        """What the layers that hold for this point make of the family."""
        at = known.first
        if at is None:
            at = known.first = self._go_on(known, point, 0, ())
        while type(at) is Step:
            if at.alone:
                held = self._look(known, point, at)
            else:
                held = at.kept.get(point.place, self._holds, known, point, at.layer, at.applied)
            following = at.after.get(held)
            if following is None:
                applied = (*at.applied, at.number) if held else at.applied
                following = at.after[held] = self._go_on(known, point, at.number + 1, applied)
            at = following
        assert isinstance(at, Laid)
        return at

    def _go_on(self, known: Known, point: FamilyPoint, number: int, applied: Place) -> Step | Laid:
        """The next condition that rests on what varies; what all have to say where there is none."""
        for index, layer in enumerate(self._groups.layers[number:], number):
            if layer.when is not None:
                step = Step(index, layer, applied)
                noted: list[int] = []
                held = step.kept.get_noted(point.place, noted, self._holds, known, point, layer, applied)
                if not step.kept.constant:
                    step.alone = not {*noted} < {*self._groups.serving}
                    return step
                if not held:
                    continue
            applied = (*applied, index)
        laid = known.laid.get(applied)
        if laid is None:
            laid = known.laid[applied] = self._lay(known, point, applied)
        return laid

    def _holds(self, reads: list[int], known: Known, point: FamilyPoint, layer: Layer, applied: Place) -> bool:
        self._groups.kept += 1
        assert layer.when is not None
        asked, numbers = self._asked(layer.when)
        reads += numbers
        fit: dict[str, Any] = {}
        if any(root == "fit" for root, _ in asked):
            _, config = self._groups.config(self._groups.shared(known, point, applied), known, point)
            answers = known.answers.setdefault(applied, {})
            fit = fit_of(Watched(config, self._groups.varied, reads, (answers, point.place)), known.facts)  # type: ignore[arg-type]
        return self._outcome(known, point, layer, applied, asked, fit)

    def _look(self, known: Known, point: FamilyPoint, step: Step) -> bool:
        """The same where hardly two points are alike."""
        layer, applied = step.layer, step.applied
        assert layer.when is not None
        asked, _ = self._asked(layer.when)
        fit: dict[str, Any] = {}
        if any(root == "fit" for root, _ in asked):
            _, config = self._groups.config(self._groups.shared(known, point, applied), known, point)
            answers = known.answers.setdefault(applied, {})
            fit = fit_of(Glanced(config, self._groups.varied, answers, point.place), known.facts)  # type: ignore[arg-type]
        return self._outcome(known, point, layer, applied, asked, fit)

    def _outcome(  # noqa: PLR0917 - what the answer rests on
        self,
        known: Known,
        point: FamilyPoint,
        layer: Layer,
        applied: Place,
        asked: Sequence[tuple[str, tuple[str, ...]]],
        fit: dict[str, Any],
    ) -> bool:
        values = []
        for root, rest in asked:
            value = (
                fit.get(rest[0])
                if root == "fit"
                else get_path(self._groups.group(root, known, point, applied).raw, rest)
            )
            values.append((type(value), value))
        key = (layer.id, applied, *values)
        try:
            if key not in known.outcomes:
                known.outcomes[key] = self._evaluate(known, point, layer, applied, fit)
            return known.outcomes[key]
        except TypeError:  # a list or a map among the values
            return self._evaluate(known, point, layer, applied, fit)

    def _asked(self, condition: Condition) -> tuple[list[tuple[str, tuple[str, ...]]], list[int]]:
        """What a condition reads that may differ between points, as root and path below it; and the dimensions it rests on."""
        found = self._conditions.get(condition.text)
        if found is None:
            touching = self._groups.touching
            paths = [(root, tuple(rest)) for root, *rest in (name.split(".") for name in condition.names)]
            names = [name for name in condition.names if not name.startswith("fit.")]
            numbers = reading(self._groups.varied, names)
            asked = [
                (root, rest)
                for root, rest in paths
                if (root == "fit" and rest) or any(number in touching.get(root, ()) for number in numbers)
            ]
            found = self._conditions[condition.text] = (asked, numbers)
        return found

    def _evaluate(self, known: Known, point: FamilyPoint, layer: Layer, applied: Place, fit: dict[str, Any]) -> bool:
        assert layer.when is not None
        current = {group: self._groups.group(group, known, point, applied).raw for group in self._groups.family.data}
        scope = condition_scope(current, layer.when.roots, known.facts, known.num_gpus, lambda *_: fit)
        try:
            return layer.when.evaluate(scope)
        except ConditionError:
            raise OutOfTheOrdinaryError from None

    def _lay(self, known: Known, point: FamilyPoint, applied: Place) -> Laid:
        layers = self._groups.layers
        layered = relay(point, layers, known.facts, known.written)
        ids = tuple(layers[index].id for index in applied)
        if layered.applied != ids:
            raise OutOfTheOrdinaryError
        origin = dict(point.alone().origin)
        for path, _, writer in known.written:
            origin[".".join(path)] = writer
        origin |= layered.origin
        overwritten = {".".join(path) for path, _, _ in known.written} | set(layered.origin)
        free = {
            ".".join(setting.path): number
            for number, setting in enumerate(point.laid)
            if ".".join(setting.path) not in overwritten
        }
        return Laid(
            shared=self._groups.shared(known, point, applied),
            ids=ids,
            notes=[*known.notes, *layered.diagnostics],
            origin=origin,
            free=free,
            answers=known.answers.setdefault(applied, {}),
        )


def relay(
    point: FamilyPoint, layers: Sequence[Layer], facts: Facts, written: Sequence[tuple[Any, Any, Writer]]
) -> Layered:
    """The layers laid over the point alone, with the record of all that they wrote."""
    alone = point.alone()
    data: dict[str, Any] = dict(alone.data)
    for path, value, _ in written:
        set_path(data, path, value)
    return lay(data, layers, alone.pinned, facts)
