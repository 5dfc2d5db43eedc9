"""`autotune verify` and `autotune calibrations`, on runs whose measurements are the roofline's times a known factor."""

import functools
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import autotune as package
from autotune.bench.loads import expand_loads
from autotune.metrics import Load
from autotune.predict import PREDICTORS
from autotune.store import Result, RunInputs, RunRecord, Store
from autotune.store.imported import IMPORTED

ROOFLINE = PREDICTORS["roofline"]
SWEEP = ["system.gpu=h100_sxm", "model.id=Qwen/Qwen3-8B", "parallel.tp=1,2,4", "quantization=bf16,fp8", "benchmark.num_concurrency=[4,32]"]  # fmt: skip
CLAIMED = """\
version: 2
model: {id: Qwen/Qwen3-8B}
system: {gpu: h100_sxm}
runtime: {isl: 1000, osl: 100}
sweep:
  parallel.tp,benchmark.num_concurrency: [[1, [8]], [2, [16]]]
predicted:
  by: oracle
  version: "7"
  for: {system.gpu: h100_sxm}
  loads:
  - {at: {parallel.tp: 1}, scenario: 'D(1000,100)', concurrency: 8, ttft_ms: {mean: 50.0}, tpot_ms: {mean: 8.0}}
  - {at: {parallel.tp: 2}, scenario: 'D(1000,100)', concurrency: 16, ttft_ms: {mean: 60.0}, tpot_ms: {mean: 9.0}}
"""


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr("autotune.workspace.load.nvidia_products", tuple)


@functools.cache
def points_of(*overrides):
    return package.compile(list(overrides))


def truth(found, ttft, tpot):
    """A measurement that takes that much longer than predicted."""
    first, step = found.ttft_ms["mean"] * ttft, found.tpot_ms["mean"] * tpot
    total = first + (found.e2e_latency_ms["mean"] - found.ttft_ms["mean"]) * tpot
    share = found.e2e_latency_ms["mean"] / total
    return replace(
        found,
        kind="measured",
        ttft_ms={"mean": first},
        tpot_ms={"mean": step},
        itl_ms={},
        e2e_latency_ms={"mean": total},
        output_tokens_per_s=found.output_tokens_per_s * share,
        output_tokens_per_s_per_gpu=found.output_tokens_per_s_per_gpu * share,
        output_tokens_per_s_per_user=1e3 / step,
        total_tokens_per_s=found.total_tokens_per_s * share,
        requests_per_s=found.requests_per_s * share,
        completed=100,
    )


@pytest.fixture
def measured(autotune):
    """Store a run as if it had been measured; `factor(point, load)` gives how much longer TTFT and TPOT took."""

    def measured(run_id="run-1", overrides=SWEEP, factor=lambda point, load: (1.25, 1.25), *, kind="measured", executor="local", task=None, change=None):  # fmt: skip
        file = None
        if task is not None:
            file = Path("task.yaml")
            file.write_text(task)
            overrides = ()
        results = []
        for point in points_of(*overrides) if file is None else package.compile(task=file):
            loads = expand_loads(point.config.benchmark, point.config.runtime)
            found = [truth(ROOFLINE.predict(point.config, point.facts, load).measurement, *factor(point, load)) for load in loads]  # fmt: skip
            result = Result(
                run_id,
                point.id,
                "done",
                kind,
                point.overrides,
                point.data,
                point.deployment.as_dict(),
                measurements=tuple(replace(item, kind=kind) for item in found),
                best=0,
            )
            results.append(result if change is None else change(result))
        run = RunRecord(
            run_id, "f", executor, tuple(item.point_id for item in results), RunInputs(task=task, task_path="task.yaml"),
            f"2026-01-01T00:00:0{len(run_id) % 10}+00:00", finished_at="2026-01-01T00:10:00+00:00",
        )  # fmt: skip
        with Store() as store:
            store.save_run(run, [(item, ()) for item in results])
        return results

    return measured


def slower(point, load):
    """FP8 a little less than bf16, decode more than prefill, with something that no factor explains."""
    rest = 1.0 + 0.04 * ((point.config.parallel.tp or 1) % 3) + (0.02 if load.concurrency > 8 else 0.0)
    return (1.3 * rest, (1.5 if point.config.quantization.gemm_mode == "fp8" else 1.8) * rest)


def test_a_run_is_laid_against_what_the_roofline_says(autotune, measured):
    measured()
    done = autotune("verify")
    assert done.code == 0
    assert done.codes == []
    assert "roofline" in done.out.splitlines()[0]
    assert "12 loads on 6 points, measured in run-1" in done.out
    for name in ("TTFT ms", "TPOT ms", "tok/s/GPU"):
        (line,) = [line for line in done.out.splitlines() if line.startswith(f"{name} ") and "x" in line]
        assert re.search(r"12 +\d+ % +\d+ % +[+-]\d+ % +1\.\dx +1\.00 +1\.00", line), line
    assert re.search(r"TTFT ms +12 +20 % +20 % +-20 %", done.out)
    assert re.search(r"frontier, hypervolume +100 %", done.out)
    assert re.search(r"regret, the score +0 %", done.out)


