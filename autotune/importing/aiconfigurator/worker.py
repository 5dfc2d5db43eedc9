"""The servers that aiconfigurator would start, as the engine's own commands.

`run_0.sh` starts them through Dynamo: `python3 -m dynamo.vllm --model "$MODEL_PATH" ...`. What follows are the engine's own
flags and some of Dynamo's; TensorRT-LLM's stand in a file of its own. A folder without that script (other deployment
targets) still has the sizes in `generator_config.yaml`, and they are used then.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml

from autotune.importing.found_server import FoundServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autotune.importing.aiconfigurator.folder import Choice

_SCRIPT = "run_0.sh"
_COMMAND = re.compile(r"python3? -m dynamo\.(vllm|sglang|trtllm)\b(.*?)(?:2>&1|\Z)", re.DOTALL)
#: Flags of Dynamo's wrappers, and of the transfer between roles, which the router of a task sets by itself.
_DYNAMO = ("--disaggregation-mode", "--kv-transfer-config", "--disaggregation-transfer-backend", "--model", "--model-path",
           "--served-model-name", "--extra-engine-args")  # fmt: skip
#: Where TensorRT-LLM's file stands in a container of Dynamo.
_CONFIG = "/workspace/engine_configs/"
#: Defaults of TensorRT-LLM that no config path gives.
_TRTLLM_DEFAULTS = {"print_iter_log": False, "kv_cache_config.dtype": "auto"}


@dataclass(frozen=True, slots=True)
class Worker:
    """One server: `role` is agg, prefill or decode, `copies` how many of it a replica has.

    `settled` is what was written otherwise and means the same, as text for people.
    """

    role: str
    server: FoundServer
    copies: int = 1
    transfer: str | None = None
    settled: tuple[str, ...] = ()


def workers_of(choice: Choice, where: str) -> list[Worker]:
    """The servers of one replica, prefill before decode. Raises ValueError where the choice names no engine that is known."""
    if choice.engine not in ("vllm", "sglang", "trtllm"):
        raise ValueError(f"its engine is {choice.engine or 'not named'}; vllm, sglang and trtllm are known")
    if float(choice.row.get("(e)workers") or 0):
        raise ValueError("it has workers that only encode images, for which a task has no place")
    found = list(_scripted(choice, where)) or list(_generated(choice, where))
    order = {"agg": 0, "prefill": 1, "decode": 2}
    roles = [item.role for item in found]
    if sorted(roles) not in (["agg"], ["decode", "prefill"]):
        raise ValueError(f"its servers are {', '.join(roles) or 'none'}; one, or prefill and decode, are known")
    return sorted(found, key=lambda item: order[item.role])


def _scripted(choice: Choice, where: str) -> Iterator[Worker]:
    text = choice.files.get(_SCRIPT, "")
    for match in _COMMAND.finditer(text):
        engine, rest = match[1], re.sub(r"\\\n", " ", match[2])
        words = shlex.split(rest)
        named = _flags(words)
        role = named.get("--disaggregation-mode", "agg")
        kept = _without(words, _DYNAMO)
        files: dict[str, str] = {}
        settled: tuple[str, ...] = ()
        if engine == "trtllm":
            file = f"{role}_config.yaml"
            content, settled = _settled(choice.files.get(file, "{}"))
            files = {_CONFIG + file: content}
            kept += ["--extra_llm_api_options", _CONFIG + file]
        argv = _argv(engine, model_of(choice), kept)
        yield Worker(
            role,
            FoundServer(where, argv=argv, files=files),
            _copies(choice, role),
            named.get("--disaggregation-transfer-backend"),
            settled,
        )


def _generated(choice: Choice, where: str) -> Iterator[Worker]:
    """From the sizes alone: what `params` of generator_config.yaml names, else the columns of the row."""
    roles = ("prefill", "decode") if choice.disaggregated else ("agg",)
    params = choice.generated.get("params") or {}
    for role in roles:
        mark = f"({role[0]})" if choice.disaggregated else ""
        given = params.get(role) or {
            "tensor_parallel_size": choice.row.get(f"{mark}tp"),
            "pipeline_parallel_size": choice.row.get(f"{mark}pp"),
            "data_parallel_size": choice.row.get(f"{mark}dp"),
            "moe_expert_parallel_size": choice.row.get(f"{mark}moe_ep"),
            "max_batch_size": choice.row.get(f"{mark}bs"),
        }
        yield Worker(role, FoundServer(where, argv=_argv(choice.engine, model_of(choice), _sizes(choice.engine, given))), _copies(choice, role))  # fmt: skip


def _sizes(engine: str, given: Mapping[str, Any]) -> list[str]:
    """Flags for the parallel sizes and for the batch, in the engine's words.

    aiconfigurator counts tensor parallel ranks of the attention; SGLang and TensorRT-LLM count all ranks of a replica.
    """
    sizes = ("tensor", "pipeline", "data", "moe_expert")
    tp, pp, dp, ep = (int(float(given.get(f"{name}_parallel_size") or 1)) for name in sizes)
    batch = str(int(float(given.get("max_batch_size") or 0))) if given.get("max_batch_size") else None
    names = {
        "vllm": ("--tensor-parallel-size", "--pipeline-parallel-size", "--data-parallel-size", "--max-num-seqs"),
        "sglang": ("--tp-size", "--pp-size", "--dp-size", "--max-running-requests"),
        "trtllm": ("--tp_size", "--pp_size", None, "--max_batch_size"),
    }[engine]
    ranks = tp if engine == "vllm" else tp * dp
    words: list[str] = []
    for name, value in zip(names, (str(ranks), str(pp), str(dp) if dp > 1 else None, batch), strict=True):
        words += [name, value] if name is not None and value is not None else []
    if engine == "sglang" and dp > 1:
        words.append("--enable-dp-attention")
    if ep > 1:
        words += {"vllm": ["--enable-expert-parallel"], "sglang": ["--ep-size", str(ep)]}.get(
            engine, ["--ep_size", str(ep)]
        )
    return words


def model_of(choice: Choice) -> str:
    """The model's name."""
    service = choice.generated.get("ServiceConfig") or {}
    return str(service.get("served_model_path") or service.get("model_path") or choice.text("model"))


