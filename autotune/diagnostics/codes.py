"""Every diagnostic code with its meaning. Codes are stable: one that is retired is never used again.

AT0xx are errors (nothing runs), AT1xx warnings, AT2xx notes.
"""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """What `autotune explain ATnnn` prints: `title` names it, `why` says why it is an issue, `remedy` what to do."""

    severity: str
    title: str
    why: str
    remedy: str


CODES: dict[str, Code] = {
    "AT001": Code(
        "error",
        "a YAML file cannot be read",
        "The file is missing, is a folder, is not UTF-8, is not valid YAML, or holds one key twice; nothing in it can be trusted.",
        "Mend the file at the line and column given; quote strings that hold `: `, `#` or a leading `*`, `&`, `%`, `@`.",
    ),
    "AT002": Code(
        "error",
        "unknown config key",
        "No field of that name exists in the schema, so the setting would have no effect.",
        "Use the nearest name that the message gives; `autotune schema` lists them all. A profile is chosen with `+profile=NAME`.",
    ),
    "AT003": Code(
        "error",
        "wrong type or value out of range",
        "The field takes another type, or a number outside its range.",
        "Give a value as the message says; `autotune schema` has every type, range and unit.",
    ),
    "AT004": Code(
        "error",
        "an override cannot be understood",
        "Overrides are Hydra's: `path=value`, `group=option`, `+profile=name`, `~key`; a sweep is `path=a,b`, `range(1,9)` or `choice(a,b)`.",
        "Quote values that hold commas, spaces, braces or equals signs: `'misc.env={A: \"x,y\"}'`.",
    ),
    "AT005": Code(
        "error",
        "a sweep without -m",
        "A comma on the right-hand side means several points; running them has to be asked for.",
        "Add `-m` anywhere on the command line, or quote the value if the comma is part of it.",
    ),
    "AT006": Code(
        "error",
        "unknown profile",
        "No file of that name is in $AUTOTUNE_PROFILES, ./profiles, the user's profile folder or among the built-in ones.",
        "`autotune profiles` lists what is there and where it was looked for.",
    ),
    "AT007": Code(
        "error",
        "a profile is not well formed",
        "A profile has `description`, optional `extends`, `conflicts` and `layers`; a layer has `set` and an optional `when`.",
        "See docs/profiles.md; `autotune profiles show NAME` prints a good one.",
    ),
    "AT008": Code(
        "error",
        "a condition cannot be evaluated",
        "A layer whose `when` is wrong would be silently off, so it is an error.",
        "Conditions are CEL over model, gpu, engine and the config groups, and give true or false; the message lists the names known.",
    ),
    "AT009": Code(
        "error",
        "profiles in conflict",
        "One of the chosen profiles names another in its `conflicts`: their settings contradict each other.",
        "Choose one of them, or sweep over both: `+profile=a,b -m`.",
    ),
    "AT010": Code(
        "error",
        "unknown model",
        "Checks, memory sizes and predictions rest on facts about the model; without them nothing could be promised.",
        "Use the nearest name the message gives, or the path of a local folder that holds the model's config.json.",
    ),
    "AT011": Code(
        "error",
        "unknown GPU",
        "Memory fit, quantization support and predictions rest on facts about the GPU.",
        "`autotune systems` lists the GPUs known.",
    ),
    "AT012": Code(
        "error",
        "tensor parallelism does not divide the attention heads",
        "Each tensor-parallel rank holds a whole number of attention heads; engines refuse to start otherwise.",
        "Use a size that divides the model's number of attention heads.",
    ),
    "AT013": Code(
        "error",
        "tensor parallelism does not fit the KV heads",
        "KV heads are either split evenly over the ranks or replicated evenly; neither is possible when no side divides the other.",
        "Use a size that divides the number of KV heads or is a multiple of it.",
    ),
    "AT014": Code(
        "error",
        "more pipeline stages than layers",
        "Each pipeline stage needs at least one layer.",
        "Lower parallel.pp.",
    ),
    "AT015": Code(
        "error",
        "not enough GPUs",
        "The parallel sizes multiply to more GPUs than the system has.",
        "Lower tp, pp or dp, or raise system.nodes or system.gpus_per_node.",
    ),
    "AT016": Code(
        "error",
        "the model does not fit into GPU memory",
        "Weights, activations and a KV cache for at least one request must fit into the part of GPU memory that the engine may use.",
        "More tensor parallelism, quantized weights or KV cache, a shorter context, or a larger GPU; the message says which would do.",
    ),
    "AT017": Code(
        "error",
        "the GPU lacks this number format",
        "The GPU has no hardware for this format, and the engine refuses it or falls back to something much slower.",
        "Choose a format that the GPU supports; the profiles do so by condition.",
    ),
    "AT018": Code(
        "error",
        "quantization contradicts the checkpoint",
        "A checkpoint that is already quantized is loaded in its own format; another one cannot be laid on top, and a format that lives in checkpoints cannot be made at load time.",
        "Leave quantization.gemm_mode unset for a quantized checkpoint, or name a checkpoint in the format wanted.",
    ),
    "AT019": Code(
        "error",
        "context length contradiction",
        "The context must hold the input and the output and may not be longer than the model was trained for.",
        "Lower misc.context_length or runtime.isl and runtime.osl.",
    ),
    "AT020": Code(
        "error",
        "unknown engine or engine version",
        "Flags differ by engine and version; lowering for a version outside the table would be a guess.",
        "Use an engine and a version that the message lists.",
    ),
    "AT021": Code(
        "error",
        "value unknown to the engine",
        "The engine's own command line takes one of a fixed list of values here.",
        "Use one of the values that the message lists.",
    ),
    "AT022": Code(
        "error",
        "flag unknown to this engine version",
        "The engine would stop at once with an unknown-argument error.",
        "Use the nearest flag that the message gives, or another system.backend_version.",
    ),
    "AT023": Code(
        "error",
        "no point of the sweep can run",
        "Every combination was pruned; the reasons stand above.",
        "Mend what the pruned points have in common, most often GPUs, heads or memory.",
    ),
    "AT024": Code(
        "error",
        "two layers of one profile write one path",
        "Within one profile the order of layers must not decide; two layers that apply together and disagree are a mistake in the profile.",
        "Make the conditions exclude each other, or merge the layers.",
    ),
    "AT025": Code(
        "error",
        "a task file is not well formed",
        "A task file holds config groups, and optionally `profile`, `overrides` and `sweep`.",
        "See examples/ and docs/tasks.md.",
    ),
    "AT026": Code(
        "error",
        "unknown option of a config group",
        "conf/ has no file of that name in the group.",
        "Use one of the options that the message lists, or add one with --config-dir.",
    ),
    "AT027": Code(
        "error",
        "two options that exclude each other",
        "The engine refuses the combination when it starts, after the model was loaded.",
        "Drop one of the two settings; the message names them.",
    ),
    "AT028": Code(
        "error",
        "an engine flag given twice",
        "misc.extra_args repeats a flag that a config path already sets; which one wins depends on the engine.",
        "Set the config path named, or remove it and keep the extra argument.",
    ),
    "AT029": Code(
        "error",
        "cannot be emitted to this target",
        "The target is unknown, or cannot hold what the point asks for.",
        "Use a target that the message lists, or change the value named.",
    ),
    "AT030": Code(
        "error",
        "something this verb needs is missing",
        "A program, an optional package or a file that the step needs is not on this machine.",
        "Install what the message names.",
    ),
    "AT031": Code(
        "error",
        "unknown or unusable results",
        "No stored run or point answers to that name, or the store cannot be opened.",
        "`autotune results` lists what is stored.",
    ),
    "AT032": Code(
        "error",
        "the run is in use",
        "Another autotune process is working on this run; two of them would measure each other's load.",
        "Wait until it is done, or stop it with Ctrl-C or SIGTERM; if it is gone, its lock went with it.",
    ),
    "AT033": Code(
        "error",
        "expert parallelism does not fit",
        "Each expert-parallel rank holds whole experts, and the ranks are taken from those of tensor parallelism; a dense model has no experts.",
        "Use a size that divides both the number of experts and parallel.tp, or leave parallel.ep unset.",
    ),
    "AT034": Code(
        "error",
        "tensor parallelism cuts through quantization blocks",
        "Block-quantized FP8 weights have one scale per 128 x 128 values; a rank must hold whole blocks, and engines refuse otherwise.",
        "Lower parallel.tp, or use expert parallelism, which keeps experts whole.",
    ),
    "AT101": Code(
        "warning",
        "a setting this engine does not have",
        "The engine has no flag for it; the setting is dropped, which may change what is measured.",
        "Remove the setting, or choose another engine in system.backend.",
    ),
    "AT102": Code(
        "warning",
        "little room for the KV cache",
        "The point starts, but its KV cache holds fewer tokens than the asked-for requests need, so requests will queue or be preempted.",
        "Lower scheduling.max_running_requests or the context, quantize the KV cache, or give it more GPUs.",
    ),
    "AT103": Code(
        "warning",
        "GPUs left idle",
        "The point uses fewer GPUs than were reserved.",
        "Raise parallel.tp or parallel.dp, or lower system.num_gpus.",
    ),
    "AT104": Code(
        "warning",
        "no prediction meets this latency target",
        "Even the roofline, which is optimistic, is slower than the target.",
        "More GPUs, quantization, less concurrency, or another target.",
    ),
    "AT105": Code(
        "warning",
        "the GPU computes this format in 16 bit",
        "The GPU has no tensor cores for the checkpoint's format; the engine unpacks the weights for every step, which saves memory but no time.",
        "Expect the speed of 16 bit, or choose a checkpoint in a format that the GPU supports.",
    ),
    "AT201": Code(
        "note",
        "system.gpu=auto found no GPU",
        "With no GPU in sight the catalog's reference system is taken, so that compiling works on a laptop.",
        "Name the GPU: system.gpu=h100_sxm.",
    ),
    "AT202": Code(
        "note",
        "a user profile shadows a built-in one",
        "The file of the same name found first is the one that counts.",
        "Rename the file if that was not meant.",
    ),
    "AT203": Code(
        "note",
        "executor=auto made a choice",
        "auto takes local where the engine and its device are there, else docker where a daemon and GPUs are, else emulated.",
        "Name the executor: executor=local.",
    ),
}
