import pytest

from autotune.compose.points import compose_points
from autotune.compose.task_file import read_task
from autotune.diagnostics import InputError
from autotune.layers import parse_yaml


def points(composer, text):
    source = parse_yaml(text, "task.yaml")
    return list(compose_points(read_task(source, composer.groups, composer.options), composer))


def mistakes(composer, text):
    with pytest.raises(InputError) as caught:
        points(composer, text)
    return [(item.code, item.writer.line) for item in caught.value.diagnostics]


TASK = """\
name: demo
profile: [fp8_quantized]
model: {id: Qwen/Qwen3-8B}
quantization: fp8_kv
executor: {name: emulated, speed: 20}
runtime:
  isl: 512
overrides: [memory.page_size=16]
sweep:
  parallel.tp,parallel.dp: [[1, 8], [2, 4]]
  scheduling.max_running_requests: {from: 16, to: 64, factor: 2}
"""


def test_a_task_file_says_everything_a_command_line_can(composer):
    found = points(composer, TASK)
    assert len(found) == 6
    first = found[0]
    assert first.profiles == ("fp8_quantized",)
    assert first.data["executor"] == {"name": "emulated", "speed": 20}
    assert first.data["quantization"]["kvcache_mode"] == "fp8_e4m3"
    assert (first.data["parallel"]["tp"], first.data["parallel"]["dp"]) == (1, 8)
    assert [point.data["scheduling"]["max_running_requests"] for point in found[:3]] == [16, 32, 64]
    assert str(first.origin["runtime.isl"]) == "task.yaml:7"
    assert str(first.pinned["parallel.tp"]) == "task.yaml:10"
    assert first.data["memory"]["page_size"] == 16


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("[1, 2]", [1, 2]),
        ("{from: 1, to: 3, step: 1}", [1, 2, 3]),
        ("{from: 1, to: 3}", [1, 2, 3]),
        ("range(1,4)", [1, 2, 3]),
        ("choice(4,8)", [4, 8]),
    ],
)
def test_the_forms_of_a_range(composer, values, expected):
    found = points(
        composer, f"sweep: {{parallel.tp: '{values}'}}" if "(" in values else f"sweep: {{parallel.tp: {values}}}"
    )
    assert [point.data["parallel"]["tp"] for point in found] == expected


def test_profiles_and_groups_can_be_swept(composer):
    found = points(composer, "sweep: {profile: [a, [b, c]], quantization: [bf16, fp8]}")
    assert [(point.profiles, point.data["quantization"]["gemm_mode"]) for point in found] == [
        (("a",), "bf16"), (("a",), "fp8"), (("b", "c"), "bf16"), (("b", "c"), "fp8"),
    ]  # fmt: skip


def test_every_mistake_at_once_with_its_line(composer):
    text = (
        "modell: {id: x}\n"
        "parallel:\n"
        "  tpp: 2\n"
        "memory: 3\n"
        "profile: {a: b}\n"
        "overrides: parallel.tp=2\n"
        "runtime: {isl: '${x}'}\n"
        "sweep:\n"
        "  parallel.tp: []\n"
        "  parallel.zz: [1]\n"
        "  parallel.pp: {from: 4, to: 1}\n"
    )
    assert mistakes(composer, text) == [
        ("AT002", 1), ("AT002", 3), ("AT003", 4), ("AT025", 7), ("AT025", 5), ("AT025", 6), ("AT004", 9), ("AT002", 10), ("AT004", 11),
    ]  # fmt: skip


def test_what_others_predicted_makes_no_point_and_is_checked(composer):
    block = "predicted: {by: x, loads: [{at: {parallel.tp: 2}, scenario: 'D(1,1)', concurrency: 1}]}\n"
    assert len(points(composer, block + "parallel: {tp: 2}\n")) == 1
    assert mistakes(composer, "parallel: {tp: 2}\npredicted: {loads: []}\n") == [("AT025", 2)]


@pytest.mark.parametrize("text", ["[a]", "just text", "3"])
def test_a_task_file_that_is_no_map(composer, text):
    assert [code for code, _ in mistakes(composer, text)] == ["AT025"]


def test_a_v1_task_is_named_as_such(composer):
    with pytest.raises(InputError, match="v1 task"):
        points(composer, '{"task_name": "x", "base_runtime": "vllm"}')
