"""The class of a failure, read from the engine's log: a table of what engines say, what it means and what to do.

The texts are those of vLLM 0.32 (collected from real runs where a CPU build shows them), SGLang, TensorRT-LLM,
PyTorch, NCCL and the Hugging Face Hub client. The first rule in the table that matches any line wins, and of its lines
the first: what engines print after it is the echo of the cause through their processes.
"""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

Phase = Literal["start", "benchmark"]

#: Classes that say nothing about the point: another try may well succeed.
TRANSIENT = frozenset({"infrastructure", "killed"})

#: Errors of the system that are the machine's, whatever was being done.
_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
)
_DISK_FULL = re.compile(r".*(No space left on device|Disk quota exceeded).*")

#: Lines of log kept with a failure.
TAIL_LINES = 60
_MESSAGE_CHARS = 600


class Rule(NamedTuple):
    """Lines that match `pattern` mean a failure of this kind. Group `message`, where there is one, is what is shown."""

    pattern: re.Pattern[str]
    kind: Literal["out_of_memory", "start_crash", "infrastructure"]
    remedy: str


def _rule(kind: Literal["out_of_memory", "start_crash", "infrastructure"], pattern: str, remedy: str) -> Rule:
    return Rule(re.compile(pattern), kind, remedy)


_SHARD = "raise parallel.tp, quantize the weights, lower scheduling.max_running_requests or scheduling.max_batched_tokens, or take a larger GPU"
_KV = "lower misc.context_length, raise memory.mem_fraction_static or parallel.tp, or quantize the KV cache"
_GPU = "look at the GPU with nvidia-smi; this is the machine, not the config"

RULES: tuple[Rule, ...] = (
    _rule("out_of_memory", r"CUDA out of memory|HIP out of memory|torch\.(cuda\.)?OutOfMemoryError|CUDA error: out of memory"
          r"|cudaErrorMemoryAllocation|CUBLAS_STATUS_ALLOC_FAILED", _SHARD),
    _rule("out_of_memory", r"[Ii]nsufficient GPU memory", _SHARD),
    _rule("out_of_memory", r"No available memory for the cache blocks|Not enough memory\. Please try to increase --mem-fraction-static",
          "raise memory.mem_fraction_static or parallel.tp: the weights leave no room for a KV cache"),
    _rule("out_of_memory", r"KV cache is needed, which is larger than the available KV cache memory"
          r"|larger than the maximum number of tokens that can be stored in KV cache", _KV),
    _rule("out_of_memory", r"on kv cache allocation is less than requested memory for kv",
          "lower VLLM_CPU_KVCACHE_SPACE in executor.env: it is more than the machine's free memory"),
    _rule("out_of_memory", r"DefaultCPUAllocator: can't allocate memory|^MemoryError\b|std::bad_alloc|Cannot allocate memory",
          "the host has too little memory: free some, or lower memory.cpu_offload_gb and memory.kv_offload_gb"),
    _rule("infrastructure", r"[Aa]ddress already in use|EADDRINUSE", "another process took the port; run the command again"),
    _rule("infrastructure", r"Free memory on device .* is less than desired GPU memory utilization",
          "another process holds GPU memory: end it, or lower memory.mem_fraction_static"),
    _rule("infrastructure", r"No CUDA GPUs are available|no CUDA-capable device|CUDA driver version is insufficient"
          r"|Failed to infer device type|uncorrectable ECC error|GPU is lost|fallen off the bus", _GPU),
    _rule("infrastructure", r"NCCL error|ncclSystemError|ncclInternalError|ncclUnhandledCudaError|ncclRemoteError",
          "the GPUs could not talk to each other; NCCL_DEBUG=INFO in executor.env says why"),
    _rule("infrastructure", r"No space left on device|Disk quota exceeded", "free disk space"),
    _rule("infrastructure", r"Temporary failure in name resolution|Max retries exceeded with url|Read timed out"
          r"|(429|50\d) (Client|Server) Error", "the model could not be downloaded: look at the network, or download it first"),
    _rule("start_crash", r"GatedRepoError|Access to model .* is restricted|(401|403) Client Error",
          "accept the model's licence on the Hub and set HF_TOKEN in the environment"),
    _rule("start_crash", r"RepositoryNotFoundError|LocalEntryNotFoundError|is not a local folder and is not a valid model identifier",
          "model.id or model.path names no model that can be found; look at the spelling, and download it where there is no network"),
    _rule("start_crash", r"unrecognized arguments:|No such option:|(unknown|unexpected) option",
          "this version of the engine has no such flag; set system.backend_version to the version installed"),
    _rule("start_crash", r"error: argument .*|Invalid value for ",
          "this version of the engine does not take that value; set system.backend_version to the version installed"),
    _rule("start_crash", r"(?P<message>User-specified max_model_len .*)", "lower misc.context_length, or leave it unset"),
    _rule("start_crash", r"must be divisible by tensor parallel size", "choose a parallel.tp that divides the attention heads"),
    _rule("start_crash", r"trust_remote_code=True", "set misc.trust_remote_code=true if you trust the code that comes with the model"),
    _rule("start_crash", r"Model architectures .* are not supported|does not recognize this architecture",
          "this version of the engine does not know the model's architecture; try a later one"),
    _rule("start_crash", r"Value error, (?P<message>.*)", "mend the setting that the message names"),
)  # fmt: skip

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# `(EngineCore pid=6514) ERROR 11-23 03:19:01 [core.py:1510] ` of vLLM, `[2026-11-23 03:19:01 TP0] ` of SGLang
_PREFIX = re.compile(
    r"^(\([^()]*pid=\d+\)\s*)?((?P<level>[A-Z]+)\s+\d\d-\d\d \d\d:\d\d:\d\d\s+\[[^\]]*\]\s?)?(\[\d{4}-[^\]]*\]\s*)?"
)
_QUIET = frozenset({"DEBUG", "INFO", "WARNING"})
_EXCEPTION = re.compile(r"^([A-Za-z_]\w*\.)*[A-Z]\w*(Error|Exception|Exit|Interrupt)\b")
_WRAPPER = re.compile(
    r"See root cause above|Engine core initialization failed|Engine process failed|EngineDeadError|worker died"
)
_SIGKILL = (-9, 137)


