import math
from dataclasses import replace

from autotune.report.interval import LEGEND, show_metric
from tests.report.results import measurement, result
from tests.report.test_html import page
from tests.report.test_table import printed

ONCE = measurement(8, ttft=100.0, tokens=1000.0)
OFTEN = replace(ONCE, repeats=3, ci95={"ttft_ms.mean": 2.484, "output_tokens_per_s": 31.2})


def test_a_repeated_metric_has_its_interval():
    assert show_metric(OFTEN, "ttft_ms") == "100 ±2.48"
    assert show_metric(OFTEN, "output_tokens_per_s") == "1,000 ±31.2"
    assert show_metric(OFTEN, "tpot_ms") == "10.0"
    assert show_metric(OFTEN, "ttft_ms.p95") == "200"


def test_what_was_measured_once_or_is_not_known_has_none():
    assert show_metric(ONCE, "ttft_ms") == "100"
    assert show_metric(ONCE, "itl_ms") == "-"
    assert show_metric(None, "ttft_ms") == "-"
    assert show_metric(replace(ONCE, requests_per_s=math.nan), "requests_per_s") == "-"


def test_the_median_stands_in_for_a_mean_that_is_not_there():
    found = replace(ONCE, ttft_ms={"p50": 7.0}, repeats=2, ci95={"ttft_ms.p50": 0.5})
    assert show_metric(found, "ttft_ms") == "7.00 ±0.500"


def test_table_and_report_show_it_and_say_what_it_is():
    repeated, single = [result(measurements=[OFTEN])], [result(measurements=[ONCE])]
    for shown in (printed(repeated), page(repeated)[0]):
        assert "100 ±2.48" in shown
        assert LEGEND.split("(")[0].strip() in shown
    for shown in (printed(single), page(single)[0]):
        assert "±" not in shown
