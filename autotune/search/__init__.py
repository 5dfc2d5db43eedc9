"""Choosing what to measure next."""

from autotune.search.frontier_search import MOST
from autotune.search.listed import shuffled
from autotune.search.make import STRATEGIES, choose_strategy, make_strategy
from autotune.search.roles import TIMES_GPUS
from autotune.search.strategy import Failure, Strategy

__all__ = ["MOST", "STRATEGIES", "TIMES_GPUS", "Failure", "Strategy", "choose_strategy", "make_strategy", "shuffled"]
