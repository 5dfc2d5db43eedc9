"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import itertools
import re
import shutil
from dataclasses import replace

import pytest

from autotune.report import Reported, render_html
from autotune.store import Predicted
from tests.report.results import failed, measurement, result, run
from tests.report.test_html import thousand

pytestmark = pytest.mark.browser

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CONFIG = {
    "optimization": {"objectives": ["maximize_throughput_per_gpu", "minimize_tpot", "minimize_ttft"]},
    "slo": {"ttft": {"p95": {"threshold": 300.0}}, "tpot": {"mean": {"threshold": 20.0}}},
}
#: What paper leaves inside of the margins, in CSS pixels.
A4 = {"width": 703, "height": 1032}
LOOKS = list(itertools.product(("light", "dark"), (1280, 390)))


def sweep(factor=1.0):
    found = [failed("x", ("parallel.tp=1", "quantization=bf16"), config=CONFIG | {"model": {"id": "org/model"}})]
    for tp, (name, gain) in itertools.product((2, 4, 8), (("bf16", 1.0), ("fp8", 1.4))):
        loads = [
            measurement(
                c, tokens=factor * gain * 60 * tp * c**0.7, tpot=(4 + c / 4) / gain / tp**0.5, ttft=10.0 * c / tp
            )
            for c in (1, 8, 64)
        ]
        told = [Predicted(replace(item, kind="predicted", tpot_ms={"mean": 5.0}), "roofline", "1") for item in loads]
        found.append(
            result(
                f"{tp}{name}",
                (f"parallel.tp={tp}", f"quantization={name}"),
                loads,
                config=CONFIG
                | {"model": {"id": "org/model"}, "parallel": {"tp": tp}, "quantization": {"gemm_mode": name}},
                predictions=tuple(told),
            )
        )
    return found


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    place = shutil.which("chromium") or "/usr/bin/chromium"
    if shutil.which(place) is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=place, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def show(browser, tmp_path):
    """Open a report; whatever the page complains about or asks the network for fails the test at its end."""
    noise, contexts = [], []

    def open_page(reports, width=1280, scheme="light", **more):
        file = tmp_path / "report.html"
        file.write_text(render_html(reports), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("request", lambda request: noise.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert noise == []


def one(results=None):
    results = sweep() if results is None else results
    return [Reported(run(results), tuple(results))]


def two():
    return [*one(), Reported(run(sweep(), run_id="run-2"), tuple(sweep(1.2)))]


def luminance(page, selector, name):
    colour = page.eval_on_selector(selector, f"(element) => getComputedStyle(element)['{name}']")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 765


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
@pytest.mark.parametrize("reports", [one, two], ids=["one", "several"])
def test_plots_are_seen_and_nothing_sticks_out(show, reports, scheme, width):
    page = show(reports(), width, scheme)
    for plot in page.locator("figure.plot-0 svg[role=img]").all():
        assert plot.is_visible()
        box = plot.bounding_box()
        assert 300 <= box["width"] <= width
        assert box["height"] > 150
        marks = [mark.bounding_box() for mark in plot.locator("use.mark").all()]
        assert len(marks) >= 18
        assert all(box["x"] - 9 <= mark["x"] <= box["x"] + box["width"] and mark["width"] > 3 for mark in marks)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert (luminance(page, "body", "backgroundColor") < 0.3) == (scheme == "dark")
    assert (luminance(page, "h1", "color") > 0.7) == (scheme == "dark")


def test_axes_are_chosen_and_predictions_hidden_from_the_keyboard(show):
    page = show(one())
    plots = page.locator("figure.plot")
    assert [plot.is_visible() for plot in plots.all()] == [True, False, False]
    assert page.locator(".plot-0 .ghost[x]").count() == 18
    page.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    assert [plot.is_visible() for plot in plots.all()] == [False, True, False]
    box = page.get_by_role("checkbox", name="show what was predicted")
    assert page.locator(".plot-1 g.predicted").is_visible()
    box.focus()
    page.keyboard.press("Space")
    assert not page.locator(".plot-1 g.predicted").is_visible()


def test_a_point_is_reached_and_opened_from_the_keyboard(show):
    page = show(one())
    summary = page.locator("#point-2 > summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#point-2").get_by_text("Run it again").is_visible()
    regions = page.get_by_role("region", name="Every load of every point")
    assert regions.get_attribute("tabindex") == "0"


def test_who_does_not_see_it_gets_names_and_words(show):
    page = show(one())
    assert (
        page.get_by_role("img", name="Output tokens/s per GPU against output tokens/s per user (1000 / TPOT)").count()
        == 1
    )
    assert page.get_by_role("table", name="Every load of every point").count() == 1
    assert page.get_by_role("heading", level=1).inner_text() == "org/model"
    assert page.get_by_role("navigation", name="Sections").get_by_role("link").count() >= 8
    assert page.get_by_role("img", name="on the frontier").count() >= 3
    assert page.get_by_role("rowheader").count() > 20


def test_on_paper_every_plot_and_fold_is_there_and_the_menu_is_not(show):
    page = show(one())
    page.emulate_media(media="print")
    assert all(plot.is_visible() for plot in page.locator("figure.plot").all())
    assert not page.get_by_role("navigation", name="Sections").is_visible()
    assert page.locator("#point-2").get_by_text("Server command").is_visible()
    assert luminance(page, "body", "backgroundColor") == 1
    page.set_viewport_size(A4)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    pdf = page.pdf(format="A4", print_background=True)
    assert pdf.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 25


def test_dark_readers_print_on_white_paper(show):
    page = show(one(), scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert luminance(page, "body", "backgroundColor") == 1
    assert luminance(page, "h1", "color") == 0


def test_it_needs_no_script(show):
    page = show(one(), java_script_enabled=False)
    page.get_by_label("TTFT against speed per user").check()
    assert page.locator("figure.plot-2").is_visible()


def test_a_thousand_points_open_in_a_moment(show):
    page = show(one(thousand()))
    assert page.locator("figure.plot-0 svg[role=img]").is_visible()
    assert page.locator("details[id^=point-]").count() == 1000
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
