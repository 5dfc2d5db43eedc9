"""Command lines, task files and their values."""

from autotune.diagnostics.codes.code import Code, Example

INPUT_CODES: dict[str, Code] = {
    "AT001": Code(
        "error",
        "a YAML file cannot be read",
        "The file is missing, is a folder, is not UTF-8, is not valid YAML, or holds one key twice; nothing in it can be trusted.",
        "Mend the file at the line and column given; quote strings that hold `: `, `#` or a leading `*`, `&`, `%`, `@`.",
        Example("autotune check task.yaml", {"task.yaml": "parallel:\n  tp: [2\n"}),
    ),
    "AT002": Code(
        "error",
        "unknown config key",
        "No field of that name exists in the schema, so the setting would have no effect.",
        "Use the nearest name that the message gives; `autotune schema` lists them all. A profile is chosen with `+profile=NAME`.",
        Example("autotune check parallel.tpp=2"),
    ),
    "AT003": Code(
        "error",
        "wrong type or value out of range",
        "The field takes another type, or a number outside its range.",
        "Give a value as the message says; `autotune schema` has every type, range and unit.",
        Example("autotune check parallel.tp=two"),
    ),
    "AT004": Code(
        "error",
        "an override cannot be understood",
        "Overrides are Hydra's: `path=value`, `group=option`, `+profile=name`, `~key`; a sweep is `path=a,b`, `range(1,9)` or `choice(a,b)`.",
        "Quote values that hold commas, spaces, braces or equals signs: `'misc.env={A: \"x,y\"}'`.",
        Example("autotune check 'parallel.tp=['"),
    ),
    "AT005": Code(
        "error",
        "a sweep without -m",
        "A comma on the right-hand side means several points; running them has to be asked for.",
        "Add `-m` anywhere on the command line, or quote the value if the comma is part of it.",
        Example("autotune check parallel.tp=2,4"),
    ),
    "AT025": Code(
        "error",
        "a task file is not well formed",
        "A task file holds config groups, and optionally `profile`, `overrides` and `sweep`.",
        "See examples/ and docs/tasks.md.",
        Example("autotune check task.yaml", {"task.yaml": "- parallel.tp=2\n"}),
    ),
    "AT026": Code(
        "error",
        "unknown option of a config group",
        "conf/ has no file of that name in the group.",
        "Use one of the options that the message lists, or add one with --config-dir.",
        Example("autotune check executor=slurm"),
    ),
    "AT044": Code(
        "error",
        "no server to compare or explain",
        "A side of `autotune diff` is overrides, a task file, a profile, an emitted file or folder, a stored point, a command line or a process; the word is none of them, holds no server, or no point of one side has a partner on the other.",
        "Quote overrides and commands as one word each, or name what the message suggests.",
        Example("autotune diff fp8_quantised balanced"),
    ),
    "AT042": Code(
        "error",
        "nothing here that starts an engine",
        "`autotune import` reads a command, a container or a manifest that starts one server of a known engine; this cannot be read, or starts something else.",
        "Give the whole command (vllm serve, python3 -m sglang.launch_server, trtllm-serve, transformers serve, docker run), or the manifest, and replace what only running it could answer.",
        Example('autotune import "vllm bench serve --model Qwen/Qwen3-8B"'),
    ),
    "AT043": Code(
        "error",
        "an argument that does not come back",
        "The imported task, lowered again, must give the very arguments that were found; this one it does not give, so the task would start another server.",
        "Mend the argument, or name the version of the engine that takes it in system.backend_version. The task is written with everything else.",
        Example('autotune import "vllm serve Qwen/Qwen3-8B --tensor-paralel-sise 2"'),
    ),
    "AT117": Code(
        "warning",
        "something that an import left out",
        "A task has no place for it, or its value is not known here or is a secret; the server that the task means differs in it.",
        "See to what the message names: give the value, or set it where the server runs.",
        Example('autotune import "vllm serve Qwen/Qwen3-8B --api-key token-abc123"'),
    ),
    "AT118": Code(
        "warning",
        "an imported task that does not compile yet",
        "The task says what the command said, and the compiler refuses it: facts about the model are missing, or a check found an error.",
        "Do what the finding says; `autotune check FILE` shows all of them. Facts about a model come from its folder: `autotune models add FOLDER`.",
        Example('autotune import "vllm serve example/unheard-of-7b"'),
    ),
    "AT210": Code(
        "note",
        "how a command was read",
        "An import keeps verbatim what no config path means, and reads a command for the version and the GPU that it knows of.",
        "Name what is missing beside the command: system.gpu=NAME, system.backend_version=VERSION.",
        Example('autotune import "vllm serve Qwen/Qwen3-8B"'),
    ),
}
