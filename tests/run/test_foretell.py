from dataclasses import replace

import pytest

from autotune.predict import Roofline
from autotune.predict.calibration import Pair, Subject, fit
from autotune.run import foretell
from autotune.run.foretell import calibration_problems, predict_loads
from autotune.workspace.calibrations import KeptCalibration, keep_calibration
from tests.predict.points import facts_for
from tests.run.points import make_point


def point(**groups):
    groups = {"misc": {"context_length": 16384}, "runtime": {"isl": 1000, "osl": 200}, **groups}
    return replace(make_point(**groups), facts=facts_for())


def test_every_load_has_its_prediction_by_name_and_version():
    found = predict_loads(point(benchmark={"num_concurrency": [1, 8], "repeats": 3}))
    assert [item.measurement.load.concurrency for item in found] == [1, 8]
    assert {(item.predictor, item.version, item.measurement.kind) for item in found} == {
        ("roofline", Roofline.version, "predicted")
    }
    assert found[0].measurement.tpot_ms["mean"] > 0


def test_a_predictor_that_fails_or_knows_too_little_says_nothing(monkeypatch):
    assert predict_loads(make_point()) == ()

    class Broken:
        name = "roofline"

        def predict(self, *_):
            raise ZeroDivisionError

    monkeypatch.setitem(foretell.PREDICTORS, "roofline", Broken())
    assert predict_loads(point()) == ()


def test_a_calibration_that_the_config_names_corrects_what_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("AUTOTUNE_HOME", str(tmp_path))
    plain = point()
    (raw,) = predict_loads(plain)
    pairs = [
        Pair(
            Subject("vllm", "h100_sxm", "bf16", "", {"concurrency": float(clients)}),
            {"tpot_ms.mean": 10.0},
            {"tpot_ms.mean": 20.0},
            group=f"p{clients}",
        )
        for clients in range(1, 40)
    ]
    keep_calibration(KeptCalibration("mine", fit(pairs, predictor="roofline")))
    (found,) = predict_loads(point(optimization={"calibration": "mine"}))
    assert found.measurement.tpot_ms["mean"] == pytest.approx(2 * raw.measurement.tpot_ms["mean"], rel=0.1)
    assert (found.predictor, found.version) == ("roofline+calibration", f"{Roofline.version}, calibrated (mine)")
    assert calibration_problems(plain) == []
    (wrong,) = calibration_problems(point(optimization={"calibration": "other"}))
    assert (wrong.code, wrong.help) == ("AT062", "known: mine")
    keep_calibration(KeptCalibration("foreign", fit(pairs, predictor="oracle")))
    assert (
        "for oracle, not for roofline"
        in calibration_problems(point(optimization={"calibration": "foreign"}))[0].message
    )
