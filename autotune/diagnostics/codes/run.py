"""Sweeps, runs and stored results."""

from autotune.diagnostics.codes.code import Code, Example

RUN_CODES: dict[str, Code] = {
    "AT023": Code(
        "error",
        "no point of the sweep can run",
        "Every combination was pruned; the reasons stand above.",
        "Mend what the pruned points have in common, most often GPUs, heads or memory.",
        Example("autotune emit parallel.tp=3,5 -m"),
    ),
    "AT030": Code(
        "error",
        "something this verb needs is missing",
        "A program, an optional package or a file that the step needs is not on this machine.",
        "Install what the message names.",
        Example("autotune run executor=local executor.bin_dir=nowhere"),
    ),
    "AT031": Code(
        "error",
        "unknown or unusable results",
        "No stored run or point answers to that name, or the store cannot be opened.",
        "`autotune results` lists what is stored.",
        Example("autotune results nope"),
    ),
    "AT032": Code(
        "error",
        "the run is in use",
        "Another autotune process is working on this run; two of them would measure each other's load.",
        "Wait until it is done, or stop it with Ctrl-C or SIGTERM; if it is gone, its lock went with it.",
        Example("autotune parallel.tp=2,4 -m"),
    ),
    "AT051": Code(
        "error",
        "the cluster cannot be reached",
        "The kubeconfig or its context is not there or cannot be read, or the API server does not answer.",
        "Name another with executor.context or executor.kubeconfig; `kubectl cluster-info` shows whether it answers.",
        Example("autotune run executor=kubernetes executor.kubeconfig=nowhere"),
    ),
    "AT052": Code(
        "error",
        "the cluster refuses the server",
        "Before anything is applied, the API server is asked for the rights that the run needs and for a dry run of each document.",
        "The message has the API server's own words: a right, a quota, an admission rule or an operator that is missing.",
        Example("autotune run executor=ome"),
    ),
    "AT203": Code(
        "note",
        "executor=auto made a choice",
        "auto takes local where the engine and its device are there, else docker where a daemon and GPUs are, else emulated.",
        "Name the executor: executor=local.",
        Example("autotune parallel.tp=2"),
    ),
}
