"""What is known of a family of points, by how much of a point it rests on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.compiler.point_id import is_of_it, measured_by
from autotune.compiler.provenance import is_served
from autotune.diagnostics import Source
from autotune.engines.provenance import join_set_by, set_by_entries
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
    from autotune.schema import Config

#: Numbers of alternatives, or of layers.
Place = tuple[int, ...]

#: A group, the dimensions that write to it, and what it is by the alternatives of those.
Varied = tuple[str, "Pick", "dict[Any, Group]"]

#: Takes some of the numbers of a place.
Pick = Callable[[Place], Any]


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
        #: The first condition that rests on more than the server, by the alternatives that the server rests on.
        self.reached: dict[Any, Step | Laid] = {}
        self.laid: dict[Place, Laid] = {}
        self.shared: dict[Place, Shared] = {}
        self.groups: dict[tuple[str, Place], dict[Any, Group]] = {}


class Step:
    """One condition after the layers `applied`, and what comes after either answer."""

    __slots__ = ("after", "alone", "applied", "asked", "kept", "layer", "number", "numbers", "of_fit", "outcomes")

    def __init__(
        self, number: int, layer: Layer, applied: Place, asked: list[tuple[str, tuple[str, ...]]], numbers: list[int]
    ) -> None:
        self.number = number
        self.layer = layer
        self.applied = applied
        #: What the condition reads that may differ between points, as group and path below it, and the dimensions of those
        #: paths; what `fit` rests on is found as it is read.
        self.asked = asked
        self.numbers = numbers
        self.of_fit = any(root == "fit" for root, _ in asked)
        #: Whether the condition holds, by what was asked.
        self.outcomes: dict[tuple[Any, ...], bool] = {}
        self.kept = Kept()
        #: Whether hardly two points have the same answer for the same reasons, so that keeping them is no use.
        self.alone = False
        self.after: dict[bool, Step | Laid] = {}


class Shared:
    """The groups after the layers `applied`: those that no dimension writes to, and where the others are kept."""

    __slots__ = ("answers", "applied", "entries", "fixed", "holes", "of_load", "of_server", "servers")

    def __init__(
        self,
        applied: Place,
        fixed: Mapping[str, Group | None],
        *,
        of_server: list[Varied],
        of_load: list[Varied],
    ) -> None:
        self.applied = applied
        self.answers: Answers = {}
        #: Every group, in order, with None where it differs from point to point.
        self.fixed = fixed
        #: The groups that differ: those of which the server decides, and those of which the load does as well.
        self.of_server = of_server
        self.of_load = of_load
        names = [group for group in sorted(fixed) if is_of_it(group)]
        #: The text that a point's id is a hash of, and the places of the groups in it that differ.
        self.entries = [getattr(fixed[group], "entry", "") for group in names]
        self.holes = {group: number for number, group in enumerate(names) if fixed[group] is None}
        #: By the alternatives that the server rests on.
        self.servers: dict[Any, ServerGroups] = {}


class ServerGroups:
    """The groups of one server after the layers of `shared`, with those left open that the load differs in; and what is known
    of all its points.
    """

    __slots__ = ("always", "answers", "data", "entries", "models", "served", "states")

    def __init__(self, shared: Shared, states: Mapping[str, Group]) -> None:
        self.states: dict[str, Any] = {**shared.fixed, **states}
        self.models = {group: None if state is None else state.model for group, state in self.states.items()}
        self.data = {group: None if state is None else state.data for group, state in self.states.items()}
        self.entries = shared.entries.copy()
        for group, state in states.items():
            if group in shared.holes:
                self.entries[shared.holes[group]] = state.entry
        #: What functions answered that read nothing but the server.
        self.answers: dict[Any, Any] = {}
        self.served = Kept()
        #: What `served` gives where it reads nothing of the load.
        self.always: Served | None = None

    def data_and_id(self, shared: Shared, of_load: list[tuple[str, Group]]) -> tuple[dict[str, Any], str]:
        """One of the points as plain data, and its id as `point_id` gives it."""
        data, entries, holes = self.data.copy(), self.entries.copy(), shared.holes
        for group, state in of_load:
            data[group] = state.data
            if group in holes:
                entries[holes[group]] = state.entry
        return data, hash_text(join_entries(entries))


#: All groups of a point: those of its server, those that the load differs in, the config that they make, and that config for an
#: answer about this point alone. A plain tuple, since every point has one.
Whole = tuple[ServerGroups, "list[tuple[str, Group]]", "Config", Any]


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
    ) -> None:
        self.shared = shared
        self.ids = ids
        self.notes = notes
        self.origin = origin
        #: Dotted path and number of the setting, for those values laid on that neither facts nor layers replaced.
        self.free = free
        #: The checks that rest on the server (None: not yet sorted), and those that rest on the load as well. One that rests on
        #: all that the server does has no answers kept, nor have flags that do: those of the server are.
        self.of_server: list[tuple[int, Check, Kept | None]] | None = None
        self.of_load: list[tuple[int, Check]] = []
        self.lowered: Kept | None = Kept()
        self.loads = Kept()
        said = [
            (path, tuple(split_path(path)), None if path in free else writer, free.get(path, -1))
            for path, writer in sorted(origin.items())
            if is_served(path) and (path in free or writer.source is not Source.BASE)
        ]
        #: What of each group has a writer to be named, and those entries as spelled for what the group is.
        self._said: list[tuple[str, list[Any], dict[Group, list[tuple[str, str]]]]] = [
            (group, [*items], {}) for group, items in groupby(said, lambda item: item[1][0])
        ]

    def set_by(self, point: FamilyPoint, states: Mapping[str, Group]) -> str:
        """Who set what of the server, as `spell_set_by` spells it."""
        entries: list[tuple[str, str]] = []
        for group, items, kept in self._said:
            state = states[group]
            if state not in kept:  # the same group of the same points has the same writers
                kept[state] = set_by_entries(
                    (path, get_path(state.data, keys[1:]), writer or point.laid[number].writer)
                    for path, keys, writer, number in items
                )
            entries += kept[state]
        return join_set_by(entries)


class Served(NamedTuple):
    """What points of one server have in common."""

    #: What each check found, with the check's number.
    found: list[tuple[int, Sequence[Diagnostic]]]
    lowered: list[Diagnostic]
    #: All that is found where nothing is found that rests on the load.
    in_all: list[Diagnostic]
    #: Whether an error is among those.
    refused: bool
    deployment: Deployment
    notes: dict[str, str]
