"""A prediction beside its measurement: what a calibration is fitted from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotune.catalog.formats import expert_format, linear_format
from autotune.catalog.sharding import shard
from autotune.predict.traffic import mean_traffic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.engine import Facts
    from autotune.metrics import Load
    from autotune.schema import Config


@dataclass(frozen=True, slots=True)
class Subject:
    """What a prediction is about, as far as a calibration may look at it.

    `quantization` is the format of most weights as served (`fp8`, `nvfp4`, `bf16`), `model` the catalog's id. `features`
    are positive numbers: concurrency or request_rate, isl, osl, tp, pp, dp, ep. Strings may be empty: unknown.
    """

    engine: str
    gpu: str
    quantization: str
    model: str = ""
    features: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "engine": self.engine,
            "gpu": self.gpu,
            "quantization": self.quantization,
            "model": self.model,
            "features": dict(self.features),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Subject:
        """The inverse of `as_dict`."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Pair:
    """One load on one server: metrics by the names of `Measurement.metrics()` (`ttft_ms.mean`, `tpot_ms.mean`,
    `output_tokens_per_s_per_gpu`), predicted and measured, in the same units.

    Pairs with the same `group` are left out together when a calibration's error is found: the loads of one server, or the
    points of one run, say little about the next one when their neighbours were fitted. Empty: the pair stands alone.
    """

    subject: Subject
    predicted: Mapping[str, float]
    measured: Mapping[str, float]
    group: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "subject": self.subject.as_dict(),
            "predicted": dict(self.predicted),
            "measured": dict(self.measured),
            "group": self.group,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Pair:
        """The inverse of `as_dict`."""
        return cls(Subject.from_dict(data["subject"]), data["predicted"], data["measured"], data.get("group", ""))


#: Formats that differ in how they were made, not in what the GPU does with them.
_SAME = {"fp8_static": "fp8", "fp8_block": "fp8", "mxfp8": "fp8", "w4a16": "int4_wo"}


def subject_of(config: Config, facts: Facts, load: Load) -> Subject:
    """The subject of a prediction for one load on one server."""
    model, modes = facts.model, config.quantization
    sharding, traffic = shard(config, facts), mean_traffic(load.scenario, config)
    chosen = linear_format(model, modes.gemm_mode)
    if model.is_moe:
        chosen = expert_format(model, modes.gemm_mode, modes.moe_mode)
    chosen = chosen or "bf16"
    features: dict[str, float] = {
        "isl": traffic.isl,
        "osl": traffic.osl,
        "tp": sharding.attention_tp,
        "pp": sharding.pp,
        "dp": sharding.dp,
        "ep": config.parallel.ep or 1,
    }
    if load.request_rate is not None:
        features["request_rate"] = load.request_rate
    else:
        features["concurrency"] = load.concurrency or 1
    return Subject(facts.engine, facts.gpu.name, _SAME.get(chosen, chosen), model.id, features)
