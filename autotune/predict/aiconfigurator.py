"""NVIDIA's aiconfigurator as a predictor: interpolation in tables of measured kernels. The extra `predict` installs it.

The one place that imports it. It is asked through the estimator core (`aiconfigurator-core`), pinned to one version, because
the project is being retired. A backend object remembers results by load and not by model, so each question gets one of its
own. Its figures are of a static batch: TTFT and TPOT in ms. Rates follow by Little's law for a closed loop, as for the
roofline, so that the two can be laid side by side.
"""

from __future__ import annotations

import functools
import logging
import math
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.version import InvalidVersion, Version

from autotune.catalog.sharding import shard
from autotune.diagnostics import diagnostic
from autotune.metrics import Measurement
from autotune.predict.aiconfigurator_request import Request, cannot, translate
from autotune.predict.efficiency import Efficiency
from autotune.predict.predictor import Prediction, UnpredictableError

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.metrics import Load
    from autotune.schema import Config

VERSION = "0.12.0"
_PACKAGE, _CORE = "aiconfigurator-core", "aiconfigurator_core.sdk"

#: By docs/predicting.md, which says against what.
ERRORS = {"tpot_ms.mean": 0.19, "ttft_ms.mean": 0.49}


class Answer(NamedTuple):
    """ms, and the version of the engine whose tables were read."""

    ttft_ms: float
    tpot_ms: float
    tables: str
    crowded: bool
    """Whether the batch needs more KV cache than it reckons with."""


class Aiconfigurator:
    """Predicts from kernels that NVIDIA measured: its GPUs; vLLM, SGLang and TensorRT-LLM; models whose shape it ships."""

    name = "aiconfigurator"
    version = VERSION

    def __init__(self, efficiency: Efficiency | None = None) -> None:
        self.efficiency = efficiency or Efficiency()
        """For the acceptance of speculated tokens, which aiconfigurator wants to be told."""

    def predict(self, config: Config, facts: Facts, load: Load) -> Prediction:
        """Means for one load. Raises UnpredictableError: AT030 where the package is missing, AT064 where it cannot say."""
        request = translate(config, facts, load, _models, self.efficiency)
        answer = _ask(request)
        decode_ms = answer.tpot_ms * (request.osl - 1)
        requests = 1e3 * request.in_service / (answer.ttft_ms + decode_ms)
        # Those that the server does not hold wait outside: their time is what Little's law leaves over.
        ttft_ms = answer.ttft_ms + 1e3 * (request.concurrency - request.in_service) / requests
        output = requests * request.osl
        tpot = {"mean": answer.tpot_ms} if request.osl > 1 else {}
        measurement = Measurement(
            load=load,
            kind="predicted",
            ttft_ms={"mean": ttft_ms},
            tpot_ms=tpot,
            itl_ms=dict(tpot),
            e2e_latency_ms={"mean": ttft_ms + decode_ms},
            output_tokens_per_s=output,
            output_tokens_per_s_per_gpu=output / shard(config, facts).gpus,
            output_tokens_per_s_per_user=1e3 / answer.tpot_ms if tpot else math.nan,
            total_tokens_per_s=requests * (request.isl + request.osl),
            requests_per_s=requests,
        )
        words = (
            f"from tables of {request.backend} {answer.tables}; against published measurements TPOT is off by "
            f"{ERRORS['tpot_ms.mean']:.0%} and TTFT by {ERRORS['ttft_ms.mean']:.0%} in the median of 34 models, GPUs and "
            "lengths, uncalibrated"
        )
        if answer.crowded:
            words += "; by its reckoning the KV cache holds fewer requests, and the rest would wait longer"
        return Prediction(measurement, self.name, self.version, words, dict(ERRORS))


@functools.cache
def _models() -> frozenset[str]:
    """Models whose shape the package ships. Raises UnpredictableError (AT030) where it is not installed."""
    try:
        installed = metadata.version(_PACKAGE)
    except metadata.PackageNotFoundError:
        raise _missing(f"the Python package {_PACKAGE} is not installed") from None
    if installed != VERSION:
        raise _missing(f"{_PACKAGE} is {installed}, and this version of autotune reads {VERSION}")
    # It tells of every table that it fills from another one; what matters stands in the prediction.
    logging.getLogger("aiconfigurator_core").setLevel(logging.CRITICAL)
    return frozenset(import_module(f"{_CORE}.common").DefaultHFModels)


def _missing(what: str) -> UnpredictableError:
    return UnpredictableError(
        diagnostic(
            "AT030",
            f"the predictor aiconfigurator: {what}",
            help="pip install 'llm-autotune[predict]', or use --predictor roofline",
        )
    )


@functools.lru_cache(maxsize=1024)
def _ask(request: Request) -> Answer:
    tables = _tables(request.system, request.backend, request.version)
    try:
        summary = _estimate(request, tables)
        result = summary.get_result_dict()
    except Exception as error:
        text = str(error).strip().partition("\n")[0] or type(error).__name__
        raise cannot(text, None, "predict with the roofline") from error
    if summary.check_oom():
        what = f"by its reckoning the model and {request.batch_size} requests do not fit"
        raise cannot(what, "parallel.tp", "use more GPUs, quantization, or a lower scheduling.max_running_requests")
    return Answer(float(result["ttft"]), float(result["tpot"]), tables, bool(summary.check_kv_cache_oom()))


def _estimate(request: Request, tables: str) -> Any:
    """Its answer for one replica: an `InferenceSummary`."""
    builders, config = import_module(f"{_CORE}.config_builders"), import_module(f"{_CORE}.config")
    models, helpers = import_module(f"{_CORE}.models"), import_module(f"{_CORE}.models.helpers")
    database = import_module(f"{_CORE}.perf_database").get_database_view(
        request.system, request.backend, tables, database_mode="HYBRID"
    )
    asked = builders.build_model_config(
        request.tp, request.pp, request.attention_dp, request.moe_tp, request.moe_ep,
        gemm_quant_mode=request.gemm, moe_quant_mode=request.moe, kvcache_quant_mode=request.kvcache,
    )  # fmt: skip
    builders.apply_nextn(asked, request.nextn)
    helpers.resolve_context_fmha_by_data(asked, request.model, database, request.backend, is_context_role=True)
    helpers.resolve_nvfp4_for_system(asked, request.system, request.model, backend_name=request.backend)
    backend = import_module(f"{_CORE}.backends.factory").get_backend(request.backend)
    return backend.run_agg(
        models.get_model(request.model, asked, request.backend),
        database,
        config.RuntimeConfig(isl=request.isl, osl=request.osl, batch_size=request.batch_size, prefix=request.prefix),
        ctx_tokens=request.ctx_tokens,
        decode_tokens_per_iteration=request.tokens_per_iteration,
    )


def _tables(system: str, backend: str, wanted: str) -> str:
    """The newest version of an engine that there are tables of, not past the one wanted; the oldest where all are."""
    known = _supported().get(system, {}).get(backend, [])
    if not known:
        systems = sorted(name for name, backends in _supported().items() if backends.get(backend))
        path = "system.gpu" if system not in systems else "system.backend"
        raise cannot(f"it has no tables of {backend} on {system}", path, f"it has them for {', '.join(systems)}")
    ordered = sorted(known, key=Version)
    try:
        return next((version for version in reversed(ordered) if Version(version) <= Version(wanted)), ordered[0])
    except InvalidVersion:
        return ordered[-1]


@functools.cache
def _supported() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = import_module(f"{_CORE}.perf_database").get_supported_databases()
    return found
