"""Choosing what to measure next."""

from autotune.search.frontier_search import MOST
from autotune.search.make import STRATEGIES, choose_strategy, make_strategy
from autotune.search.strategy import Failure, Strategy

__all__ = ["MOST", "STRATEGIES", "Failure", "Strategy", "choose_strategy", "make_strategy"]