def _argv(engine: str, model: str, flags: Sequence[str]) -> tuple[str, ...]:
    match engine:
        case "vllm":
            return ("vllm", "serve", model, *flags)
        case "sglang":
            return ("python3", "-m", "sglang.launch_server", "--model-path", model, *flags)
        case _:
            return ("trtllm-serve", model, *flags)


def _copies(choice: Choice, role: str) -> int:
    """Servers of a role in one replica: the row's, not those of the whole deployment."""
    text = choice.row.get(f"({role[0]})workers", "") if role != "agg" else ""
    return int(float(text)) if text else 1


def _flags(words: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in pairwise(words) if name.startswith("--")}


def _without(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """The words without those flags and the one value of each."""
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in names:
            skip = True
        else:
            kept.append(word)
    return kept


def _settled(text: str) -> tuple[str, tuple[str, ...]]:
    """TensorRT-LLM's file without defaults, its CUDA graph sizes each once and in order, and what that changed."""
    data = yaml.safe_load(text) or {}
    dropped = []
    for path, default in _TRTLLM_DEFAULTS.items():
        group, _, key = path.rpartition(".")
        inside = data.get(group, {}) if group else data
        if key in inside and inside[key] == default:
            del inside[key]
            dropped.append(f"{path}: {str(default).lower()} is the default")
    graphs = data.get("cuda_graph_config") or {}
    sizes = graphs.get("batch_sizes")
    if isinstance(sizes, list) and sizes != sorted(set(sizes)):
        graphs["batch_sizes"] = sorted(set(sizes))
        dropped.append("cuda_graph_config.batch_sizes: each size once, in order")
    data.pop("cache_transceiver_config", None)
    return yaml.safe_dump(data, sort_keys=False), tuple(dropped)
