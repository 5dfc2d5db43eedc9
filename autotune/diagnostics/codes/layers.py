"""Profiles, their layers and conditions."""

from autotune.diagnostics.codes.code import Code, Example

LAYER_CODES: dict[str, Code] = {
    "AT006": Code(
        "error",
        "unknown profile",
        "No file of that name is in $AUTOTUNE_PROFILES, ./profiles, the user's profile folder or among the built-in ones.",
        "`autotune profiles` lists what is there and where it was looked for.",
        Example("autotune check +profile=fp8_quantised"),
    ),
    "AT007": Code(
        "error",
        "a profile is not well formed",
        "A profile has `description`, optional `extends`, `conflicts` and `layers`; a layer has `set` and an optional `when`.",
        "See docs/profiles.md; `autotune profiles show NAME` prints a good one.",
        Example(
            "autotune check +profile=mine",
            {"profiles/mine.yaml": "description: Mine.\nlayers:\n  a:\n    set: {parallel.tp: '${parallel.pp}'}\n"},
        ),
    ),
    "AT008": Code(
        "error",
        "a condition cannot be evaluated",
        "A layer whose `when` is wrong would be silently off, so it is an error.",
        "Conditions are CEL over model, gpu, engine and the config groups, and give true or false; the message lists the names known.",
        Example(
            "autotune check +profile=mine",
            {
                "profiles/mine.yaml": "description: Mine.\nlayers:\n  a:\n    when: gpu.memory > 80\n    set: {parallel.tp: 1}\n"
            },
        ),
    ),
    "AT009": Code(
        "error",
        "profiles in conflict",
        "One of the chosen profiles names another in its `conflicts`: their settings contradict each other.",
        "Choose one of them, or sweep over both: `+profile=a,b -m`.",
        Example("autotune check '+profile=[high_throughput,low_latency]'"),
    ),
    "AT024": Code(
        "error",
        "two layers of one profile write one path",
        "Within one profile the order of layers must not decide; two layers that apply together and disagree are a mistake in the profile.",
        "Make the conditions exclude each other, or merge the layers.",
        Example(
            "autotune check +profile=mine",
            {
                "profiles/mine.yaml": "description: Mine.\nlayers:\n  a: {set: {parallel.tp: 2}}\n  b: {set: {parallel.tp: 4}}\n"
            },
        ),
    ),
    "AT202": Code(
        "note",
        "a user profile shadows a built-in one",
        "The file of the same name found first is the one that counts.",
        "Rename the file if that was not meant.",
        Example(
            "autotune check +profile=balanced",
            {"profiles/balanced.yaml": "description: My own.\nlayers:\n  a: {set: {parallel.tp: 2}}\n"},
        ),
    ),
}
