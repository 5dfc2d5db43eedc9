"""The compiler: composed points in, deployments and diagnostics out."""

from autotune.compiler.compile import compile_point, compile_points, prune
from autotune.compiler.world import REFERENCE_GPU, World

__all__ = ["REFERENCE_GPU", "World", "compile_point", "compile_points", "prune"]
