"""The requests of a load as texts: made up to the sizes of its scenario, or taken from the data set."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING

from autotune.bench.dataset_file import load_dataset
from autotune.bench.loads import request_sizes
from autotune.bench.prompts import PromptSource
from autotune.bench.scenario import DATASET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autotune.bench.dataset import Prompt
    from autotune.bench.drive import Request
    from autotune.bench.probe import WordCount
    from autotune.metrics import Load
    from autotune.schema import Benchmark


def read_prompts(benchmark: Benchmark) -> Sequence[Prompt]:
    """The data set of a benchmark, empty where no scenario uses one. Raises InputError (AT048)."""
    if benchmark.dataset is None or all(text.strip() != DATASET for text in benchmark.traffic_scenarios):
        return ()
    return load_dataset(benchmark)


@dataclass(frozen=True, slots=True)
class Texts:
    """What the prompts of a job are made of: the tokens of a word on its server, and the data set, if there is one.

    `osl` are the output tokens of prompts that do not say.
    """

    words: WordCount
    prompts: Sequence[Prompt]
    osl: int

    def requests(self, load: Load, count: int, seed: str, start: int) -> Iterator[Request]:
        """The first `count` requests of a load, each a prompt and its output tokens.

        Sizes depend on the load alone; the texts, by their seed, on the call too, or they would be in the prefix cache.
        For the same reason a data set is gone through from `start` on, over all loads and repeats, and from its
        beginning again only when it is used up.
        """
        if load.scenario == DATASET:
            at = start % len(self.prompts)
            taken = islice(cycle(self.prompts), at, at + count)
            return ((prompt.text, prompt.output_tokens or self.osl) for prompt in taken)
        sizes = request_sizes(load, count)
        source = PromptSource(seed, max(self.words.words(size) for size, _ in sizes))
        return ((source.prompt(self.words.words(size)), output) for size, output in sizes)
