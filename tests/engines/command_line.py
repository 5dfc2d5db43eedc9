"""How an engine takes apart what it is started with, for the tests of every engine."""

import json

import yaml

#: Words before the first flag. The model comes last of them, where it is not a flag's value.
HEADS = {"vllm": 3, "sglang": 3, "trtllm": 2, "transformers": 3}
#: The one key of a config file whose null says something: no CUDA graphs.
NULLABLE = {"cuda_graph_config"}


def judge(deployment, known):
    """Fail for anything that the version would not take as it is meant: on the command line, in its file, in its environment."""
    head = HEADS[known.engine]
    if known.engine == "transformers" and "--force-model" in known.flags:
        head = 2
    judge_flags(deployment.argv[head:], known)
    for text in deployment.files.values():
        check_file(yaml.safe_load(text), known)
    for name, value in deployment.env.items():
        assert value, f"{name} is empty"
        assert not known.env.get(name) or value in known.env[name], f"{name}={value}"


def judge_flags(argv, known):
    """Flag as written -> its values. Each is known, is there once, whatever the spelling, and has values that it takes."""
    assert "None" not in argv
    flags = read(argv, known)
    seen = [spelling and spelling.flag.name for spelling, _ in flags.values()]
    assert None not in seen, f"not all of {list(flags)} are in {known.version}"
    assert len(set(seen)) == len(seen), "one flag is given in two spellings"
    for name, (spelling, values) in flags.items():
        check_values(name, spelling.flag, values)
    return flags


def read(argv, known):
    """Flag as written -> (what is known of it, its values). A flag that is given twice fails."""
    flags = {}
    current = None
    for part in argv:
        if part.startswith("--"):
            name, tied, value = part.partition("=")
            assert name not in flags, f"{name} is given twice"
            current = flags[name] = [value] if tied else []
        else:
            current.append(part)
    return {name: (known.find(name), values) for name, values in flags.items()}


def check_values(name, flag, values):
    """Each value is one that the flag takes."""
    assert all(values), f"{name} has an empty value"
    if flag.kind in ("pair", "bare"):
        assert values == []
        return
    assert values or flag.optional, f"{name} has no value"
    assert len(values) <= 1 or flag.many
    for value in values:
        assert value != "None"
        assert not flag.takes or value in flag.takes, f"{name}={value}"
        if flag.kind == "int":
            int(value)
        if flag.kind == "float":
            float(value)
        if flag.kind == "json":
            check_object(name, flag, json.loads(value))


def check_object(name, flag, entries):
    """Each entry of a JSON object has a value, and one that its key takes, where that is known."""
    assert None not in entries.values()
    for key, value in entries.items():
        takes = flag.keys.get(key)
        assert not takes or str(value) in takes, f"{name} {key}={value}"


def check_file(tree, known, prefix=""):
    """Every key is known, holds a value of its kind among its choices, and none is empty."""
    assert tree, "the file is empty"
    keys = known.file | {alias: flag for flag in known.file.values() for alias in flag.names}
    for name, value in tree.items():
        path = prefix + name
        assert path in keys, f"{path} is no key of {known.version}"
        flag = keys[path]
        if isinstance(value, dict):
            assert flag.kind == "json"
            if value:
                check_file(value, known, f"{path}.")
        elif value is None:
            assert path in NULLABLE
        else:
            check_entry(path, flag, value)


def check_entry(path, flag, value):
    kinds = {"bool": bool, "int": int, "float": (int, float), "text": str}
    for item in value if flag.many else [value]:
        assert isinstance(item, kinds[flag.kind]), f"{path}={item!r}"
        assert isinstance(item, bool) == (flag.kind == "bool"), f"{path}={item!r}"
        assert not flag.takes or item in flag.takes, f"{path}={item!r}"
