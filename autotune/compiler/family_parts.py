"""What is known of a family of points, by how much of a point it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.check.run import CHECKS
from autotune.compiler.point_id import measured_by
from autotune.compiler.provenance import is_served
from autotune.diagnostics import Source
from autotune.engines.provenance import spell_set_by
from autotune.layers import get_path, split_path
from autotune.schema.config import canonical
from autotune.schema.watched import Answers, Kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.compose.points import FamilyPoint
    from autotune.diagnostics import Diagnostic, Writer
    from autotune.engines.engine import Facts

#: Numbers of alternatives, or of layers.
Place = tuple[int, ...]


class Group:
    """One group of a config: as composed and layered, validated, and plain again with its canonical text."""

    __slots__ = ("data", "model", "raw", "text")

    def __init__(self, raw: Any, model: Any) -> None:
        self.raw = raw
        self.model = model
        self.data: dict[str, Any] = model.model_dump(mode="json")
        self.text = canonical(self.data)


class Known:
    """What is known once the values that facts rest on are."""

    def __init__(
        self, facts: Facts, written: list[tuple[Any, Any, Writer]], notes: list[Diagnostic], num_gpus: Any
    ) -> None:
        self.facts = facts
        self.written = written
        self.notes = notes
        self.conditions: dict[tuple[int, Place], Kept] = {}
        self.laid: dict[Place, Laid] = {}
        self.answers: dict[Place, Answers] = {}
        self.shared: dict[Place, Shared] = {}
        #: Whether a condition holds, by layer, layers before it, and what it read of the values that vary.
        self.outcomes: dict[tuple[Any, ...], bool] = {}
        self.groups: dict[tuple[str, Place], dict[Place, Group]] = {}
        self.num_gpus = num_gpus


class Shared(NamedTuple):
    applied: Place
    fixed: dict[str, Group]
    #: Group, the dimensions that write to it, and its states by the alternatives of those.
    varied: list[tuple[str, Place, dict[Place, Group]]]


class Laid:
    """What is known once it is known which layers hold."""

    def __init__(
        self,
        *,
        shared: Shared,
        ids: tuple[str, ...],
        diagnostics: list[Diagnostic],
        origin: dict[str, Writer],
        free: list[tuple[str, int]],
        serving: Place,
        answers: Answers,
    ) -> None:
        self.shared = shared
        self.ids = ids
        self.diagnostics = diagnostics
        self.origin = origin
        #: Dotted path and number of the setting, for those values laid on that neither facts nor layers replaced.
        self.free = free
        self.serving = serving
        self.checks = [(check, Kept()) for check in CHECKS]
        self.lowered = Kept()
        self.answers = answers
        self.loads = Kept()
        self.notes: dict[Place, Any] = {}
        self._benchmark: dict[str, str] = {}
        numbers = dict(free)
        self._said = [
            (path, None if path in numbers else writer, numbers.get(path, -1))
            for path, writer in sorted(origin.items())
            if is_served(path) and (path in numbers or writer.source is not Source.BASE)
        ]
        self._settled = False

    def settle(self) -> None:
        """Leave out the checks that found nothing and never will: they read nothing that varies."""
        if not self._settled:
            self._settled = True
            self.checks = [
                (check, kept) for check, kept in self.checks if not kept.constant or kept.get((), lambda _: ())
            ]

    def benchmark_text(self, states: Mapping[str, Group]) -> str:
        """The part of the benchmark group that makes a point what it is, as canonical text."""
        state = states["benchmark"]
        text = self._benchmark.get(state.text)
        if text is None:
            text = self._benchmark[state.text] = canonical(measured_by(state.data))
        return text

    def set_by(self, point: FamilyPoint, states: Mapping[str, Group]) -> str:
        """Who set what of the server, as `spell_set_by` spells it."""
        return spell_set_by(
            (path, get_path(states[path.partition(".")[0]].data, split_path(path)[1:]), writer or point.laid[number].writer)
            for path, writer, number in self._said
        )  # fmt: skip
