import math

from autotune.report import frontier_rows, swept_columns
from autotune.report.rows import report_objectives, short_names, unmeasured_kinds
from tests.report.results import failed, measurement, result


def test_the_frontier_is_over_all_loads_of_all_points():
    fast = result("a", measurements=[measurement(1, tpot=5, tokens=200), measurement(64, tpot=40, tokens=900)])
    big = result("b", measurements=[measurement(1, tpot=8, tokens=150), measurement(64, tpot=30, tokens=3000)])
    assert [(row.result.point_id, row.index) for row in frontier_rows([fast, big, failed()])] == [("a", 0), ("b", 1)]


def test_kinds_are_never_laid_against_each_other():
    slow = result("a", measurements=[measurement(tpot=100, tokens=1)])
    emulated = result("b", kind="emulated", measurements=[measurement(tpot=1, tokens=9000, kind="emulated")])
    assert {row.result.point_id for row in frontier_rows([slow, emulated])} == {"a", "b"}
    assert unmeasured_kinds([slow, emulated]) == ["emulated"]


def test_errors_and_missing_metrics_keep_off_the_frontier():
    erring = result("a", measurements=[measurement(tpot=1, tokens=9000, error_rate=0.5)])
    lacking = result("b", measurements=[measurement(tpot_ms={}, tokens=9000)])
    unknown = result("c", measurements=[measurement(tpot=1, tokens=9000, error_rate=math.nan)])
    good = result("d", measurements=[measurement()])
    assert [row.result.point_id for row in frontier_rows([erring, lacking, unknown, good])] == ["d"]


def test_objectives_are_those_of_the_run():
    assert [item.name for item in report_objectives([result()])] == ["maximize_throughput_per_gpu", "minimize_tpot"]
    other = result(config={"optimization": {"objectives": ["minimize_ttft"]}})
    assert [item.name for item in report_objectives([other])] == ["minimize_ttft"]
    unknown = result(config={"optimization": {"objectives": ["gone"]}})
    assert [item.name for item in report_objectives([unknown])] == ["maximize_throughput_per_gpu", "minimize_tpot"]


def test_only_what_differs_becomes_a_column():
    same = "model.id=m"
    results = [
        result("a", (same, "parallel.tp=2", "+profile=x")),
        result("b", (same, "parallel.tp=4", "+profile=[x,y]", "~misc.seed")),
    ]
    assert swept_columns(results) == {
        "parallel.tp": ["2", "4"],
        "profile": ["x", "[x,y]"],
        "misc.seed": ["", "(removed)"],
    }
    assert swept_columns([results[0]]) == {}


def test_short_names_stay_distinct():
    assert short_names(["parallel.tp", "quantization.gemm_mode"]) == {
        "parallel.tp": "tp",
        "quantization.gemm_mode": "gemm_mode",
    }
    assert short_names(["attention.backend", "system.backend"]) == {
        "attention.backend": "attention.backend",
        "system.backend": "system.backend",
    }
