import pytest

from autotune.diagnostics import InputError
from autotune.migrate import read_v1

TASK = '"task_name": "x", "model": {"id_or_path": "m/n"}, "base_runtime": "vllm"'


def test_json_may_be_indented_with_tabs():
    assert read_v1("{\n\t" + TASK + ',\n\t"parameters": {}}', "t.json")["task_name"] == "x"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "AT025"),
        ("a: [", "AT001"),
        ("{" + TASK + "}", "AT025"),
        ("{" + TASK + ', "parameters": [1]}', "AT025"),
        ("{" + TASK + ', "parameters": {"a": NaN}}', "AT001"),
        ("model: {id: Qwen/Qwen3-8B}\nparallel: {tp: 2}\n", "AT025"),
        ("{" * 5000, "AT001"),
    ],
)
def test_what_is_no_v1_task(text, code):
    with pytest.raises(InputError) as caught:
        read_v1(text, "t.json")
    assert [item.code for item in caught.value.diagnostics] == [code]
