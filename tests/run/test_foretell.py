from dataclasses import replace

import autotune
from autotune.run import foretell
from autotune.run.foretell import predict_loads
from tests.predict.points import facts_for
from tests.run.points import make_point


def point(**groups):
    groups = {"misc": {"context_length": 16384}, "runtime": {"isl": 1000, "osl": 200}, **groups}
    return replace(make_point(**groups), facts=facts_for())


def test_every_load_has_its_prediction_by_name_and_version():
    found = predict_loads(point(benchmark={"num_concurrency": [1, 8], "repeats": 3}))
    assert [item.measurement.load.concurrency for item in found] == [1, 8]
    assert {(item.predictor, item.version, item.measurement.kind) for item in found} == {
        ("roofline", autotune.__version__, "predicted")
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
