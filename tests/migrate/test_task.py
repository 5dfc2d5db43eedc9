"""Nothing is dropped, and a migrated task lowers to v1's own flags, point by point."""

import itertools

import pytest
import yaml

import autotune
from autotune.engines import ENGINES
from autotune.engines.known import known_flags
from tests.migrate.conftest import TASKS, v1_data

#: Answers that a person gives, and the parts that only a person can carry over.
ENGINE = {"ome_unnamed_engine.json": "sglang"}
NEEDS_HUMAN = {
    "conflicts.json", "folder_name.json", "old_image.json", "ome_named_engine.json", "unknown_flags.json", "unknown_keys.json",
}  # fmt: skip
#: Flags of these the engine refuses, or their model is known to nobody here.
DOES_NOT_COMPILE = {"unknown_flags.json", "folder_name.json"}
#: What a v1 author meant by names that are not this engine's, by hand: name -> (flag, or None for the engine's default).
MEANT = {
    "sglang": {
        "tpsize": "--tp-size", "mem_frac": "--mem-fraction-static", "max-num-seqs": "--max-running-requests",
        "max-model-len": "--context-length", "block-size": "--page-size",
    },
    "vllm": {
        "tp-size": "--tensor-parallel-size", "max-running-requests": "--max-num-seqs", "context-length": "--max-model-len",
        "page-size": "--block-size", "disable-radix-cache": "--no-enable-prefix-caching",
    },
    "trtllm": {},
}  # fmt: skip
#: SGLang 0.5.23 says eager mode in two flags.
EAGER = {("--cuda-graph-backend-decode", ("disabled",)), ("--cuda-graph-backend-prefill", ("disabled",))}
SIZES = {
    "sglang": {"tp": "--tp-size", "pp": "--pp-size", "dp": "--dp-size"},
    "vllm": {"tp": "--tensor-parallel-size", "pp": "--pipeline-parallel-size", "dp": "--data-parallel-size"},
}
PRESETS = {
    "default": set(),
    "kv-cache-fp8": {("--kv-cache-dtype", ("fp8_e5m2",))},
    "dynamic-fp8": {("--quantization", ("fp8",)), ("--kv-cache-dtype", ("fp8_e5m2",))},
    "bf16-stable": {("--dtype", ("bfloat16",)), ("--kv-cache-dtype", ("fp8_e5m2",))},
    "aggressive-moe": {("--dtype", ("bfloat16",)), ("--kv-cache-dtype", ("fp8_e5m2",))},
}
GIVEN_ALWAYS = {
    "--model-path",
    "--host",
    "--port",
    "--served-model-name",
    "--served_model_name",
    "--backend",
    "--config",
}


def plain(value):
    """One spelling of a number: 0.90 and 0.9 are one."""
    text = str(value)
    try:
        return f"{float(text):.10g}"
    except ValueError:
        return text.replace(" ", "")


def choices(value):
    if isinstance(value, dict) and value.get("type") == "choice":
        value = value["values"]
    return value if isinstance(value, list) else [] if value is None else [value]


def one_name(flag, known):
    found = known.find(flag)
    assert found is not None, flag
    return flag if "." in flag or found.negative else found.flag.name


def v1_points(task, engine, known):
    """The flags of each of v1's points: a set of (flag, values)."""
    axes = []
    for name, value in task["parameters"].items():
        if choices(value) and not (name in ("tp_size", "tpsize") and "tp-size" in task["parameters"]):
            axes.append([v1_flag(name, item, engine, known) for item in choices(value)])
    for name, value in task.get("parallel_config", {}).items():
        if name == "presets":
            axes.append([{size(engine, known, *pair) for pair in item.items()} for item in value])
        elif choices(value) and not (name == "tp" and "tp-size" in task["parameters"]):
            axes.append([{size(engine, known, name, item)} for item in choices(value)])
    for name, value in task.get("quant_config", {}).items():
        if name == "presets":
            axes.append([PRESETS[item] for item in value])
        elif choices(value):
            axes.append([quantized(name, item) for item in choices(value)])
    return [set().union(*point) for point in itertools.product(*axes)]


def size(engine, known, name, value):
    return one_name(SIZES[engine][name], known), (plain(value),)


def quantized(name, value):
    flag = {"gemm_dtype": "--quantization", "kvcache_dtype": "--kv-cache-dtype"}.get(name)
    return set() if flag is None or value == "auto" else {(flag, (value,))}


def v1_flag(name, value, engine, known):
    if name == "enforce-eager" and engine == "sglang":
        return set(EAGER)
    flag = MEANT[engine].get(name)
    if flag is None:
        spelled = [f"--{name}", f"--{name.replace('_', '-')}", f"--{name.replace('-', '_')}"]
        flag = next(item for item in spelled if known.find(item))
    flag = one_name(flag, known)
    if value is True or value == "true":
        return {(flag, ())}
    if value is False or value == "false":
        return set()
    if isinstance(value, dict):
        return {(flag, (plain(yaml.safe_dump(value, default_flow_style=True).strip()),))}
    return {(flag, tuple(plain(item) for item in choices(value)))}


