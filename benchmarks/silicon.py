"""Measured serving landscapes: the published rows of aiconfigurator-core (Apache-2.0), as points, metrics and predictions.

`systems/silicon_sample.csv` in the wheel of aiconfigurator-core 0.12.0 holds TTFT and TPOT of some five thousand real
deployments. A landscape is what was measured of one model on one system for one input and output length, aggregated
serving, 30 different configs or more. The file is read from where the package is installed, or from a path; it is not part
of this repository.
"""

from __future__ import annotations

import csv
import importlib.util
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotune.catalog import builtin_catalog, find_gpu, get_model
from autotune.engines.engine import Facts
from autotune.metrics import Load
from autotune.predict import Roofline
from autotune.schema import Config

PACKAGE = "aiconfigurator_core"
VERSION = "0.12.0"
LEAST_CONFIGS = 30
THROUGHPUT, TPOT, TTFT = "output_tokens_per_s_per_gpu", "tpot_ms", "ttft_ms"
WORDS = ("backend", "backend_version", "precision", "gemm_quant_mode", "moe_quant_mode")
NUMBERS = ("batch_size", "tp_size", "pp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size")
#: Which models choices were made on; what is reported is of the others.
CHOSEN_ON = ("DeepSeek-R1", "DeepSeek-V3", "Qwen3-32B", "MiniMax-M2.5")

_GEMM = {"fp8": "fp8", "fp8_block": "fp8_block", "nvfp4": "nvfp4", "int4_wo": "w4a16", "": None}
#: Requests of each client: the rows do not say.
_ROUNDS = 10
#: Checkpoints that are published in one format, which the rows name as they like.
_OWN_FORMAT = ("gpt-oss-120b", "gpt-oss-20b")


@dataclass(frozen=True)
class Landscape:
    """`points`, `measured` and `predicted` run in parallel; a point has only what differs within the landscape."""

    model: str
    system: str
    isl: int
    osl: int
    points: list[dict[str, Any]]
    measured: list[dict[str, float]]
    predicted: list[dict[str, float]]
    groups: list[tuple[str, str, str]]
    """Engine, GPU and format of each point: what calibration factors are fitted by."""

    @property
    def name(self) -> str:
        return f"{self.model} {self.system} {self.isl}/{self.osl}"

    @property
    def held_out(self) -> bool:
        """Whether it is of the half that results are reported on."""
        return self.model not in CHOSEN_ON


def find_rows(path: str | None = None) -> Path:
    """The file of rows: the path given (a file, or a folder that holds it), or the installed package's."""
    if path is None:
        found = importlib.util.find_spec(PACKAGE)
        if found is None or found.origin is None:
            raise SystemExit(
                f"{PACKAGE} is not installed: `pip install --no-deps aiconfigurator-core=={VERSION}`, or give the path of silicon_sample.csv"
            )
        path = str(Path(found.origin).parent)
    whole = Path(path)
    if whole.is_file():
        return whole
    hits = sorted(whole.rglob("silicon_sample.csv"))
    if not hits:
        raise SystemExit(f"no silicon_sample.csv under {whole}")
    return hits[0]


def landscapes(path: str | None = None) -> list[Landscape]:
    """Every landscape, by name. Rows that repeat a config are joined by their geometric mean."""
    groups: dict[tuple[str, str, int, int], dict[tuple[Any, ...], list[dict[str, str]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    with find_rows(path).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["mode"] == "agg" and row["silicon_ttft_ms"] and row["silicon_tpot_ms"]:
                key = (row["model_path"].rpartition("/")[2], row["system"], int(row["isl"]), int(row["osl"]))
                groups[key][tuple(row[name] for name in (*WORDS, *NUMBERS))].append(row)
    return [_landscape(key, list(rows.values())) for key, rows in sorted(groups.items()) if len(rows) >= LEAST_CONFIGS]


def _landscape(key: tuple[str, str, int, int], configs: list[list[dict[str, str]]]) -> Landscape:
    model, system, isl, osl = key
    points = [
        {**{name: rows[0][name] for name in WORDS}, **{name: int(rows[0][name] or 1) for name in NUMBERS}}
        for rows in configs
    ]
    measured = []
    for point, rows in zip(points, configs, strict=True):
        ttft, tpot = (_mean([float(row[name]) for row in rows]) for name in ("silicon_ttft_ms", "silicon_tpot_ms"))
        requests = point["batch_size"] * point["attention_dp_size"]
        gpus = point["tp_size"] * point["pp_size"] * point["attention_dp_size"]
        throughput = requests * osl * 1000 / (ttft + (osl - 1) * tpot) / gpus
        measured.append({TTFT: ttft, TPOT: tpot, THROUGHPUT: throughput})
    predicted = [predict(model, system, isl, osl, point) for point in points]
    differing = [name for name in points[0] if len({point[name] for point in points}) > 1]
    groups = [(point["backend"], system, point["gemm_quant_mode"] or "bf16") for point in points]
    return Landscape(
        model,
        system,
        isl,
        osl,
        [{name: point[name] for name in differing} for point in points],
        measured,
        predicted,
        groups,
    )


def predict(model: str, system: str, isl: int, osl: int, point: dict[str, Any]) -> dict[str, float]:
    """The roofline's metrics of one config. Assumed where the rows do not say: ten requests for each client, an FP8 KV
    cache for FP4 weights and for TensorRT-LLM's FP8.
    """
    engine, requests = point["backend"], point["batch_size"] * point["attention_dp_size"]
    gpu = find_gpu(builtin_catalog(), system)
    tp, dp = point["tp_size"], point["attention_dp_size"]
    parallel: dict[str, Any] = {"tp": tp, "pp": point["pp_size"]}
    if dp > 1 and engine != "vllm":
        parallel |= {"tp": tp * dp, "dp_attention": True} | ({"dp": dp} if engine == "sglang" else {})
    elif dp > 1:
        parallel |= {"dp": dp}
    if point["moe_ep_size"] > 1:
        parallel["ep"] = point["moe_ep_size"]
    fp8_cache = point["precision"] == "fp4" or (engine == "trtllm" and point["precision"] == "fp8")
    config = Config.model_validate(
        {
            "model": {"id": model},
            "misc": {"context_length": isl + osl + 256},
            "parallel": parallel,
            "quantization": {
                "gemm_mode": None if model in _OWN_FORMAT else _GEMM[point["gemm_quant_mode"]],
                "moe_mode": None if model in _OWN_FORMAT else _GEMM[point["moe_quant_mode"]],
                "kvcache_mode": "fp8" if fp8_cache else None,
            },
            "benchmark": {"max_requests": max(1, requests * _ROUNDS)},
        }
    )
    facts = Facts(get_model(model), gpu, gpu.gpus_per_node or 8, engine, "1.0")
    found = Roofline().predict(config, facts, Load(f"D({isl},{osl})", requests)).measurement
    ttft, tpot = found.ttft_ms["mean"], found.tpot_ms["mean"]
    gpus = tp * point["pp_size"] * dp
    return {TTFT: ttft, TPOT: tpot, THROUGHPUT: requests * osl * 1000 / (ttft + (osl - 1) * tpot) / gpus}


def _mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
