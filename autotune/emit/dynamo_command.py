"""An engine's command as Dynamo's worker takes it: `python3 -m dynamo.vllm ...` and its like.

A worker is the engine without its HTTP server, which is Dynamo's Frontend: what belongs to the server is left out where
Dynamo decides it (address, port), said in Dynamo's way where it can be (parsers), and refused where it cannot. Read from
https://github.com/ai-dynamo/dynamo/tree/main/components/src/dynamo: {vllm,sglang,trtllm}/args.py,
trtllm/backend_args.py and common/configuration/groups/runtime_args.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.diagnostics import suggest
from autotune.emit.dynamo_parsers import REASONING, TOOLS
from autotune.emit.faults import fault
from autotune.engines.disagg import ROLE_LABEL
from autotune.engines.vllm_frontend import FRONTEND_FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment


class WorkerCommand(NamedTuple):
    """The worker's command line, and AT029 for what it cannot say."""

    argv: tuple[str, ...]
    faults: tuple[Diagnostic, ...]


class _Part(NamedTuple):
    """One flag with its values, as written."""

    flag: str
    values: list[str]
    words: list[str]


#: trtllm-serve's flags that dynamo.trtllm has under another name; both ways to name the file are one way there.
_TRTLLM_FLAGS = {
    "--served_model_name": "--served-model-name",
    "--tp_size": "--tensor-parallel-size",
    "--pp_size": "--pipeline-parallel-size",
    "--ep_size": "--expert-parallel-size",
    "--max_batch_size": "--max-batch-size",
    "--max_num_tokens": "--max-num-tokens",
    "--max_seq_len": "--max-seq-len",
    "--max_beam_width": "--max-beam-width",
    "--gpus_per_node": "--gpus-per-node",
    "--config": "--extra-engine-args",
    "--extra_llm_api_options": "--extra-engine-args",
    "--tool_parser": "--tool-call-parser",
    "--reasoning_parser": "--reasoning-parser",
}
#: Those that are arguments of its LLM class, and so go into `--override-engine-args`, which takes any of them as JSON.
_TRTLLM_ARGUMENTS = {
    "--trust_remote_code": "trust_remote_code",
    "--tokenizer": "tokenizer",
    "--revision": "revision",
    "--cp_size": "context_parallel_size",
}


def worker_command(deployment: Deployment) -> WorkerCommand:
    """The command of one worker of an engine that Dynamo runs."""
    return _WRITERS[deployment.engine](deployment)


def _vllm(deployment: Deployment) -> WorkerCommand:
    if deployment.argv[:2] != ("vllm", "serve") or deployment.argv[2:3] in ((), ("",)):
        return _not_the_engine(deployment, "vllm serve MODEL")
    argv = ["python3", "-m", "dynamo.vllm", "--model", deployment.argv[2]]
    faults: list[Diagnostic] = []
    for part in _parts(deployment.argv[3:]):
        name = part.flag.replace("_", "-")
        if name in ("--host", "--port", "--enable-auto-tool-choice"):
            continue
        if name == "--tool-call-parser":
            _add_parser("tool", part, deployment, argv, faults)
        elif name in FRONTEND_FLAGS:
            faults.append(_owned(part.flag))
        elif name == "--served-model-name" and len(part.values) > 1:
            faults.append(fault("Dynamo serves a vLLM model under one name", "model.aliases", "drop the aliases"))
        else:
            argv += part.words
            if name == "--reasoning-parser":
                # The engine's own still decides where guided decoding begins; Dynamo's takes the answer apart.
                _add_parser("reasoning", part, deployment, argv, faults)
    return WorkerCommand(tuple(argv), tuple(faults))


def _sglang(deployment: Deployment) -> WorkerCommand:
    if deployment.argv[:3] != ("python3", "-m", "sglang.launch_server"):
        return _not_the_engine(deployment, "python3 -m sglang.launch_server")
    argv = ["python3", "-m", "dynamo.sglang"]
    faults: list[Diagnostic] = []
    for part in _parts(deployment.argv[3:]):
        # The address stays: a prefill worker's bootstrap server listens there, and the default is the loopback one.
        if part.flag == "--port":
            continue
        if part.flag == "--tool-call-parser":
            _add_parser("tool", part, deployment, argv, faults)
        elif part.flag == "--schedule-low-priority-values-first":
            faults.append(
                fault(
                    "Dynamo's SGLang workers refuse --schedule-low-priority-values-first: for them a higher priority is first",
                    "scheduling.policy",
                    "choose another policy",
                )
            )
        elif part.flag == "--api-key":
            faults.append(_owned(part.flag))
        else:
            argv += part.words
            if part.flag == "--reasoning-parser":
                _add_parser("reasoning", part, deployment, argv, faults)
    return WorkerCommand(tuple(argv), tuple(faults))


