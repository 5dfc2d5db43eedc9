from autotune.metrics import LATENCIES, STATISTICS, Kind, Load, Measurement

__all__ = ["LATENCIES", "STATISTICS", "Kind", "Load", "Measurement"]
