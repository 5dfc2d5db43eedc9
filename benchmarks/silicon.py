"""Published measurements as autotune's own types: the rows that ship with aiconfigurator-core 0.12.0.

    from silicon import landscapes
    for landscape in landscapes():           # or landscapes("path/to/silicon_sample.csv")
        landscape.rows[0].point, .measured, .predicted

The file is `aiconfigurator_core/systems/silicon_sample.csv` (Apache-2.0) in the wheel of aiconfigurator-core; it is read where
that is installed or from a path, and is not part of this repository. Aggregated serving only. Rows of one config and load are
one row, the geometric mean of their figures.

What the file leaves out or has wrong, and how it is read here:

- Most rows are runs of InferenceMAX (now SemiAnalysisAI/InferenceX). It draws token counts evenly between 0.8 and 1 of the
  nominal ones (`--random-range-ratio 0.8`) and sends ten requests for each client; `inference_max.py` has what its scripts say of
  the servers, and which rows speculated. Of the others we know neither: ten requests, fixed lengths, engine defaults.
- Where experts are spread by `ep` or attention is data parallel, `tp_size` or `attention_dp_size` holds a product: rows
  of 64 GPUs for servers of eight, whose figures are those of another row that says 8, to the last digit. The GPUs are
  `moe_tp_size` then, which holds the server's tp. Rows that stay inconsistent, and those of more than 8 GPUs in one server
  (totals of disaggregated racks), are left out.
- 181 rows of DeepSeek-V3 are the same measurements as those of DeepSeek-R1: landscapes that share any have one `family`, and a
  fit that leaves one out must leave out the other.
"""

from __future__ import annotations

import csv
import importlib.util
import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference_max import drafts, settings

from autotune.catalog import builtin_catalog, find_gpu, get_model
from autotune.engines.engine import Facts
from autotune.metrics import Load
from autotune.predict import PREDICTORS, Predictor
from autotune.schema import Config

TTFT, TPOT, RATE = "ttft_ms", "tpot_ms", "output_tokens_per_s_per_gpu"

#: (model in the file, precision) -> catalog. Llama-3.1-70B in nvfp4 has the shape of the checkpoint of 3.3.
_MODELS = {
    ("DeepSeek-R1", "fp8"): "deepseek-ai/DeepSeek-R1",
    ("DeepSeek-R1", "fp4"): "nvidia/DeepSeek-R1-0528-NVFP4-v2",
    ("DeepSeek-R1-NVFP4", "fp4"): "nvidia/DeepSeek-R1-0528-NVFP4-v2",
    ("DeepSeek-V3", "fp8"): "deepseek-ai/DeepSeek-V3",
    ("DeepSeek-V3", "fp4"): "nvidia/DeepSeek-R1-0528-NVFP4-v2",
    ("DeepSeek-V3.1-NVFP4", "fp4"): "nvidia/DeepSeek-V3.1-NVFP4",
    ("MiniMax-M2.5", "fp8"): "MiniMaxAI/MiniMax-M2.5",
    ("MiniMax-M2.5", "fp4"): "nvidia/MiniMax-M2.5-NVFP4",
    ("gpt-oss-120b", "fp4"): "openai/gpt-oss-120b",
    ("gpt-oss-120b", "fp8"): "openai/gpt-oss-120b",
    ("Llama-3.1-70B", "fp8"): "nvidia/Llama-3.1-70B-Instruct-FP8",
    ("Llama-3.1-70B", "fp4"): "nvidia/Llama-3.3-70B-Instruct-NVFP4",
    ("Llama-3.1-8B-Instruct", ""): "meta-llama/Llama-3.1-8B-Instruct",
    ("Llama-3.1-8B-Instruct", "fp8"): "nvidia/Llama-3.1-8B-Instruct-FP8",
    ("Llama-3.1-8B-Instruct-FP8", "fp8"): "nvidia/Llama-3.1-8B-Instruct-FP8",
    ("Qwen3-32B", ""): "Qwen/Qwen3-32B",
    ("Qwen3-32B", "fp8"): "Qwen/Qwen3-32B-FP8-Static-PerTensor",
    ("Qwen3-235B-A22B-FP8", "fp8"): "Qwen/Qwen3-235B-A22B-FP8",
    ("Qwen3.5-397B-A17B", "bf16"): "Qwen/Qwen3.5-397B-A17B",
    ("Qwen3.5-397B-A17B", "fp8"): "Qwen/Qwen3.5-397B-A17B-FP8",
    ("Qwen3.5-397B-A17B", "fp4"): "nvidia/Qwen3.5-397B-A17B-NVFP4",
    ("Kimi-K2.5", "int4"): "moonshotai/Kimi-K2.5",
    ("Kimi-K2.5", "fp4"): "nvidia/Kimi-K2.5-NVFP4",
    ("GLM-5", "fp8"): "zai-org/GLM-5-FP8",
    ("GLM-5", "fp4"): "nvidia/GLM-5-NVFP4",
}

