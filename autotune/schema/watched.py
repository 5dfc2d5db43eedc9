"""A config that notes which of the values that a sweep varies were read, and answers that are kept by what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autotune.engines.engine import Facts

Answer = TypeVar("Answer")

#: Field name -> the number of the dimension that writes it, or the same for the fields below it.
Varied = dict[str, Any]

#: What functions answered, for those that are asked through `remember`.
Answers = dict[Any, "Kept"]

_MISSING = object()


def remember(function: Callable[[Any, Facts], Answer], config: Any, facts: Facts) -> Answer:
    """`function(config, facts)`; where the config is watched, from what is kept, if everything that it read is the same."""
    kind = type(config)
    if kind is Glanced:  # as `Glanced.__call__`, for what is asked most
        _, known = config.shared
        answer: Answer = known[function] if function in known else config(function, facts)
        return answer
    return config(function, facts) if kind is Watched else function(config, facts)


def once(function: Callable[[Any, Facts], Answer], config: Any, facts: Facts) -> Answer:
    """`function(config, facts)`; where several ask it of one point, what the first of them was told."""
    if type(config) is not Glanced:
        return function(config, facts)
    known = config.own
    if function not in known:
        known[function] = function(config, facts)
    answer: Answer = known[function]
    return answer


def varied_fields(paths: Sequence[Sequence[tuple[str, ...]]]) -> Varied:
    """The fields that each dimension writes, as a tree."""
    tree: Varied = {}
    for number, written in enumerate(paths):
        for path in written:
            below = tree
            for key in path[:-1]:
                below = below.setdefault(key, {})
            below[path[-1]] = number
    return tree


class Watched:
    """Stands in for a config, or a group of one. Reading a field that some dimension writes appends the dimension's number to
    `reads`; whatever else is asked of it counts as reading all of them.
    """

    __slots__ = ("__dict__", "_answers", "_reads", "_target", "_varied")

    def __init__(
        self, target: BaseModel, varied: Varied, reads: list[int], answers: tuple[Answers, Sequence[int]] | None = None
    ) -> None:
        self._target = target
        self._varied = varied
        self._reads = reads
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        fields = self._target.__dict__
        if name not in fields:  # a method
            self._read_all(self._varied)
            return getattr(self._target, name)
        value = fields[name]
        below = self._varied.get(name)
        if type(below) is int:
            self._reads.append(below)
        elif below is not None:
            if isinstance(value, BaseModel):
                value = Watched(value, below, self._reads)
            else:
                self._read_all(below)
        self.__dict__[name] = value  # read without a detour from now on
        return value

    def __call__(self, function: Callable[[Any, Facts], Any], facts: Facts) -> Any:
        """What `remember` gives."""
        if self._answers is None:
            return function(self, facts)
        answers, place = self._answers
        kept = answers.get(function)
        if kept is None:
            kept = answers[function] = Kept()
        return kept.get_noted(place, self._reads, self._ask, function, facts)

    def _ask(self, reads: list[int], function: Callable[[Any, Facts], Any], facts: Facts) -> Any:
        return function(Watched(self._target, self._varied, reads, self._answers), facts)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What it stands in for, so that `isinstance` tells executors apart."""
        self._read_all(self._varied)
        return type(self._target)

    def __eq__(self, other: object) -> bool:
        self._read_all(self._varied)
        return self._target == (other._target if isinstance(other, Watched) else other)

    def __hash__(self) -> int:
        self._read_all(self._varied)
        return hash(self._target)

    def __iter__(self) -> Any:
        self._read_all(self._varied)
        return iter(self._target)

    def __repr__(self) -> str:
        self._read_all(self._varied)
        return repr(self._target)

    def _read_all(self, varied: Varied) -> None:
        for below in varied.values():
            if isinstance(below, int):
                self._reads.append(below)
            else:
                self._read_all(below)


