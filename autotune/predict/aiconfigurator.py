"""aiconfigurator 0.12.0 behind one adapter: interpolated kernel measurements of NVIDIA's, for the engines and GPUs it has.

An optional extra (`autotune[predict]`, 0.8 GB). The package is being retired, so everything that knows of it is in this
module. Each prediction asks for a model and a backend anew: those it keeps hold the numbers of the config before.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from autotune.catalog.sharding import shard
from autotune.diagnostics import InputError, diagnostic
from autotune.metrics import Measurement
from autotune.predict.predictor import Prediction
from autotune.predict.traffic import mean_traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.metrics import Load
    from autotune.predict.predictor import Timing
    from autotune.schema import Config

VERSION = "0.12.0"
#: On a sample of the published rows it is fitted to, by model and system (docs/predicting.md).
EXPECTED_ERROR = (
    "aiconfigurator 0.12.0: on a sample of its own published measurements TPOT is off by 13 to 36 % and TTFT by 29 to 87 %, "
    "by model and system; it takes a static batch for the concurrency and knows no queueing"
)
ENGINES = ("vllm", "sglang", "trtllm")

#: Our number formats by their names there. What is not listed it does not have; None is the checkpoint's own.
_GEMM = {
    "bf16": "bfloat16", "fp16": "bfloat16", "fp8": "fp8", "fp8_static": "fp8_static", "fp8_block": "fp8_block",
    "nvfp4": "nvfp4", "int8_wo": "int8_wo", "int4_wo": "int4_wo", "w4a16": "int4_wo",
}  # fmt: skip
_MOE = {"bf16": "bfloat16", "fp16": "bfloat16", "fp8": "fp8", "fp8_static": "fp8", "fp8_block": "fp8_block", "nvfp4": "nvfp4",
        "int4_wo": "int4_wo", "w4a16": "int4_wo", "mxfp4": "w4a16_mxfp4"}  # fmt: skip
_CACHE = {"bf16": "bfloat16", "fp16": "bfloat16", "fp8": "fp8", "fp8_e4m3": "fp8", "fp8_e5m2": "fp8", "int8": "int8"}


class Aiconfigurator:
    """Predicts aggregated serving at a fixed concurrency. `estimate` stands for the package's own function."""

    name = "aiconfigurator"
    version = VERSION

    def __init__(self, estimate: Callable[..., Any] | None = None) -> None:
        self._estimate = estimate

    def timing(self, config: Config, facts: Facts) -> Timing:  # noqa: ARG002
        """It has no time of a step. Raises InputError (AT064)."""
        raise InputError(_refused("it predicts whole loads and not an engine's steps", "use the roofline to emulate"))

    def predict(self, config: Config, facts: Facts, load: Load) -> Prediction:
        """The means of one load.

        Raises InputError: AT030 where the package is not installed, AT064 for what it does not know: an engine, a model, a
        system, a format, a request rate, disaggregated serving.
        """
        asked = arguments(config, facts, load)
        estimate = self._estimate or _package()
        logging.getLogger("aiconfigurator").setLevel(logging.ERROR)
        logging.getLogger("aiconfigurator_core").setLevel(logging.ERROR)
        try:
            found = estimate(facts.model.id, facts.gpu.name, **asked)
        except Exception as error:  # whatever it is, it has no answer for this config
            text = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                _refused(text, "use the roofline, which knows every model and GPU of the catalog")
            ) from error
        return Prediction(
            _measurement(config, facts, load, float(found.ttft), float(found.tpot)), self.name, EXPECTED_ERROR
        )


def arguments(config: Config, facts: Facts, load: Load) -> dict[str, Any]:
    """What `aiconfigurator.cli.api.cli_estimate` is asked. Its batch is that of one attention data-parallel rank, so the
    concurrency is shared out among them. Raises InputError (AT064).
    """
    if facts.engine not in ENGINES:
        raise InputError(_refused(f"it does not know the engine {facts.engine}", f"it knows {', '.join(ENGINES)}"))
    if config.system.serving_mode == "disagg":
        raise InputError(_refused("only aggregated serving is asked of it here", "set system.serving_mode=agg"))
    if load.request_rate is not None:
        raise InputError(_refused("it predicts a concurrency and no request rate", "set benchmark.num_concurrency"))
    sharding, traffic, modes = shard(config, facts), mean_traffic(load.scenario, config), config.quantization
    asked: dict[str, Any] = {
        "backend_name": facts.engine,
        "isl": round(traffic.isl),
        "osl": max(2, round(traffic.osl)),
        "prefix": round(traffic.cached),
        "batch_size": max(1, round((load.concurrency or 1) / sharding.dp)),
        "ctx_tokens": config.scheduling.max_batched_tokens,
        "tp_size": sharding.attention_tp,
        "pp_size": sharding.pp,
        "attention_dp_size": sharding.dp,
        "gemm_quant_mode": _format("gemm_mode", modes.gemm_mode, _GEMM),
        "kvcache_quant_mode": _format("kvcache_mode", modes.kvcache_mode, _CACHE),
        "nextn": config.runtime.nextn or 0,
    }
    if facts.model.is_moe:
        ranks = config.parallel.moe_ep or config.parallel.ep or 1
        asked |= {"moe_ep_size": ranks, "moe_tp_size": max(1, sharding.attention_tp * sharding.dp // ranks)}
        asked["moe_quant_mode"] = _format("moe_mode", modes.moe_mode or modes.gemm_mode, _MOE)
    return asked


def _format(name: str, mode: str | None, known: dict[str, str]) -> str | None:
    if mode in (None, "auto"):
        return None
    assert mode is not None
    if mode not in known:
        raise InputError(
            _refused(f"it has no quantization.{name}={mode}", f"it has {', '.join(known)}", f"quantization.{name}")
        )
    return known[mode]


def _measurement(config: Config, facts: Facts, load: Load, ttft_ms: float, tpot_ms: float) -> Measurement:
    """Rates by Little's law: each of the requests in flight takes TTFT and its further tokens."""
    traffic = mean_traffic(load.scenario, config)
    total_ms = ttft_ms + (traffic.osl - 1) * tpot_ms
    requests = 1000 * (load.concurrency or 1) / total_ms
    return Measurement(
        load=load,
        kind="predicted",
        ttft_ms={"mean": ttft_ms},
        tpot_ms={"mean": tpot_ms},
        itl_ms={"mean": tpot_ms},
        e2e_latency_ms={"mean": total_ms},
        output_tokens_per_s=requests * traffic.osl,
        output_tokens_per_s_per_gpu=requests * traffic.osl / shard(config, facts).gpus,
        output_tokens_per_s_per_user=1000 / tpot_ms,
        total_tokens_per_s=requests * (traffic.isl + traffic.osl),
        requests_per_s=requests,
    )


def _package() -> Callable[..., Any]:
    try:
        from aiconfigurator.cli.api import cli_estimate
    except ImportError:
        raise InputError(
            diagnostic("AT030", f"the predictor aiconfigurator needs the package aiconfigurator=={VERSION}",
                       help="pip install 'llm-autotune[predict]', or use --predictor roofline")
        ) from None  # fmt: skip
    return cli_estimate  # type: ignore[no-any-return]


def _refused(why: str, remedy: str, path: str | None = None) -> Diagnostic:
    return diagnostic("AT064", f"aiconfigurator has no prediction: {why}", path=path, help=remedy)
