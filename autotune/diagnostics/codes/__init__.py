"""Every diagnostic code with its meaning. Codes are stable: one that is retired is never used again.

AT0xx are errors (nothing runs), AT1xx warnings, AT2xx notes. The next free number of a block is taken for a new one,
whatever its family.
"""

from autotune.diagnostics.codes.code import Code, Example
from autotune.diagnostics.codes.engine import ENGINE_CODES
from autotune.diagnostics.codes.formats import FORMAT_CODES
from autotune.diagnostics.codes.hardware import HARDWARE_CODES
from autotune.diagnostics.codes.input import INPUT_CODES
from autotune.diagnostics.codes.layers import LAYER_CODES
from autotune.diagnostics.codes.run import RUN_CODES
from autotune.diagnostics.codes.workload import WORKLOAD_CODES

#: Families by the heading they have in the documentation.
FAMILIES: dict[str, dict[str, Code]] = {
    "What was typed and written": INPUT_CODES,
    "Profiles and layers": LAYER_CODES,
    "Model, GPUs and memory": HARDWARE_CODES,
    "Number formats": FORMAT_CODES,
    "Workload and targets": WORKLOAD_CODES,
    "Engine and manifests": ENGINE_CODES,
    "Running and results": RUN_CODES,
}

CODES: dict[str, Code] = dict(sorted((name, code) for family in FAMILIES.values() for name, code in family.items()))

__all__ = ["CODES", "FAMILIES", "Code", "Example"]