def test_what_the_badly_predicted_have_in_common_is_said(autotune, measured):
    measured(factor=lambda point, load: (1.0, 2.0 if point.config.parallel.tp == 4 else 1.0))
    done = autotune("verify", "run-1")
    assert re.search(r"TPOT ms +tp >= 4 +50 % too low \(4 pairs\) +0 % too (low|high) \(8 pairs\)", done.out)
    assert re.search(r"tp=4.* -50 %", done.out)


def test_json_and_markdown_have_the_same_numbers(autotune, measured):
    measured()
    data = autotune("verify", "--format", "json").json
    assert data["predictor"] == "roofline"
    assert data["metrics"]["ttft_ms"]["bias"] == pytest.approx(-0.2)
    assert data["frontier"]["hypervolume_reached"] == pytest.approx(1.0)
    assert len(data["pairs"]) == 12
    assert data["calibration"] is None
    text = autotune("verify", "--format", "md").out
    assert re.search(
        r"^\| TTFT ms \| 12 \| 20 % \| 20 % \| -20 % \| 1\.[23]x \| 1\.00 \| 1\.00 \|$", text, re.MULTILINE
    ), text
    assert all(line.count("|") >= 4 for line in text.splitlines() if line.startswith("|"))


def test_the_page_needs_nothing_beside_it_and_escapes_all(autotune, measured):
    measured(change=lambda result: replace(result, overrides=(f"model.served_name=<b>{result.point_id}",)))
    done = autotune("verify", "--html", "page.html")
    assert done.code == 0
    page = Path("page.html").read_text()
    assert page.count('role="img"') == 4
    assert page.count('class="mark') == 48
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_an_emulated_run_verifies_nothing(autotune, measured):
    measured(kind="emulated")
    done = autotune("verify")
    assert (done.code, done.codes, done.out) == (2, ["AT060"], "")
    assert "was emulated" in done.err
    assert autotune("verify", "parallel.tp=8").codes == ["AT060"]


def test_what_cannot_be_compared_is_left_out_and_said(autotune, measured):
    def failing(result):
        return replace(result, measurements=(replace(result.measurements[0], error_rate=0.5), result.measurements[1]))

    measured(change=failing)
    done = autotune("verify")
    assert done.codes == ["AT160"]
    assert "6 loads left out: more than 5% of the requests failed" in done.err
    assert "6 loads on 6 points" in done.out


def test_overrides_find_the_points_wherever_they_were_measured(autotune, measured):
    words = [word for word in SWEEP if not word.startswith("parallel")]
    measured("run-1", [*words, "parallel.tp=1"])
    measured("run-02", [*words, "parallel.tp=2"])
    done = autotune("verify", *words, "parallel.tp=1,2,4", "-m")
    assert "8 loads on 4 points" in done.out
    assert done.codes.count("AT160") == 1
    assert "2 of 6 points left out: not measured yet" in done.err
    assert autotune("verify", *words, "parallel.tp=8", "-m").codes[-1] == "AT060"


def test_the_claims_of_a_task_are_compared_unless_another_predictor_is_named(autotune, measured):
    measured(task=CLAIMED)
    done = autotune("verify", "--format", "json")
    assert (done.json["predictor"], done.json["version"]) == ("oracle", "7")
    assert [pair["metrics"]["ttft_ms"]["predicted"] for pair in done.json["pairs"]] == [50.0, 60.0]
    assert set(done.json["metrics"]) == {"ttft_ms", "tpot_ms"}
    assert autotune("verify", "--predictor", "roofline", "--format", "json").json["predictor"] == "roofline"
    wrong = autotune("verify", "--predictor", "orcale")
    assert (wrong.code, wrong.codes) == (2, ["AT004"])
    assert "did you mean oracle?" in wrong.err


def test_a_claim_about_a_batch_is_laid_against_arrivals(autotune, measured):
    def arrived(result):
        (only,) = result.measurements
        rate = replace(only, load=Load("D(1000,100)", request_rate=4.0), requests_per_s=4.0, e2e_latency_ms={"mean": 2000.0})  # fmt: skip
        return replace(result, measurements=(rate,))

    measured(task=CLAIMED, change=arrived)
    done = autotune("verify", "--format", "json")
    # Eight requests in flight: the claim of tp=1, and none of tp=2, whose claim is of 16.
    assert [pair["request_rate"] for pair in done.json["pairs"]] == [4.0]
    assert "1 load left out: of which oracle said nothing" in done.err


