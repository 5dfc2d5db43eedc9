from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from autotune.report import Reported
from autotune.report.comparison import compare_runs, letter
from autotune.report.markdown import render_markdown
from autotune.score import OBJECTIVES
from tests.report.results import failed, measurement, result, run
from tests.report.test_html import Page, render_html, words

TOKENS = OBJECTIVES["maximize_throughput"]


def report(name, results, **more):
    return Reported(run(results, run_id=name, **more), tuple(results))


def point(tp, tokens, version="0.32.0", concurrency=8, **more):
    found = result(
        f"{tp}-{version}", (f"parallel.tp={tp}",), [measurement(concurrency, tokens=tokens, **more)], gpus=tp
    )
    return replace(found, config=found.config | {"system": {"backend_version": version}})


OLD = report("old", [point(2, 100), point(4, 180)])
NEW = report("new", [point(2, 150, "0.33.0"), point(4, 180, "0.33.0"), point(8, 500, "0.33.0")])


def emulated(name="emu"):
    found = result("e", ("parallel.tp=2",), [measurement(kind="emulated")], kind="emulated")
    return report(name, [found])


def test_points_are_alike_but_for_what_the_runs_differ_in():
    found = compare_runs([OLD, NEW])
    assert found.differing == (("system.backend_version", ("0.32.0", "0.33.0")),)
    (effect,) = found.effects
    assert (effect.old, effect.new, effect.points) == ("A", "B", 2)
    assert effect.change(TOKENS).ratios == (1.0, 1.5)


def test_only_the_same_load_is_compared():
    other = report("new", [point(2, 150, concurrency=64)])
    assert compare_runs([OLD, other]).effects == ()


def test_the_frontier_is_over_all_runs():
    found = compare_runs([OLD, NEW])
    assert [(place, row.result.point_id) for place, row in found.frontier] == [(1, "2-0.33.0")]


def test_traffic_that_only_one_run_has_is_on_no_joint_frontier():
    load = replace(measurement().load, scenario="D(9,9)")
    found = compare_runs([OLD, report("new", [result("x", (), [replace(measurement(tokens=1e6), load=load)])])])
    assert (found.scenarios, found.rows, found.frontier) == (frozenset(), (), ())


def test_nothing_measured_is_compared_with_anything_emulated():
    assert compare_runs([OLD, emulated()]) is None
    found = compare_runs([OLD, emulated(), NEW])
    assert [item.run.run_id for item in found.reports] == ["old", "new"]
    assert [item.run.run_id for item in found.apart] == ["emu"]
    # Names follow the place among all runs, so that they are the same everywhere in a report.
    assert found.letters == ("A", "C")
    assert found.effects[0].new == "C"


def test_emulated_runs_are_compared_with_each_other():
    assert compare_runs([emulated("one"), emulated("two")]).effects[0].points == 1


def test_a_run_without_numbers_is_compared_with_nothing():
    assert compare_runs([OLD, report("bad", [failed()])]) is None


def test_what_is_measured_and_how_it_is_searched_makes_no_difference():
    changed = [replace(item, config=item.config | {"executor": {"name": "docker"}}) for item in OLD.results]
    assert compare_runs([OLD, report("again", changed)]).differing == ()


def test_letters():
    assert [letter(place) for place in (0, 25, 26)] == ["A", "Z", "A1"]


@given(st.lists(st.tuples(st.sampled_from([1, 2, 4, 8]), st.booleans()), max_size=8, unique=True))
def test_every_pair_is_one_point_in_both_runs(chosen):
    runs = [report(str(old), [point(tp, 10 + tp) for tp, late in chosen if late is not old]) for old in (True, False)]
    found = compare_runs(runs)
    both = {tp for tp, late in chosen if late} & {tp for tp, late in chosen if not late}
    if found is not None and len(both) > 1:
        pairs = found.effects[0].pairs
        assert {pair.before.gpus for pair in pairs} == {pair.after.gpus for pair in pairs} == both


def test_the_page_shows_them_and_every_anchor_is_there():
    html = render_html([OLD, NEW, emulated()])
    parsed = Page(html)
    text = words(parsed)
    assert "3 runs side by side" in text
    assert "emu (emulated) stands by itself" in text
    assert "system.backend_version 0.32.0 0.33.0" in text
    assert "A #1 → B #1" in text
    ids = [value for name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for name, value in parsed.attributes if name == "href"} <= set(ids)
    assert [tag for tag in parsed.tags if tag == "h1"] == ["h1"]


def test_markdown_has_them_first():
    text = render_markdown([OLD, NEW])
    assert text.startswith("## 2 runs side by side")
    assert "| **B** | 250 tokens/s/GPU | 500 tokens/s | 10.0 ms | 100 ms | 1 of 1 |" in text
    assert "| `run` | `A` → `B` |" in text
    assert "not compared" in render_markdown([OLD, emulated()])
