import json

from autotune.score import get_objectives
from autotune.verify.verdict import judge
from tests.verify.pairs import pair

OBJECTIVES = get_objectives(("maximize_throughput_per_gpu", "minimize_tpot"))


def test_the_worst_are_listed_by_their_worst_metric_whichever_way_it_is_off():
    pairs = [pair({"ttft": 300.0}, point="high"), pair({"tpot": 2.0}, point="low"), pair(point="right")]
    found = judge(pairs, OBJECTIVES, predictor="x")
    assert [(found.pairs[item.index].point_id, item.metric) for item in found.worst] == [
        ("low", "tpot_ms"), ("high", "ttft_ms"), ("right", "ttft_ms"),
    ]  # fmt: skip


def test_a_verdict_is_json():
    data = judge([pair({"ttft": 90.0})], OBJECTIVES, predictor="x", version="1").as_dict()
    text = json.loads(json.dumps(data, allow_nan=False))
    metric = text["pairs"][0]["metrics"]["ttft_ms"]
    assert (metric["predicted"], metric["measured"], round(metric["error"], 9)) == (90.0, 100.0, -0.1)
    assert text["frontier"] == {"predicted": 1, "measured": 1, "shared": 1, "hypervolume_reached": None}


def test_pairs_that_share_no_metric_are_left_out():
    nothing = {"ttft": 0.0, "tpot": 0.0, "tokens": 0.0}
    assert judge([pair(nothing), pair()], OBJECTIVES, predictor="x").pairs[0].predicted.ttft_ms == {"mean": 100.0}
