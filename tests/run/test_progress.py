import io
from pathlib import Path

import pytest

from autotune.metrics import Load
from autotune.run.events import (
    ImagePulling,
    PointFinished,
    PointStarted,
    RunClosed,
    RunOpened,
    ServerReady,
    ServerStarting,
)
from autotune.run.labels import point_labels
from autotune.run.progress import BarReporter, PlainReporter, make_reporter
from autotune.store import Failure, Result
from tests.run.points import make_point, measurement


class Terminal(io.StringIO):
    def isatty(self):
        return True


def result(point, status="done", **more):
    return Result("r1", point, status, "emulated", (), {}, {}, **more)


def events():
    load = Load("D(100,100)", 4)
    yield RunOpened("r1", Path("/runs/r1"), "emulated", {"p1": "tp=2 [bold]", "p2": "tp=4"}, 2, False)
    yield ServerStarting("s1", ("p1",), 2, 1)
    yield ServerReady("s1", 3.2)
    yield PointStarted("p1", "s1", 1)
    yield PointFinished(result("p1", measurements=(measurement(load, 1234.0),), best=0, score=-1234.0))
    yield PointFinished(result("p2", "failed", failure=Failure("start_crash", "bad \x1b[31mflag\x07", "mend it")))
    yield RunClosed("r1", 1, 1, 0, 0, False)


def test_plain_lines_say_what_came_out_without_colours_or_control_characters():
    stream = io.StringIO()
    with PlainReporter(stream) as reporter:
        for event in events():
            reporter.report(event)
    text = stream.getvalue()
    assert "[1/2] done tp=2 [bold]: 1,234 tok/s out, TTFT 12.0 ms, TPOT 2.0 ms at D(100,100) c=4 (emulated)" in text
    assert "[2/2] failed tp=4: start_crash: bad flag\n  help: mend it" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_a_pull_is_a_line_for_every_tenth_of_the_image_whoever_waits_for_it():
    stream = io.StringIO()
    with PlainReporter(stream) as reporter:
        for done, total in [(0, 0), (0, 0), (10**8, 4 * 10**9), (10**9, 4 * 10**9), (1001 * 10**6, 4 * 10**9)]:
            reporter.report(ImagePulling("s1", "vllm/vllm-openai:v1\x1b[31m", done, total))
    assert stream.getvalue().splitlines() == [
        "pulling vllm/vllm-openai:v1",
        "pulling vllm/vllm-openai:v1: 1.0 of 4.0 GB",
    ]


def test_bars_show_servers_the_best_so_far_and_the_count():
    stream = Terminal()
    with BarReporter(stream) as reporter:
        for event in events():
            reporter.report(event)
    text = stream.getvalue()
    assert "[1/2] done tp=2 [bold]" in text
    assert "2/2" in text
    assert "frontier" not in text, "no objectives are known"


def test_the_frontier_grows_on_the_screen():
    config = {"optimization": {"objectives": ["maximize_throughput_per_gpu", "minimize_tpot"]}}
    labels = {"p1": "tp=1", "p2": "tp=2", "p3": "tp=4"}

    def finished(point, speed, tpot):
        made = measurement(Load("D(100,100)", 4), speed)
        made.tpot_ms["mean"] = tpot
        return PointFinished(Result("r1", point, "done", "measured", (), config, {"gpus": 1}, measurements=(made,), best=0, score=1.0))  # fmt: skip

    said = [
        RunOpened("r1", Path("/runs/r1"), "local", labels, 3, False, "hybrid", 2),
        finished("p1", 1000.0, 20.0),
        finished("p2", 900.0, 25.0),
        finished("p3", 500.0, 5.0),
    ]
    lines, screen = io.StringIO(), Terminal()
    with PlainReporter(lines) as plain, BarReporter(screen) as bars:
        for event in said:
            plain.report(event)
            bars.report(event)
    text = lines.getvalue()
    assert "hybrid chooses at most 2 of 3 points to run" in text
    assert "TPOT 20.0 ms at D(100,100) c=4, on the frontier (1 so far)" in text
    assert "TPOT 25.0 ms at D(100,100) c=4\n" in text
    assert "TPOT 5.0 ms at D(100,100) c=4, on the frontier (2 so far)" in text
    board = screen.getvalue().rpartition("frontier so far")[2]
    assert board.index("tp=1") < board.index("tp=4")
    assert "tp=2" not in board


@pytest.mark.parametrize(
    ("stream", "environ", "kind"),
    [
        (Terminal(), {}, BarReporter),
        (Terminal(), {"CI": "true"}, PlainReporter),
        (Terminal(), {"TERM": "dumb"}, PlainReporter),
        (io.StringIO(), {}, PlainReporter),
    ],
)
def test_bars_are_for_terminals(stream, environ, kind):
    assert type(make_reporter(stream, environ)) is kind


def test_labels_are_what_sets_points_apart():
    points = [make_point("a", concurrency=1), make_point("b", concurrency=1)]
    assert list(point_labels(points).values()) == ["server=a", "server=b"]
    assert list(point_labels(points[:1]).values()) == ["model.id=org/tiny server=a benchmark.num_concurrency=1"]
