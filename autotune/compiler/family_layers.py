"""Which layers hold for a point of a family: each condition is evaluated once for the values that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.compiler.family_parts import Known, Laid, OutOfTheOrdinaryError, Place, Step
from autotune.compiler.fit import Fit
from autotune.compiler.layering import condition_scope, lay
from autotune.layers import get_path, set_path
from autotune.layers.condition import ConditionError
from autotune.schema.watched import Watched, reading

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

    def find(self, known: Known, point: FamilyPoint) -> Laid:
        """What the layers that hold for this point make of the family."""
        number = self._groups.pick_server(point.place)
        at = known.reached.get(number)
        if at is None:
            self._groups.kept += 1
            at = known.reached[number] = self._reach(known, point)
        while type(at) is Step:
            if at.alone:
                held = self._holds(known, point, at)
            else:
                held = at.kept.get(point.place, self._holds_reading, known, point, at)
            at = at.after.get(held) or self._follow(known, point, at, held=held)
        assert isinstance(at, Laid)
        return at

    def _reach(self, known: Known, point: FamilyPoint) -> Step | Laid:
        """Follows the conditions that rest on the server alone, up to the first that does not."""
        at = known.first
        if at is None:
            at = known.first = self._go_on(known, point, 0, ())
        serving = {*self._groups.serving}
        while type(at) is Step and not at.alone:
            noted: list[int] = []
            held = at.kept.get_noted(point.place, noted, self._holds_reading, known, point, at)
            if not serving.issuperset(noted):
                break
            at = at.after.get(held) or self._follow(known, point, at, held=held)
        return at

    def _follow(self, known: Known, point: FamilyPoint, at: Step, *, held: bool) -> Step | Laid:
        applied = (*at.applied, at.number) if held else at.applied
        following = at.after[held] = self._go_on(known, point, at.number + 1, applied)
        return following

    def _go_on(self, known: Known, point: FamilyPoint, number: int, applied: Place) -> Step | Laid:
        """The next condition that rests on what varies; what all have to say where there is none."""
        for index, layer in enumerate(self._groups.layers[number:], number):
            if layer.when is not None:
                step = Step(index, layer, applied, *self._asked(layer.when))
                noted: list[int] = []
                held = step.kept.get_noted(point.place, noted, self._holds_reading, known, point, step)
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

    def _holds_reading(self, reads: list[int], known: Known, point: FamilyPoint, step: Step) -> bool:
        """Whether the condition holds, and what it reads."""
        self._groups.kept += 1
        reads += step.numbers
        fit = None
        if step.of_fit:
            shared = self._groups.shared(known, point, step.applied)
            _, _, config, _ = self._groups.whole(shared, known, point)
            watched: Any = Watched(config, self._groups.varied, reads, (shared.answers, point.place))
            fit = Fit(watched, known.facts)
        return self._outcome(known, point, step, fit)

    def _holds(self, known: Known, point: FamilyPoint, step: Step) -> bool:
        """The same where hardly two points are alike, so that what it reads is no use."""
        fit = None
        if step.of_fit:
            shared = self._groups.shared(known, point, step.applied)
            _, _, _, glanced = self._groups.whole(shared, known, point)
            fit = Fit(glanced, known.facts)
        return self._outcome(known, point, step, fit)

    def _outcome(self, known: Known, point: FamilyPoint, step: Step, fit: Fit | None) -> bool:
        values: list[Any] = []
        for root, rest in step.asked:
            if root == "fit":
                values.append(getattr(fit, rest[0], None))
            else:
                value = get_path(self._groups.group(root, known, point, step.applied).raw, rest)
                values += (type(value), value)
        key = tuple(values)
        try:
            held = step.outcomes.get(key)
            if held is None:
                held = step.outcomes[key] = self._evaluate(known, point, step, fit)
        except TypeError:  # a list or a map among the values
            held = self._evaluate(known, point, step, fit)
        return held

    def _asked(self, condition: Condition) -> tuple[list[tuple[str, tuple[str, ...]]], list[int]]:
        """What a condition reads that may differ between points, as root and path below it; and the dimensions it rests on."""
        touching = self._groups.touching
        paths = [(root, tuple(rest)) for root, *rest in (name.split(".") for name in condition.names)]
        numbers = reading(self._groups.varied, [name for name in condition.names if not name.startswith("fit.")])
        asked = [
            (root, rest)
            for root, rest in paths
            if (root == "fit" and rest) or any(number in touching.get(root, ()) for number in numbers)
        ]
        return asked, numbers

    def _evaluate(self, known: Known, point: FamilyPoint, step: Step, fit: Fit | None) -> bool:
        when = step.layer.when
        assert when is not None
        groups = self._groups
        current = {group: groups.group(group, known, point, step.applied).raw for group in groups.family.data}
        scope = condition_scope(
            current, when.roots, known.facts, known.num_gpus, lambda *_: {} if fit is None else fit.as_dict()
        )
        try:
            return when.evaluate(scope)
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
