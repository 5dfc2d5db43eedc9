from dataclasses import replace

from autotune.report import Reported
from autotune.report.chosen import choose, pick_names
from autotune.report.markdown import render_markdown
from tests.report.results import failed, measurement, result, run
from tests.report.test_html import page, words

LOADS = [measurement(1, tpot=5, tokens=200), measurement(8, tpot=6, tokens=1400), measurement(64, tpot=40, tokens=1700)]


def limited(threshold):
    slo = {"slo": {"tpot": {"mean": {"threshold": threshold}}}}
    found = result("a", ("parallel.tp=2",), LOADS)
    return [replace(found, config=found.config | slo), failed("b")]


def reported(results):
    return Reported(run(results), tuple(results))


def test_picks_of_one_row_are_one_choice():
    chosen = choose(reported(limited(10.0)))
    assert [(item.title, item.names, item.number, item.load) for item in chosen.choices] == [
        ("Best score; best within the limits; knee of the frontier", ("best", "slo", "knee"), 1, "D(100,100) c=8")
    ]
    assert chosen.missing == ()
    assert chosen.choices[0].pack == "autotune emit --run run-1 --pick best --target k8s -o winner"
    assert list(pick_names(chosen).values()) == ["best, slo, knee"]


def test_where_nothing_is_within_the_limits_the_nearest_is_named_with_what_it_misses():
    chosen = choose(reported(limited(4.0)))
    assert [item.names for item in chosen.choices] == [("best", "nearest"), ("knee",)]
    assert "least to give" in chosen.choices[0].remark
    assert "5.00 ms against 4.00 ms: 25 % over" in chosen.choices[0].remark
    assert chosen.missing == (("No best within the limits", "no load meets every limit"),)


def test_one_load_is_no_choice():
    assert choose(reported([result("a", (), LOADS[:1])])).choices == ()
    assert choose(reported([failed()])).choices == ()


def test_the_page_names_rings_and_tags_them():
    html, parsed = page(limited(10.0))
    assert "What to choose Best score; best within the limits; knee of the frontier #1" in words(parsed)
    assert html.count('class="ring" r="11.5" cx=') == 1
    assert "#1 c=8 best, slo, knee" in words(parsed)
    assert '<span class="tag">best, slo, knee</span>' in html
    assert "What to choose" not in words(page([result("a", (), LOADS[:1])])[1])


def test_markdown_names_them_with_their_numbers():
    text = render_markdown([reported(limited(10.0))])
    assert "| **Best score; best within the limits; knee of the frontier** | `a` |" in text
    assert "`autotune emit --run run-1 --pick best --target k8s -o winner`" in text
    assert "| 700 | 6.00 | 100 | `score" in text
    assert "Most output per GPU" not in text
