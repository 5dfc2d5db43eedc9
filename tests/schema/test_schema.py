import json

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from autotune.resources import folder
from autotune.schema import Config, field_paths, is_known
from autotune.schema.json_schema import profile_schema, task_schema


def config(**groups):
    return Config.model_validate({"model": {"id": "org/name"}, **groups})


def test_every_field_says_what_it_is():
    for path, text in field_paths().items():
        assert text, path
        assert text[-1] in ".)" or " " not in text, path


def test_every_number_has_bounds_or_a_unit_of_its_own():
    schema = Config.model_json_schema()
    for name, body in schema["$defs"].items():
        for field, spec in body["properties"].items():
            arms = spec.get("anyOf", [spec])
            for arm in arms:
                if arm.get("type") in ("integer", "number"):
                    assert {"minimum", "exclusiveMinimum"} & set(arm), f"{name}.{field} has no lower bound"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("parallel.tp", "2"), ("parallel.tp", -1), ("parallel.tp", 2.5), ("parallel.tp", True), ("memory.mem_fraction_static", 1.5),
        ("quantization.gemm_mode", "fp7"), ("misc.env", {"A B": "x"}), ("misc.env", {"A": 1}), ("misc.extra_args", {"swap": 1}),
        ("system.backend", []), ("benchmark.num_concurrency", [0]), ("optimization.objectives", []), ("executor.name", "slurm"),
        ("deploy.namespace", "Not Valid"), ("misc.speculative", {"method": "ngram"}),
    ],
)  # fmt: skip
def test_strict(path, value):
    group, _, field = path.partition(".")
    with pytest.raises(ValidationError):
        config(**{group: {field: value}})


def test_a_whole_number_is_a_fraction_and_a_scalar_a_list_of_one():
    made = config(memory={"cpu_offload_gb": 4}, benchmark={"num_concurrency": 4}, system={"backend": "vllm"})
    assert made.memory.cpu_offload_gb == 4.0
    assert made.benchmark.num_concurrency == (4,)
    assert made.system.backend == ("vllm",)
    assert made.as_dict()["system"]["backend"] == "vllm"


def test_plain_data_round_trips():
    made = config(
        system={"backend": ["sglang", "vllm"]},
        misc={"extra_args": {"--a": [1, 2], "--b": None}},
        slo={"ttft": {"p99": {"threshold": 5}}},
    )
    assert Config.model_validate(json.loads(json.dumps(made.as_dict()))) == made


def test_known_paths():
    assert is_known("parallel.tp")
    assert is_known("misc.env.ANY_NAME")
    assert is_known("misc.extra_args.--a.b")
    assert is_known("executor.speed")
    assert not is_known("parallel.tpp")
    assert not is_known("misc.env.")


def test_the_base_names_every_field_of_every_group():
    for group in Config.model_fields:
        if group == "executor":
            continue
        base = yaml.safe_load((folder("conf") / group / "default.yaml").read_text())
        fields = {path.split(".")[1] for path in field_paths() if path.startswith(f"{group}.")}
        assert set(base) == fields, group


def test_the_json_schemas_are_schemas_and_accept_the_shipped_files():
    for schema in (task_schema(), profile_schema(), Config.model_json_schema()):
        Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(profile_schema())
    for file in folder("profiles").glob("*.yaml"):
        validator.validate(yaml.safe_load(file.read_text()))
    tasks = Draft202012Validator(task_schema())
    for file in (folder("conf").parent / "examples").glob("*.yaml"):
        tasks.validate(yaml.safe_load(file.read_text()))
    assert list(tasks.iter_errors({"parallel": {"tpp": 1}}))
    assert not list(
        tasks.iter_errors(
            {"misc": {"speculative": {"method": "ngram", "num_tokens": 2}}, "executor": {"name": "emulated"}}
        )
    )
