"""Choosing what to run."""

from autotune.search.order import order_points

__all__ = ["order_points"]