def test_an_imported_run_asks_for_what_it_does_not_say(autotune, measured):
    def stripped(result):
        kept = {"model": {"id": "Qwen/Qwen3-8B"}, "benchmark": {"tool": "aiperf"}, "runtime": {"isl": 1024, "osl": 128}}
        return replace(result, config=kept, deployment={"gpus": 2})

    measured("20261126-1", [*SWEEP[:2], "parallel.tp=2"], executor=IMPORTED, change=stripped)
    done = autotune("verify")
    assert (done.code, done.codes) == (2, ["AT061"])
    assert "system.gpu=h100_sxm" in done.err
    size = autotune("verify", "2026", "system.gpu=h100_sxm")
    assert size.codes == ["AT061"]
    assert "used 2 GPUs, and its config takes 1" in size.err
    assert autotune("verify", "2026", "system.gpu=h100_sxm", "quantization=fp8").codes == ["AT004"]
    found = autotune("verify", "2026", "system.gpu=h100_sxm", "parallel.tp=2", "--format", "json")
    assert found.codes == []
    assert found.json["metrics"]["tpot_ms"]["bias"] == pytest.approx(-0.2)


def test_a_calibration_is_fitted_kept_used_and_removed(autotune, measured):
    measured("run-1", factor=slower)
    done = autotune("verify", "run-1", "--calibrate", "--name", "mine")
    assert done.code == 0
    assert "AT161" not in done.codes
    assert re.search(r"TPOT +12 +\d+ % +\d %", done.out), done.out
    assert re.search(r"vllm h100_sxm fp8 +6 +x1\.\d\d +x1\.[456]\d", done.out), done.out
    kept = json.loads(Path("data/calibrations/mine.json").read_text())
    assert (kept["runs"], kept["points"], kept["pairs"]) == (["run-1"], 6, 12)

    plain = autotune("predict", *SWEEP[:2], "--format", "json").json[0]
    better = autotune("predict", *SWEEP[:2], "--format", "json", "--calibration", "mine").json[0]
    assert plain["calibration"] is None
    assert better["calibration"] == "calibrated (mine)"
    assert better["metrics"]["tpot_ms"]["mean"] == pytest.approx(1.8 * plain["metrics"]["tpot_ms"]["mean"], rel=0.1)
    assert "calibrated (mine)" in autotune("predict", *SWEEP[:2], "--calibration", "data/calibrations/mine.json").err

    checked = autotune("verify", "run-1", "--calibration", "mine", "--html", "page.html")
    assert re.search(r"TPOT ms +12 +\d % ", checked.out), checked.out
    assert "calibrated (mine)" in checked.out.splitlines()[0]
    assert "calibrated (mine)" in Path("page.html").read_text()

    assert re.search(r"mine +roofline .* 12 +6 ", autotune("calibrations").out)
    assert autotune("calibrations", "show", "mine").out == "\n".join(done.out[done.out.index("calibration mine") :].split("\n"))  # fmt: skip
    assert autotune("calibrations", "remove", "mine").code == 0
    assert autotune("calibrations").out == ""
    gone = autotune("predict", "--calibration", "mine")
    assert (gone.code, gone.codes) == (2, ["AT062"])


def test_a_calibration_of_few_servers_is_doubted(autotune, measured):
    measured("run-1", [*SWEEP[:2], "parallel.tp=1,2"], factor=slower)
    done = autotune("verify", "--calibrate", "--name", "mine")
    assert done.codes.count("AT161") >= 1
    assert "mine: it rests on 2 servers" in done.err


def test_mistakes_are_said_without_a_trace(autotune, measured):
    measured("run-1", SWEEP[:2])
    for words, said in (
        (["--name", "x"], "--name goes with --calibrate"),
        (["--calibrate", "--calibration", "x"], "exclude each other"),
        (["--calibrate", "--name", "../x"], "cannot be a calibration's name"),
        (["nope"], "no run is called nope"),
        (["--calibration", "nope.json"], "cannot be read"),
    ):
        done = autotune("verify", *words)
        assert done.code == 2
        assert said in done.err
    assert not Path("data/calibrations").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 9}', '{"format": 1, "name": "x", "calibration": {"format": 3}}', '{"format": 1}'])  # fmt: skip
def test_a_broken_file_is_listed_as_such_and_can_be_removed(autotune, text):
    folder = Path("data/calibrations")
    folder.mkdir(parents=True)
    (folder / "x.json").write_text(text)
    done = autotune("calibrations")
    assert (done.code, done.codes) == (0, ["AT062"])
    assert autotune("predict", "--calibration", "x").codes == ["AT062"]
    assert autotune("calibrations", "remove", "x").code == 0
    assert autotune("calibrations").codes == []
