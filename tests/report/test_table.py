import io

from rich.console import Console

from autotune.report import render_table
from autotune.store import Failure
from tests.report.results import failed, measurement, result


def printed(results, width=160):
    text = io.StringIO()
    render_table(results, Console(file=text, width=width, no_color=True))
    return text.getvalue()


def test_one_row_a_point_with_what_differs_and_the_best_load():
    rows = [
        result(
            "a",
            ("model.id=m", "parallel.tp=2"),
            [measurement(1, tpot=5, tokens=200), measurement(64, tpot=40, tokens=12345)],
            best=1,
        ),
        result("b", ("model.id=m", "parallel.tp=4"), [measurement(64, tpot=50, tokens=900, gpus=4)], gpus=4),
    ]
    text = printed(rows)
    assert "2 points" in text
    head = next(line for line in text.splitlines() if "TTFT" in line)
    assert " tp " in head
    assert "model.id" not in head
    first = next(line for line in text.splitlines() if line.split()[:2] == ["*", "a"])
    assert "12,345" in first
    assert "c=64" in first
    assert not any(line.split()[:2] == ["*", "b"] for line in text.splitlines())


def test_what_was_not_measured_is_said_loudly():
    text = printed([result(kind="emulated", measurements=[measurement(kind="emulated")])])
    assert "EMULATED, NOT MEASURED" in text
    assert text.count("EMULATED") == 2
    assert "EMULATED" not in printed([result(measurements=[measurement()])])
    assert "some PREDICTED" in printed([result("a", measurements=[measurement()]), result("b", kind="predicted")])


def test_failures_come_with_class_line_and_remedy():
    pruned = result("q", ("parallel.tp=3",), status="pruned", failure=Failure("refused", "3 does not divide 32"))
    text = printed([failed(), pruned])
    assert "1 failed, 1 pruned" in text
    assert "out of memory" in text
    assert "CUDA out of memory. Tried to allocate 2 GiB" in text
    assert "help: raise parallel.tp" in text
    assert "frontier" not in text


def test_hostile_text_stays_text():
    evil = Failure("start_crash", "\x1b[2J\x1b]0;title\x07[red]markup[/red] [/nothing]")
    text = printed([result("a", ("model.id=[bold]x[/bold]",), status="failed", failure=evil)])
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]markup[/red] [/nothing]" in text
    assert "[bold]x[/bold]" in text


def test_no_secret_is_printed():
    text = printed(
        [
            result(
                "a", ("misc.env.HF_TOKEN=abc123",), status="failed", failure=Failure("benchmark", "with hf_" + "x" * 30)
            )
        ]
    )
    assert "abc123" not in text
    assert "hf_x" not in text


def test_no_results_at_all():
    assert "0 points" in printed([])
