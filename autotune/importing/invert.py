"""An engine's table read backwards: arguments to the config paths that lower to exactly these arguments again.

Each path that could have written an argument is tried with the values that `inverses` proposes. A value stands only where
the config lowered with it - by the engine itself, for every model and GPU that the server might run on - gives the
argument, and nothing that was not said. What no path gives stays an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from autotune.engines.flag import Lowering
from autotune.importing.arguments import ENV, FILE, KEY, same
from autotune.importing.inverses import propose, propose_speculative
from autotune.importing.tables import TABLES
from autotune.importing.target import lowered_values
from autotune.layers import copy_tree, get_path, set_path, split_path
from autotune.schema import Config

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from autotune.engines.engine import Engine, Facts, Lowered
    from autotune.engines.flag import Flag
    from autotune.engines.known import KnownFlags

SPECULATIVE = "misc.speculative"
FRACTION = "memory.mem_fraction_static"


@dataclass(slots=True)
class Inverter:
    """The search's state. `data` is the config so far, `paths` what was found: config path -> the arguments that it gives.

    `variants` are the facts that the config is lowered for; `kept` are arguments (or the flag before KEY, or FILE for the
    config file) that no path may write, because they stay as they are.
    """

    engine: Engine
    known: KnownFlags
    variants: Sequence[Facts]
    target: Mapping[str, Any]
    data: dict[str, Any]
    fixed: Collection[str] = ()
    """Paths that are decided already."""
    kept: frozenset[str] = frozenset()
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def run(self) -> None:
        """Find paths until nothing more is found."""
        self._settle()
        rows = [row for row in TABLES[self.engine.name].rows if row.holds_for(self.known.version)]
        # What is computed depends on what is not; the memory fraction on almost everything.
        order = sorted(
            range(len(rows)), key=lambda index: (rows[index].path == FRACTION, rows[index].convert is not None, index)
        )
        progress = True
        while progress:
            progress = False
            for index in order:
                progress |= self._try_row(rows[index], rows)

    def lower(self, data: Mapping[str, Any], facts: Facts) -> tuple[Config, Lowered] | None:
        """The config lowered for one of the variants; None where the data is no config."""
        try:
            config = Config.model_validate(data)
        except ValidationError:
            return None
        return config, self.engine.lower(config, facts)

    def values(self, lowered: Lowered) -> dict[str, Any]:
        """The arguments of a lowered server, those of the config file apart unless the file stays a path."""
        return lowered_values(lowered.deployment, self.known, keep_file=FILE in self.kept)

    def unmatched(self) -> list[str]:
        """Arguments that the config does not give, in the target's order."""
        return [name for name in self.target if name not in self._matched]

    _matched: frozenset[str] = frozenset()
    _wrong: list[frozenset[str]] = field(default_factory=list)
    """Arguments that are lowered otherwise than was said, for each variant."""

    def _settle(self) -> None:
        """What the config gives as it stands; later steps must give more, and nothing else."""
        states = [self._compare(self.data, facts) for facts in self.variants]
        self._wrong = [state[1] if state else frozenset() for state in states]
        self._matched = frozenset.intersection(*(state[0] if state else frozenset() for state in states))

    def _compare(self, data: Mapping[str, Any], facts: Facts) -> tuple[frozenset[str], frozenset[str]] | None:
        done = self.lower(data, facts)
        if done is None:
            return None
        values = self.values(done[1])
        matched = {name for name, value in values.items() if name in self.target and same(self.target[name], value)}
        matched = {name for name in matched if not self._is_kept(name)}
        return frozenset(matched), frozenset(values) - frozenset(matched)

    def _is_kept(self, name: str) -> bool:
        return name in self.kept or name.partition(KEY)[0] in self.kept or (FILE in self.kept and name.startswith(FILE))

    def _try_row(self, row: Flag, rows: Sequence[Flag]) -> bool:
        """Whether the row's path got a value that gives one more argument."""
        path = row.path
        if path.startswith(f"{SPECULATIVE}."):
            return self._try_speculative(rows)
        if path in self.fixed or path in self.paths or get_path(self.data, split_path(path)) not in (None, [], {}):
            return False
        wanted = [name for name in self._arguments(row) if name in self.target and name not in self._matched]
        if not wanted:
            return False
        at = self._lowering()
        if at is None:
            return False
        proposals = ((name, candidate) for name in wanted for candidate in propose(row, self._whole(row, name), at))
        return self._take_best(path, _distinct(proposals))

    def _try_speculative(self, rows: Sequence[Flag]) -> bool:
        if SPECULATIVE in self.fixed or SPECULATIVE in self.paths:
            return False
        texts: dict[str, Any] = {}
        for row in rows:
            if row.path.startswith((f"{SPECULATIVE}.", "runtime.nextn")):
                for name in self._arguments(row):
                    if name in self.target and name not in self._matched:
                        short = "steps" if "steps" in name else "topk" if "topk" in name else name
                        texts[short] = self.target[name]
        if not texts:
            return False
        return self._take_best(SPECULATIVE, (("", candidate) for candidate in propose_speculative(texts)))

    def _take_best(self, path: str, proposals: Iterable[tuple[str, Any]]) -> bool:
        """Keep the value that gives the most arguments, the first of equals; False where none may stand."""
        best: tuple[frozenset[str], dict[str, Any]] | None = None
        for name, value in proposals:
            data = copy_tree(self.data)
            set_path(data, split_path(path), value)
            gained = self._gain(data, name)
            if gained is not None and (best is None or len(gained) > len(best[0])):
                best = gained, data
        if best is None:
            return False
        self.paths[path] = tuple(item for item in self.target if item in best[0] and item not in self._matched)
        self.data = best[1]
        self._settle()
        return True

    def _gain(self, data: Mapping[str, Any], name: str) -> frozenset[str] | None:
        """What a config gives, where every variant gives `name`, loses nothing and says nothing that was not said."""
        gained: frozenset[str] | None = None
        for facts, wrong in zip(self.variants, self._wrong, strict=True):
            state = self._compare(data, facts)
            if state is None or not state[0] >= self._matched or not state[1] <= wrong:
                return None
            gained = state[0] if gained is None else gained & state[0]
            if name and name not in gained:
                return None
        return None if gained == self._matched else gained

    def _lowering(self) -> Lowering | None:
        """What inverses may look at: the config so far, with the first variant's facts."""
        try:
            return Lowering(Config.model_validate(self.data), self.variants[0], self.known)
        except ValidationError:
            return None

    def _arguments(self, row: Flag) -> Iterator[str]:
        """Names of the arguments that the row may write."""
        if row.env is not None:
            yield f"{ENV}{row.env}"
            return
        if row.flag is None and row.key is not None:
            yield f"{FILE}{row.key}"
            yield from (name for name in self.target if name.startswith(f"{FILE}{row.key}."))
            return
        if row.path == "misc.cuda_graphs" and row.target is None:
            # TensorRT-LLM's graphs are off where their config is null, which its module writes without a row.
            yield f"{FILE}cuda_graph_config"
        for written in (row.flag, row.off):
            found = None if written is None else self.known.find(written)
            if found is None:
                continue
            name = f"--no-{found.flag.name.removeprefix('--')}" if found.negative else found.flag.name
            if row.key is not None:
                yield f"{name}{KEY}{row.key}"
            else:
                yield name
                yield from (item for item in self.target if item.startswith(f"{name}{KEY}"))

    def _whole(self, row: Flag, name: str) -> Any:
        """An argument's value; of a flag that takes a map as a whole, the map."""
        if row.key is None and KEY in name:
            start = name.partition(KEY)[0] + KEY
            return {item.removeprefix(start): value for item, value in self.target.items() if item.startswith(start)}
        return self.target[name]


def _distinct(values: Iterable[Any]) -> Iterator[Any]:
    seen: set[str] = set()
    for value in values:
        text = repr(value)
        if text not in seen:
            seen.add(text)
            yield value