def classify(log_tail: str, exit_code: int | None, phase: Phase) -> Failure:
    """What ended, or kept from being ready, a server that printed `log_tail`.

    `exit_code` is None for one that still runs; a negative one, or 128 + n, is a signal. `phase` is when it happened:
    before the server was ready, or while it was measured.
    """
    lines = list(_lines(log_tail))
    tail = "\n".join(log_tail.splitlines()[-TAIL_LINES:])
    for rule in RULES:
        for line in lines:
            if hit := rule.pattern.search(line):
                return Failure(rule.kind, _message(hit.groupdict().get("message") or line), rule.remedy, tail)
    cause = _last_words(lines)
    if exit_code in _SIGKILL:
        what = f"the engine was killed (SIGKILL){f'; its last words: {cause}' if cause else ''}"
        return Failure(
            "killed", _message(what), "most often the kernel does this when host memory runs out; look at dmesg", tail
        )
    if exit_code is None:
        if phase == "start":
            return Failure("not_ready", _message(f"the server was not ready in time; last line of its log: {cause or 'none'}"),
                           "raise executor.ready_timeout_s if the model was still being loaded", tail)  # fmt: skip
        return Failure("benchmark", _message(cause or "the server stopped answering"), "read the server's log", tail)
    if phase == "start":
        return Failure("start_crash", _message(cause or f"the engine stopped with exit code {exit_code} and said nothing"),
                       "read the server's log; `autotune explain` shows who set each flag", tail)  # fmt: skip
    what = f"the engine stopped during the benchmark (exit code {exit_code}): {cause or 'it said nothing'}"
    return Failure("benchmark", _message(what), "read the server's log", tail)


def machine_failure(error: BaseException, log: str = "") -> Failure | None:
    """The failure of the machine that an exception, or what a load client printed, tells of; None where it tells of none."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _MACHINE:
            full = seen.errno in (errno.ENOSPC, errno.EDQUOT)
            return Failure("infrastructure", _message(str(seen)), "free disk space" if full else "look at the machine")
        seen = seen.__cause__ or seen.__context__
    if hit := _DISK_FULL.search(f"{error}\n{log}"):
        tail = "\n".join(log.splitlines()[-TAIL_LINES:])
        return Failure("infrastructure", _message(hit[0]), "free disk space", tail)
    return None


def _lines(log: str) -> Iterator[str]:
    """The lines that may hold a cause, without colours and log prefixes.

    Warnings quote errors that did not happen, and the source lines of a traceback errors that might.
    """
    for raw in log.splitlines():
        line = _ANSI.sub("", raw)
        hit = _PREFIX.match(line)
        if hit is not None and hit["level"] in _QUIET:
            continue
        line = line[hit.end() :] if hit else line
        if not line.startswith(("    ", '  File "')):
            yield line.rstrip()


def _last_words(lines: list[str]) -> str:
    """The last exception that is no wrapper around another, else the last line that says something."""
    errors = [line for line in lines if _EXCEPTION.match(line.strip())]
    causes = [line for line in errors if not _WRAPPER.search(line)]
    said = [line for line in lines if line.strip() and not line.startswith(" ")]
    for choice in (causes, errors, said):
        if choice:
            return choice[-1].strip()
    return ""


def _message(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _MESSAGE_CHARS else text[: _MESSAGE_CHARS - 1] + "…"