def _trtllm(deployment: Deployment) -> WorkerCommand:
    if deployment.argv[:1] != ("trtllm-serve",) or deployment.argv[1:2] in ((), ("",)):
        return _not_the_engine(deployment, "trtllm-serve MODEL")
    argv = ["python3", "-m", "dynamo.trtllm", "--model-path", deployment.argv[1]]
    arguments: dict[str, Any] = {}
    faults: list[Diagnostic] = []
    for part in _parts(deployment.argv[2:]):
        # The backend is always PyTorch there.
        if part.flag in ("--host", "--port", "--backend"):
            continue
        if part.flag in ("--tool_parser", "--reasoning_parser"):
            _add_parser("tool" if part.flag == "--tool_parser" else "reasoning", part, deployment, argv, faults)
        elif part.flag in _TRTLLM_ARGUMENTS:
            arguments[_TRTLLM_ARGUMENTS[part.flag]] = _argument(part)
        elif part.flag in _TRTLLM_FLAGS:
            argv += [_TRTLLM_FLAGS[part.flag], *part.values]
        else:
            faults.append(
                fault(f"dynamo.trtllm has no {part.flag}", f"misc.extra_args.{part.flag}", "drop it, or emit to k8s")
            )
    if "--served-model-name" not in argv:
        argv += ["--served-model-name", deployment.served_name]
    if arguments:
        argv += ["--override-engine-args", json.dumps(arguments, sort_keys=True)]
    if role := deployment.labels.get(ROLE_LABEL):
        argv += ["--disaggregation-mode", role]
    return WorkerCommand(tuple(argv), tuple(faults))


_WRITERS = {"vllm": _vllm, "sglang": _sglang, "trtllm": _trtllm}


def _parts(words: Sequence[str]) -> Iterator[_Part]:
    """The words by flag. A word that is no flag belongs to the flag before it, whatever it holds."""
    part = _Part("", [], [])
    for word in words:
        if word.startswith("--") and word[2:3].isalpha():
            if part.words:
                yield part
            flag, tied, value = word.partition("=")
            part = _Part(flag, [value] if tied else [], [word])
        else:
            part.values.append(word)
            part.words.append(word)
    if part.words:
        yield part


def _argument(part: _Part) -> Any:
    if not part.values:
        return True
    return int(part.values[0]) if part.flag == "--cp_size" and part.values[0].isdecimal() else part.values[0]


def _add_parser(kind: str, part: _Part, deployment: Deployment, argv: list[str], faults: list[Diagnostic]) -> None:
    """Dynamo's name for the parser; its Frontend takes answers apart, with parsers of its own."""
    names = (TOOLS if kind == "tool" else REASONING)[deployment.engine]
    asked = part.values[0] if part.values else ""
    if asked in names:
        argv += ["--dyn-tool-call-parser" if kind == "tool" else "--dyn-reasoning-parser", names[asked]]
        return
    path = "misc.tool_call_parser" if kind == "tool" else "misc.reasoning_parser"
    faults.append(
        fault(f"Dynamo is not known to have a {kind} parser for {asked!r}", path, f"{suggest(asked, names)}, or leave it out")
    )  # fmt: skip


def _owned(flag: str) -> Diagnostic:
    return fault(
        f"{flag} is for the engine's HTTP server, which Dynamo replaces by its Frontend",
        f"misc.extra_args.{flag}",
        "drop it, or emit to k8s",
    )


def _not_the_engine(deployment: Deployment, usual: str) -> WorkerCommand:
    wrong = fault(f"the command is not `{usual} ...`, which Dynamo's worker stands in for", remedy="emit to k8s")
    return WorkerCommand(deployment.argv, (wrong,))