class Glanced:
    """Stands in for a config of which one answer is wanted that is not worth keeping by what it reads: what is asked through
    `remember` comes from the answers that are kept, and the groups in `fields` are read as they are. Reading any other group
    appends the dimensions that were read to `reads`.

    `shared` are some dimensions, and what functions answered that read no others, for the points that agree in those.
    """

    __slots__ = ("__dict__", "_answers", "_reads", "_target", "_varied", "own", "shared")

    def __init__(  # noqa: PLR0917 - as many as there are
        self,
        target: BaseModel,
        fields: dict[str, Any],
        varied: Varied,
        reads: list[int],
        answers: tuple[Answers, Sequence[int]],
        shared: tuple[frozenset[int], dict[Any, Any]],
    ) -> None:
        self.__dict__ = fields  # read without a detour
        self._target = target
        self._varied = varied
        self._reads = reads
        self._answers = answers
        self.shared = shared
        self.own: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(Watched(self._target, self._varied, self._reads), name)

    def __call__(self, function: Callable[[Any, Facts], Any], facts: Facts) -> Any:
        """What `remember` gives."""
        dimensions, known = self.shared
        if function in known:
            return known[function]
        answers, place = self._answers
        kept = answers.get(function)
        if kept is None:
            kept = answers[function] = Kept()
        elif kept.constant:
            return kept.get(place, self._ask)
        noted: list[int] = []
        answer = kept.get_noted(place, noted, self._ask, function, facts)
        if dimensions.issuperset(noted):
            known[function] = answer
        else:
            self._reads += noted
        return answer

    def _ask(self, reads: list[int], function: Callable[[Any, Facts], Any], facts: Facts) -> Any:
        return function(Watched(self._target, self._varied, reads, self._answers), facts)


class Kept:
    """Answers of one pure function, each kept under the values that the function read on its way to it.

    The same function reads the same next value wherever what it read before is the same, so the answers form a tree: each
    node asks for one dimension, each branch is one of its alternatives.
    """

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root: Any = _MISSING

    @property
    def constant(self) -> bool:
        """Whether there is an answer, and nothing was read for it."""
        return isinstance(self._root, _Answer)

    def get(self, place: Sequence[int], make: Callable[..., Any], *arguments: Any) -> Any:
        """The answer for the point at this place. Where it is not known, `make(reads, *arguments)` finds it and appends the
        dimensions that it reads to `reads`.
        """
        node = self._root
        while type(node) is _Question:
            node = node.branches.get(place[node.dimension], _MISSING)
        if node is not _MISSING:
            return node.value
        return self._find([], place, make, arguments)

    def get_noted(self, place: Sequence[int], noted: list[int], make: Callable[..., Any], *arguments: Any) -> Any:
        """The same, with what was read for the answer appended to `noted`, whenever that was."""
        node = self._root
        while type(node) is _Question:
            noted.append(node.dimension)
            node = node.branches.get(place[node.dimension], _MISSING)
        if node is not _MISSING:
            return node.value
        return self._find(noted, place, make, arguments)

    def _find(
        self, noted: list[int], place: Sequence[int], make: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        reads: list[int] = []
        value = make(reads, *arguments)
        reads = list(dict.fromkeys(reads))
        noted += reads
        self._keep(place, reads, value)
        return value

    def _keep(self, place: Sequence[int], reads: list[int], value: Any) -> None:
        if not reads:
            self._root = _Answer(value)
            return
        if self._root is _MISSING:
            self._root = _Question(reads[0])
        node = self._root
        for following in reads[1:]:
            branches = node.branches
            if place[node.dimension] not in branches:
                branches[place[node.dimension]] = _Question(following)
            node = branches[place[node.dimension]]
        node.branches[place[node.dimension]] = _Answer(value)


class _Answer:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class _Question:
    __slots__ = ("branches", "dimension")

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.branches: dict[int, Any] = {}


def reading(varied: Mapping[str, Any], names: Sequence[str]) -> list[int]:
    """The dimensions that dotted names touch, in the order of the names."""
    found: list[int] = []
    for name in names:
        below: Any = varied
        for key in name.split("."):
            if not isinstance(below, dict):
                break
            below = below.get(key)
        _numbers(below, found)
    return found


def _numbers(below: Any, found: list[int]) -> None:
    if isinstance(below, int):
        found.append(below)
    elif isinstance(below, dict):
        for inner in below.values():
            _numbers(inner, found)
