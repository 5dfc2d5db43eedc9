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
    "AT045": Code(
        "error",
        "the Docker engine cannot run the server",
        "Before the first server is started the Docker engine is asked whether it is there, and whether it has the image, the mounts and the variables that the server needs.",
        "Start Docker, or name another engine with executor.host or DOCKER_HOST; the message says what it lacks.",
        Example("autotune run executor=docker executor.host=unix:///nowhere/docker.sock system.gpu=h100_sxm"),
    ),
    "AT120": Code(
        "warning",
        "a doubt about the Docker engine",
        "The Docker engine can be used, but something about it is unusual: it shows no sign of NVIDIA's container toolkit, or it is on another machine, where the server's port is open to whoever reaches that address.",
        "Look at that machine; the message says at what.",
        Example("autotune run executor=docker system.gpu=h100_sxm"),
    ),
    "AT203": Code(
        "note",
        "executor=auto made a choice",
        "auto takes local where the engine and its device are there, else docker where a daemon and GPUs are, else emulated.",
        "Name the executor: executor=local.",
        Example("autotune parallel.tp=2"),
    ),
}