_DATE = re.compile(r"measured=(\d{4}-\d{2}-\d{2})")
_CONCURRENCY = re.compile(r"silicon_concurrency=(\d+)")
_SETTINGS = (
    "backend", "backend_version", "precision", "gemm_quant_mode", "moe_quant_mode",
    "tp", "pp", "dp", "moe_tp", "moe_ep", "nextn", "gpus", "batch", "concurrency",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One config under one load. `point` is flat: the file's words for engine and formats, parallel sizes as corrected, `batch`
    (requests at once for each data parallel rank), `concurrency`, `gpus`. `measured` and `predicted` have ttft_ms, tpot_ms
    and output_tokens_per_s_per_gpu. `sources` tells measurements apart.
    """

    point: dict[str, Any]
    config: Config
    facts: Facts
    load: Load
    measured: dict[str, float]
    predicted: dict[str, float] = field(default_factory=dict)
    sources: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Landscape:
    """The measured points of one model, GPU, ISL and OSL. `family`: see above."""

    name: str
    model: str
    system: str
    isl: int
    osl: int
    rows: tuple[Row, ...]
    family: str = ""


def landscapes(
    path: str | Path | None = None, *, least: int = 30, predictor: Predictor | None = None
) -> list[Landscape]:
    """Landscapes of at least `least` rows, by name. Raises FileNotFoundError without a path where the package is missing."""
    with find_rows(path).open(newline="") as file:
        raw = [row for row in csv.DictReader(file) if row["mode"] == "agg"]
    read = [point for row in raw if (point := read_point(row)) is not None]
    points: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for point in drafts(read):
        points[tuple(point[name] for name in ("model", "system", "isl", "osl", *_SETTINGS))].append(point)
    groups: dict[tuple[str, str, int, int], list[Row]] = defaultdict(list)
    for same in points.values():
        first = same[0]
        groups[first["model"], first["system"], first["isl"], first["osl"]].append(
            make_row(same, predictor or PREDICTORS["roofline"])
        )
    found = [
        Landscape(f"{model} {system} {isl}/{osl}", model, system, isl, osl, tuple(rows))
        for (model, system, isl, osl), rows in sorted(groups.items())
        if len(rows) >= least
    ]
    return with_families(found)


def find_rows(path: str | Path | None = None) -> Path:
    """Where the measurements are: at `path`, else in the installed package."""
    if path is not None:
        return Path(path)
    spec = importlib.util.find_spec("aiconfigurator_core")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("aiconfigurator-core is not installed; give the path of its systems/silicon_sample.csv")
    return Path(spec.origin).parent / "systems" / "silicon_sample.csv"


def read_point(row: dict[str, str]) -> dict[str, Any] | None:
    """One row of the file with its parallel sizes put right; None for one that cannot be read as a single server."""
    model = row["model_path"].split("/")[-1]
    if (model, row["precision"]) not in _MODELS or not row["silicon_ttft_ms"] or not row["silicon_tpot_ms"]:
        return None
    facts = get_model(_MODELS[model, row["precision"]])
    tp, pp, dp, moe_tp, moe_ep, batch = (
        max(1, int(row[name] or 1))
        for name in ("tp_size", "pp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size", "batch_size")
    )
    inference_max = "/Users/" not in row["silicon_data_source"]
    dated = _DATE.search(row["silicon_data_source"])
    stated = _CONCURRENCY.search(row["silicon_data_source"])
    concurrency = int(stated[1]) if stated else batch * dp
    if facts.is_moe:
        if inference_max and tp > 1 and dp > 1:
            tp, dp, moe_tp, moe_ep = 1, tp, 1, tp
        elif inference_max and moe_tp > 1 and moe_ep > 1:
            gpus = moe_tp
            tp, dp = (1, gpus) if dp > 1 else (gpus, 1)
            moe_tp = gpus // moe_ep
        if tp * dp != moe_tp * moe_ep:
            return None
    else:
        moe_tp = moe_ep = 1
    if tp * pp * dp > 8:
        return None
    point = {
        "model": model, "system": row["system"], "isl": int(row["isl"]), "osl": int(row["osl"]),
        "backend": row["backend"], "backend_version": row["backend_version"], "precision": row["precision"],
        "gemm_quant_mode": row["gemm_quant_mode"], "moe_quant_mode": row["moe_quant_mode"],
        "tp": tp, "pp": pp, "dp": dp, "moe_tp": moe_tp, "moe_ep": moe_ep, "gpus": tp * pp * dp,
        "batch": max(1, concurrency // dp), "concurrency": concurrency, "inference_max": inference_max,
        TTFT: float(row["silicon_ttft_ms"]), TPOT: float(row["silicon_tpot_ms"]),
        "source": (row["silicon_ttft_ms"], row["silicon_tpot_ms"]), "measured": dated[1] if dated else "", "nextn": 0,
    }  # fmt: skip
    return point if point[TTFT] > 0 and point[TPOT] > 0 else None


def make_row(same: list[dict[str, Any]], predictor: Predictor) -> Row:
    """One row from all measurements of a config and load, with what the predictor says of it."""
    point = same[0]
    facts = Facts(
        get_model(_MODELS[point["model"], point["precision"]]),
        find_gpu(builtin_catalog(), point["system"]),
        8,
        point["backend"],
        point["backend_version"] or "1.0",
    )
    isl, osl, concurrency = point["isl"], point["osl"], point["concurrency"]
    scenario = f"U({isl * 8 // 10},{isl})/({osl * 8 // 10},{osl})" if point["inference_max"] else f"D({isl},{osl})"
    groups = settings(point) if point["inference_max"] else defaults(point)
    sglang_dp = point["backend"] == "sglang" and point["dp"] > 1
    trtllm_dp = point["backend"] == "trtllm" and point["dp"] > 1
    parallel = {
        "tp": point["gpus"] if sglang_dp or trtllm_dp else point["tp"],
        "dp": None if trtllm_dp else point["dp"],
        "pp": point["pp"],
        "ep": point["moe_ep"] if facts.model.is_moe else None,
        "dp_attention": (sglang_dp or trtllm_dp) or None,
    }
    config = Config.model_validate(
        {
            "model": {"id": facts.model.id},
            "runtime": {"isl": isl, "osl": osl, "nextn": point["nextn"] or None},
            "parallel": parallel,
            "benchmark": {"max_requests": 10 * concurrency, "num_concurrency": [concurrency]},
            "misc": {"context_length": isl + osl + 256},
            **groups,
        }
    )
    load = Load(scenario, concurrency)
    measured = {name: math.exp(sum(math.log(item[name]) for item in same) / len(same)) for name in (TTFT, TPOT)}
    measured[RATE] = rate(point, measured[TTFT], measured[TPOT])
    found = predictor.predict(config, facts, load).measurement
    predicted = {TTFT: found.ttft_ms["mean"], TPOT: found.tpot_ms["mean"]}
    predicted[RATE] = rate(point, predicted[TTFT], predicted[TPOT])
    flat = {name: point[name] for name in _SETTINGS}
    return Row(flat, config, facts, load, measured, predicted, frozenset(item["source"] for item in same))


def rate(point: dict[str, Any], ttft_ms: float, tpot_ms: float) -> float:
    """Output tokens/s/GPU of a closed loop by Little's law, with the nominal tokens, as the file has no rates."""
    osl = point["osl"]
    return point["concurrency"] * osl * 1000 / (ttft_ms + (osl - 1) * tpot_ms) / point["gpus"]


def defaults(point: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """TensorRT-LLM keeps the KV cache of an fp8 or nvfp4 checkpoint in fp8, as the checkpoint says."""
    fp8 = point["backend"] == "trtllm" and point["precision"] in ("fp8", "fp4")
    return {"quantization": {"kvcache_mode": "fp8"}} if fp8 else {}


def with_families(found: list[Landscape]) -> list[Landscape]:
    """Landscapes that share a measurement get one family: the name of the first of them."""
    family = {item.name: item.name for item in found}
    owner: dict[tuple[str, str], str] = {}
    for item in found:
        for source in (source for row in item.rows for source in row.sources):
            other = owner.setdefault(source, item.name)
            old, new = family[item.name], family[other]
            if old != new:
                family = {name: new if group == old else group for name, group in family.items()}
    return [
        Landscape(item.name, item.model, item.system, item.isl, item.osl, item.rows, family[item.name])
        for item in found
    ]
