"""What is wrong with one point, found from facts alone before any GPU minute is spent."""

from autotune.check.run import CHECKS, run_checks

__all__ = ["CHECKS", "run_checks"]
