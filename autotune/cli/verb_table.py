"""The verbs, in the order that the help shows them."""

from __future__ import annotations

from collections import namedtuple

# Not typing.NamedTuple: `typing` takes longer to import than printing the help does.
Verb = namedtuple("Verb", "section summary module")  # noqa: PYI024


_MAIN = "Start here"
_RESULTS = "Results"
_RUNS = "Runs"
_BRING = "Bring along"
_LOOKUP = "Look things up"

VERBS: dict[str, Verb] = {
    "run": Verb(
        _MAIN,
        "compile the sweep, run every point, lay out the Pareto frontier (what bare `autotune OVERRIDES` means)",
        "run",
    ),
    "compile": Verb(_MAIN, "show every point: engine flags, layers applied, diagnostics; runs nothing", "compile"),
    "check": Verb(_MAIN, "report every mistake in the config at once; exit code 2 when there is one", "check"),
    "emit": Verb(
        _MAIN,
        "write deployable manifests: Docker, Kubernetes, KServe, OME, LWS, Dynamo, Helm, Kustomize; runs nothing",
        "emit",
    ),
    "explain": Verb(
        _MAIN, "who set a value, what it overrode, which conditions were false; or what a code ATnnn means", "explain"
    ),
    "diff": Verb(
        _MAIN, "what differs between two configs, manifests, stored points or running servers, and who set it", "diff"
    ),
    "ui": Verb(_MAIN, "all of this in a browser, and the REST API; for this machine alone unless told otherwise", "ui"),
    "results": Verb(
        _RESULTS,
        "stored results as a table, JSON, CSV or Parquet; `results import DIR` takes other tools' in",
        "results",
    ),
    "verify": Verb(
        _RESULTS, "predicted against measured: errors, rank correlation, regret; --calibrate fits corrections", "verify"
    ),
    "calibrations": Verb(
        _RESULTS, "the corrections that `verify --calibrate` kept; show or remove one", "calibrations"
    ),
    "report": Verb(_RESULTS, "a run as one self-contained HTML page, or as Markdown for a pull request", "report"),
    "weights": Verb(
        _RESULTS, "what each objective counts, what it would count, and how a stored run then ranks", "weights"
    ),
    "runs": Verb(_RUNS, "list the runs: which are running, interrupted or finished, and how far each is", "runs"),
    "resume": Verb(_RUNS, "go on with a run that was interrupted: the latest, or RUN", "resume"),
    "cancel": Verb(_RUNS, "have a run that is running end in good order; --now at once", "cancel"),
    "logs": Verb(_RUNS, "what the server of a point printed; -f follows it", "logs"),
    "gc": Verb(_RUNS, "what dead runs left behind: processes, containers, folders; --yes removes it", "gc"),
    "migrate": Verb(_BRING, "v1 tasks to v2 task files, with a report of what became of every value", "migrate"),
    "import": Verb(
        _BRING,
        "a `vllm serve ...`, a docker run, a manifest, or what aiconfigurator chose, to v2 task files",
        "import_",
    ),
    "predict": Verb(
        _LOOKUP,
        "what is to be expected of each point, by formula, with the error to expect; labelled predicted",
        "predict",
    ),
    "profiles": Verb(_LOOKUP, "list the profiles; `profiles show NAME` prints one", "profiles"),
    "models": Verb(_LOOKUP, "list the models whose facts are known", "models"),
    "systems": Verb(_LOOKUP, "list the GPUs known", "systems"),
    "schema": Verb(_LOOKUP, "the JSON Schema of a task file, for editors", "schema"),
}

_EXAMPLES = """\
Examples
  autotune +profile=fp8_quantized parallel.tp=2,4 -m
  autotune compile +profile=[high_throughput,fp8_quantized] parallel.tp=2,4 system.gpu=h200_sxm -m
  autotune emit +profile=low_latency model.id=Qwen/Qwen3-8B parallel.tp=1 --target k8s,compose -o out
  autotune explain quantization.gemm_mode +profile=fp8_quantized system.gpu=a100_sxm
"""
_WIDTH = max(map(len, VERBS)) + 2


def help_text() -> str:
    """What `autotune --help` prints."""
    lines = [
        "usage: autotune [VERB] [TASK_FILE] [OVERRIDE ...] [-m] [OPTIONS]",
        "",
        "Compose base defaults, conditional profiles and your overrides into one checked config for each point of a",
        "sweep; compile it to engine flags and manifests; run it and find the Pareto frontier.",
        "",
        "Overrides are `path=value`, `group=option` and `+profile=NAME`; `path=a,b` with -m is a sweep.",
        "",
    ]
    section = ""
    for name, verb in VERBS.items():
        if verb.section != section:
            lines += [""] if section else []
            lines.append(section := verb.section)
        lines.append(f"  {name:<{_WIDTH}}{verb.summary}")
    lines += [
        "",
        _EXAMPLES,
        "`autotune VERB --help` shows a verb's options. Hydra's own flags (--cfg job, --info, --config-dir,",
        "--shell-completion install=bash) work on the bare form.",
        "",
    ]
    return "\n".join(lines)
