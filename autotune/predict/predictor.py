"""What a predictor is: a config and its facts in, what a measurement would give out, labelled predicted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from autotune.diagnostics import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.engine import Facts
    from autotune.metrics import Load, Measurement
    from autotune.schema import Config


class Timing(Protocol):
    """How long one engine step takes; what the emulated server runs on."""

    @property
    def max_running_requests(self) -> int:
        """Requests in one batch at most."""
        ...

    @property
    def max_batched_tokens(self) -> int:
        """Tokens in one step at most, prefill and decode together."""
        ...

    @property
    def kv_capacity_tokens(self) -> int:
        """Tokens that the KV cache holds."""
        ...

    def step_ms(self, prefill_tokens: int, decode_requests: int, kv_tokens: int) -> float:
        """Duration in ms of one step that prefills `prefill_tokens` new tokens, decodes one token for each of
        `decode_requests` requests, and reads `kv_tokens` cached tokens in all.
        """
        ...


@dataclass(frozen=True, slots=True)
class Prediction:
    """A predicted measurement (`measurement.kind` is "predicted"), by whom, and how far off it is known to be."""

    measurement: Measurement
    predictor: str
    version: str
    expected_error: str
    """Words for people, e.g. `TPOT off by 13 % on average, ...`."""
    errors: Mapping[str, float] = field(default_factory=dict)
    """By metric (`tpot_ms.mean`): |predicted - measured| / measured to be expected on average, where it is known."""
    calibrated: bool = False

    @property
    def label(self) -> str:
        """By whom: `roofline 2, uncalibrated`."""
        return f"{self.predictor} {self.version}, {'calibrated' if self.calibrated else 'uncalibrated'}"


class Predictor(Protocol):
    """One predictor. Implementations are one module each, listed in `autotune.predict.PREDICTORS`."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever the same config may get other figures: a calibration holds for one version."""
        ...

    def predict(self, config: Config, facts: Facts, load: Load) -> Prediction:
        """What one load on one server would give. Raises `UnpredictableError` where the predictor cannot say."""
        ...


class UnpredictableError(InputError):
    """A predictor does not know the model, the GPU, the engine or the kind of load; the diagnostic says which."""
