"""The engines' own tables, which are read backwards here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.engines.sglang import TABLE as SGLANG
from autotune.engines.transformers import TABLE as TRANSFORMERS
from autotune.engines.trtllm import TABLE as TRTLLM
from autotune.engines.vllm import TABLE as VLLM

if TYPE_CHECKING:
    from autotune.engines.table import FlagTable

TABLES: dict[str, FlagTable] = {"vllm": VLLM, "sglang": SGLANG, "trtllm": TRTLLM, "transformers": TRANSFORMERS}
