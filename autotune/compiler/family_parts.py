"""What is known of a family of points, by how much of a point it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.compiler.point_id import is_of_it, measured_by
from autotune.compiler.provenance import is_served
from autotune.diagnostics import Source
from autotune.engines.provenance import spell_set_by
from autotune.layers import get_path, split_path
from autotune.schema.config import canonical, canonical_entry, hash_text, join_entries
from autotune.schema.watched import Answers, Kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.check.run import Check
    from autotune.compose.points import FamilyPoint
    from autotune.diagnostics import Diagnostic, Writer
    from autotune.engines.deployment import Deployment
    from autotune.engines.engine import Facts
    from autotune.layers import Layer

#: Numbers of alternatives, or of layers.
Place = tuple[int, ...]


class OutOfTheOrdinaryError(Exception):
    """For a point that is left to `compile_point`."""


class Group:
    """One group of a config: as composed and layered, validated, and plain again with its canonical text and its entry in the
    text that a point's id is a hash of.
    """

    __slots__ = ("data", "entry", "model", "raw", "text")

    def __init__(self, name: str, raw: Any, model: Any) -> None:
        self.raw = raw
        self.model = model
        self.data: dict[str, Any] = model.model_dump(mode="json")
        self.text = canonical(self.data)
        self.entry = canonical_entry(name, canonical(measured_by(self.data)) if name == "benchmark" else self.text)


class Known:
    """What is known once the values that facts rest on are."""

    def __init__(
        self, facts: Facts, written: list[tuple[Any, Any, Writer]], notes: list[Diagnostic], num_gpus: Any
    ) -> None:
        self.facts = facts
        self.written = written
        self.notes = notes
        self.num_gpus = num_gpus
        #: The first condition that points answer differently, or what the layers make of all of them.
        self.first: Step | Laid | None = None
        self.laid: dict[Place, Laid] = {}
        self.answers: dict[Place, Answers] = {}
        self.shared: dict[Place, Shared] = {}
        #: Whether a condition holds, by layer, layers before it, and what it read of the values that vary.
        self.outcomes: dict[tuple[Any, ...], bool] = {}
        self.groups: dict[tuple[str, Place], dict[Place, Group]] = {}


class Step:
    """One condition after the layers `applied`, and what comes after either answer."""

    __slots__ = ("after", "alone", "applied", "kept", "layer", "number")

    def __init__(self, number: int, layer: Layer, applied: Place) -> None:
        self.number = number
        self.layer = layer
        self.applied = applied
        self.kept = Kept()
        #: Whether hardly two points have the same answer for the same reasons, so that keeping them is no use.
        self.alone = False
        self.after: dict[bool, Step | Laid] = {}


class Shared:
    """The groups after the layers `applied`: those that no dimension writes to, and where the others are kept."""

    __slots__ = ("_entries", "_holes", "applied", "data", "models", "states", "varied")

    def __init__(
        self, applied: Place, fixed: Mapping[str, Group | None], varied: list[tuple[str, Place, dict[Place, Group]]]
    ) -> None:
        self.applied = applied
        #: Every group, in order, with None where it differs from point to point.
        self.states: dict[str, Any] = dict(fixed)
        self.models = {group: None if state is None else state.model for group, state in fixed.items()}
        self.data: dict[str, Any] = {group: None if state is None else state.data for group, state in fixed.items()}
        #: Group, the dimensions that write to it, and its states by the alternatives of those.
        self.varied = varied
        names = [group for group in sorted(fixed) if is_of_it(group)]
        self._entries = [getattr(fixed[group], "entry", "") for group in names]
        self._holes = [(number, group) for number, group in enumerate(names) if fixed[group] is None]

    def id_of(self, states: Mapping[str, Group]) -> str:
        """The id of the point that these groups make up, as `point_id` gives it."""
        entries = self._entries.copy()
        for number, group in self._holes:
            entries[number] = states[group].entry
        return hash_text(join_entries(entries))


class Laid:
    """What is known once it is known which layers hold."""

    def __init__(
        self,
        *,
        shared: Shared,
        ids: tuple[str, ...],
        notes: list[Diagnostic],
        origin: dict[str, Writer],
        free: dict[str, int],
        answers: Answers,
    ) -> None:
        self.shared = shared
        self.ids = ids
        self.notes = notes
        self.origin = origin
        #: Dotted path and number of the setting, for those values laid on that neither facts nor layers replaced.
        self.free = free
        self.answers = answers
        #: The checks that rest on the server (None: not yet sorted), and those that rest on the load as well. One that rests on
        #: all that the server does has no answers kept, nor have flags that do: those of the server are.
        self.of_server: list[tuple[int, Check, Kept | None]] | None = None
        self.of_load: list[tuple[int, Check]] = []
        self.served = Kept()
        self.lowered: Kept | None = Kept()
        self.loads = Kept()
        self._said = [
            (path, tuple(split_path(path)), None if path in free else writer, free.get(path, -1))
            for path, writer in sorted(origin.items())
            if is_served(path) and (path in free or writer.source is not Source.BASE)
        ]

    def set_by(self, point: FamilyPoint, states: Mapping[str, Group]) -> str:
        """Who set what of the server, as `spell_set_by` spells it."""
        return spell_set_by(
            (path, get_path(states[keys[0]].data, keys[1:]), writer or point.laid[number].writer)
            for path, keys, writer, number in self._said
        )


class Served(NamedTuple):
    """What points of one server have in common."""

    #: What each check found, with the check's number.
    found: list[tuple[int, Sequence[Diagnostic]]]
    lowered: list[Diagnostic]
    deployment: Deployment
    notes: dict[str, str]
