import json

from autotune.migrate import report_data, report_text


def test_the_report_counts_and_marks(migrate):
    migration = migrate("conflicts.json")
    assert report_data(migration)["counts"] == {"mapped": 6, "kept": 0, "noted": 1, "refused": 1}
    marked = [line for line in report_text(migration).splitlines() if line.startswith("!")]
    assert marked == [
        "! refused parameters.tp_size = 4  (parameters.tp-size sets the same thing otherwise: keep one of them)"
    ]


def test_no_secret_is_printed(migrate):
    secret = "sk-abcdefghijklmnopqrstuv"
    model = {"id_or_path": "Qwen/Qwen3-8B"}
    task = {
        "task_name": "x",
        "model": model,
        "base_runtime": "vllm",
        "parameters": {"api-key": "sesame", "x": [secret]},
    }
    migration = migrate(task)
    for text in (report_text(migration), json.dumps(report_data(migration))):
        assert "sesame" not in text
        assert secret not in text
