"""What a client may have this machine do: engine settings, yes; its programs, files, environment and addresses, no.

Compiling, checking and emitting only make text, so there everything may be said. A run starts processes, so there a value
that names something of this machine must come from who has the machine: a profile's file, a config folder, not a request.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import Diagnostic, InputError, Source, diagnostic, unique
from autotune.engines import sglang, transformers, trtllm, vllm
from autotune.layers import get_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from autotune.compiled import CompiledPoint

#: What `executor.*` and `benchmark.*` may be set to by a client; everything else of these groups is the machine's.
_FREE = frozenset({
    "executor.name", "executor.speed", "executor.ready_timeout_s", "executor.start_timeout_s", "executor.stop_timeout_s",
    "executor.schedule_timeout_s", "executor.outage_timeout_s", "executor.cores_per_server", "executor.pin",
    "executor.devices", "executor.reach", "executor.pull", "executor.cpus_per_server", "executor.accelerator_type",
    "benchmark.tool", "benchmark.task", "benchmark.traffic_scenarios", "benchmark.num_concurrency", "benchmark.request_rate",
    "benchmark.max_time_s", "benchmark.max_requests", "benchmark.warmup", "benchmark.repeats", "benchmark.timeout_s",
    "benchmark.max_error_rate", "benchmark.request_params", "benchmark.dataset_sha256",
})  # fmt: skip
_GROUPS = ("executor", "benchmark")
#: Other paths that name something of this machine or of its cluster, or have code from elsewhere run.
_KEPT = {
    "misc.env": "environment variables",
    "misc.trust_remote_code": "code that comes with a model",
    "misc.load_format": "how weights are read, which may be by code of their own",
    "deploy.host_path": "a folder of this machine",
    "deploy.mount_path": "a mount",
    "deploy.pvc": "a volume of the cluster",
    "deploy.pvc_subpath": "a folder of a volume",
    "deploy.hf_token_secret": "a secret of the cluster",
    "deploy.namespace": "a namespace of the cluster",
    "deploy.node_selector": "nodes of the cluster",
}
#: Images that the engines' projects publish, without their tags.
_PUBLISHED = frozenset({
    *vllm.IMAGES.values(), sglang.IMAGE, trtllm.IMAGE, *(name.partition(":")[0] for name in transformers.IMAGES.values()),
})  # fmt: skip
#: Names of models; the engine takes a path in their place too.
_MODELS = ("model.id", "model.path", "model.tokenizer", "misc.speculative.model")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
#: Engine flags that load code or open the server, whatever they are set to, by a part of their name.
_CODE_FLAG = re.compile(r"trust|remote|code|plugin|middleware|import|insecure|allow|host|port|ssl", re.IGNORECASE)
#: Engine flags that may open files, fetch addresses or load code by what they are set to; a number is neither.
_NAMING_FLAG = re.compile(
    r"cls|class|template|config|dir|path|file|module|processor|parser|key|load|url|address|addr|otlp|lora|media|executor|"
    r"transfer|env|log|trace|profil|api|model|token",
    re.IGNORECASE,
)
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def admit(points: Iterable[CompiledPoint], executor: str) -> None:
    """Raise InputError (AT080) with everything that a request says about this machine and may not.

    `executor` is the one that runs them. An emulated engine takes no flags, no image and no variables, so they are let
    pass there; names of models and everything about the load client are not.
    """
    found = unique(item for point in points for item in _refused(point, emulated=executor == "emulated"))
    if found:
        raise InputError(*found)


def keeps_to_engine(writes: Mapping[tuple[str, ...], Any], emulated: bool = False) -> Iterator[tuple[str, str]]:
    """(path, what it names) for each of these values that a client may not set."""
    for path, value in writes.items():
        dotted = ".".join(path)
        if value is not None and (what := _names(dotted, value, emulated=emulated)) is not None:
            yield dotted, what


def _refused(point: CompiledPoint, *, emulated: bool) -> Iterator[Diagnostic]:
    for dotted, writer in point.origin.items():
        if writer.source not in (Source.USER, Source.SWEEP) or (writer.file and writer.override):
            continue  # a profile, a default, or the file of the option that was chosen
        value = get_path(point.data, tuple(dotted.split(".")))
        if value is None or (what := _names(dotted, value, emulated=emulated)) is None:
            continue
        yield diagnostic(
            "AT080", f"{dotted} names {what}, which a request may not", path=dotted, writer=writer,
            help="set it in a profile on the machine that serves the page, or use the command line there",
        )  # fmt: skip


def _names(dotted: str, value: Any, *, emulated: bool) -> str | None:
    """What of this machine a value names; None where it may be said."""
    group, _, field = dotted.partition(".")
    if group in _GROUPS:
        known = ".".join((group, field.split(".")[0]))
        return None if known in _FREE else "a program, a file or an address of this machine"
    if dotted in _MODELS:
        return None if isinstance(value, str) and _is_hub_name(value) else "a folder"
    if dotted == "optimization.calibration":
        return "a file" if "/" in str(value) or str(value).endswith(".json") else None
    if emulated:
        return None
    if dotted == "system.image":
        return None if _is_published(str(value)) else "an image that is not the engine's own"
    for kept, what in _KEPT.items():
        if dotted == kept or dotted.startswith(f"{kept}."):
            return what
    if dotted.startswith("misc.extra_args"):
        return _risk(dotted, value)
    return None


def _risk(dotted: str, value: Any) -> str | None:
    flags = value if dotted == "misc.extra_args" else {dotted.removeprefix("misc.extra_args."): value}
    for flag, said in flags.items() if isinstance(flags, dict) else ():
        number = said is None or isinstance(said, (bool, int, float))
        word = _PLAIN_WORD.fullmatch(str(said)) is not None and not _NAMING_FLAG.search(flag)
        if _CODE_FLAG.search(flag) or not (number or word):
            return f"an engine flag ({flag}) that may open files, addresses or code"
    return None


def _is_hub_name(value: str) -> bool:
    return _HUB_NAME.fullmatch(value) is not None and ".." not in value


def _is_published(image: str) -> bool:
    """Whether an image is the engine's own, whatever its tag or digest is."""
    name = image.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return (head if colon and "/" not in tag else name) in _PUBLISHED