def lowered(point, known):
    """The flags of a compiled point, without those that every server is given."""
    assert point.deployment is not None, point.diagnostics
    assert not [item for item in point.diagnostics if item.code in ("AT021", "AT022", "AT028", "AT101")], (
        point.diagnostics
    )
    flags, current = {}, None
    for word in point.deployment.argv:
        if word.startswith("--"):
            name, _, value = word.partition("=")
            current = one_name(name, known)
            flags[current] = [value] if value else []
        elif current is not None:
            flags[current].append(word)
    skip = {one_name(flag, known) for flag in GIVEN_ALWAYS if known.find(flag)}
    return {
        (flag, tuple(plain(value.replace('"', "").replace(":", ": ")) for value in values))
        for flag, values in flags.items()
        if flag not in skip
    }


@pytest.mark.parametrize("name", TASKS)
def test_the_report_gives_the_v1_task_back(migrate, name):
    rebuilt = {}
    for entry in migrate(name, engine=ENGINE.get(name)).entries:
        inside = rebuilt
        for key in entry.path[:-1]:
            inside = inside.setdefault(key, {})
        assert entry.path[-1] not in inside, entry.path
        inside[entry.path[-1]] = entry.value
    assert rebuilt == v1_data(name)


@pytest.mark.parametrize("name", [name for name in TASKS if name not in DOES_NOT_COMPILE])
def test_every_point_lowers_to_the_flags_of_v1(migrate, tmp_path, name):
    task, migration = v1_data(name), migrate(name, engine=ENGINE.get(name))
    file = tmp_path / "task.v2.yaml"
    file.write_text(migration.text, encoding="utf-8")
    facts = {"model.id": "Qwen/Qwen3-8B"} if name == "quantization_unknown_model.json" else {}
    points = autotune.compile(facts, task=file)
    engine, version = points[0].deployment.engine, points[0].deployment.engine_version
    known = known_flags(engine, version)
    expected = v1_points(task, engine, known)
    assert len(points) == len(expected)
    found = [lowered(point, known) for point in points]
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))


@pytest.mark.parametrize("name", TASKS)
def test_a_person_is_asked_only_where_one_has_to_decide(migrate, name):
    assert migrate(name, engine=ENGINE.get(name)).needs_human is (name in NEEDS_HUMAN)


def test_the_engine_is_asked_for_where_the_runtime_does_not_say_it(migrate):
    migration = migrate("ome_unnamed_engine.json")
    assert migration.text is None
    assert migration.needs_human
    assert all("--engine" in entry.reason for entry in migration.entries)


def test_the_image_holds_the_version(migrate):
    task = yaml.safe_load(migrate("lists_of_values.json").text)
    assert task["system"] == {"backend": "sglang", "image": "lmsysorg/sglang:v0.5.2-cu126", "backend_version": "0.5.2"}
    assert "backend_version" not in yaml.safe_load(migrate("old_image.json").text)["system"]


def test_name_description_and_comments_stay(migrate):
    text = migrate("by_hand.yaml").text
    task = yaml.safe_load(text)
    assert task["name"] == "by hand: on"
    assert task["description"] == 'Two lines,\none with a # and "quotes"\n'
    assert "# v1 parameters.tensor_parallel_size" in text


def test_units(migrate):
    task = yaml.safe_load(migrate("slo_in_seconds.json").text)
    assert task["slo"]["e2e_latency"]["p99"]["threshold"] == 350
    assert task["slo"]["ttft"]["mean"] == {"threshold": 250, "weight": 1}
    assert task["slo"]["e2e_latency"]["p90"] == {"threshold": 5000, "weight": 2, "hard_fail": True, "fail_ratio": 0.2}
    text = migrate("lists_of_values.json").text
    assert yaml.safe_load(text)["benchmark"]["max_time_s"] == 600
    assert "if seconds were meant, write 10" in text


def test_what_the_load_becomes(migrate):
    task = yaml.safe_load(migrate("lists_of_values.json").text)
    assert task["runtime"] == {"isl": 4000, "osl": 1000}
    assert task["benchmark"]["num_concurrency"] == [1, 4]
    params = task["benchmark"]["request_params"]
    assert params == {"temperature": 0.0, "ignore_eos": True, "top_k": 5, "user": "me"}
    assert isinstance(params["temperature"], float)


def test_what_is_refused_stands_in_the_file(migrate):
    text = migrate("unknown_keys.json").text
    assert "NOT CARRIED OVER owner.team" in text
    assert "NOT CARRIED OVER benchmark.colour" in text
    assert yaml.safe_load(text)["executor"] == "local"


def test_hostile_texts_stay_text(migrate):
    base = {
        "base_runtime": "vllm",
        "model": {"id_or_path": "Qwen/Qwen3-8B"},
        "parameters": {"tokenizer": "${oc.env:HOME}"},
    }
    hostile = 'a\nmodel: {id: evil}\n# x\u2028--- "q" $(id) {{ x }}'
    migration = migrate({"task_name": hostile, "description": hostile, **base, hostile: hostile})
    task = yaml.safe_load(migration.text)
    assert task["name"] == task["description"] == hostile
    assert task["model"] == {"id": "Qwen/Qwen3-8B"}, "what needs interpolation is refused"
    assert migration.needs_human


def test_engines_are_those_of_v2():
    from autotune.migrate.placement import IMAGES

    assert IMAGES.keys() <= ENGINES.keys()


def test_a_scenario_that_yaml_cut_in_two(migrate):
    base = {"task_name": "x", "base_runtime": "vllm", "model": {"id_or_path": "Qwen/Qwen3-8B"}, "parameters": {}}
    migration = migrate({**base, "benchmark": {"traffic_scenarios": ["D(100", "100)"]}})
    assert migration.needs_human
    assert "quotes" in next(entry.reason for entry in migration.entries if entry.path[0] == "benchmark")
