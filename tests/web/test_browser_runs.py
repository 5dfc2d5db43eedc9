"""Home, Run, Results and Verify in a real browser."""

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.web.browsing import TOO_WIDE, UNNAMED, browser, opened, served  # noqa: F401
from tests.web.stored import hostile, store_with, sweep, thousand

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/runs",
    "/runs/run-1",
    "/results?run=run-1",
    "/results?run=run-1&run=run-3",
    "/results?run=run-m&page=3",
    "/results?run=run-h",
    "/results/run-1/8fp8",
    "/results/run-1/1bf16",
    "/verify?run=run-1",
)
LOOKS = list(itertools.product(("light", "dark"), (1280, 360)))
SWEEP = (
    "parallel.tp=1,2,4", "scheduling.max_running_requests=16,64", "model.id=Qwen/Qwen3-8B", "system.gpu=h100_sxm",
    "executor=emulated", "executor.speed=4", "benchmark.max_requests=24", "optimization.max_parallel=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    place = tmp_path_factory.mktemp("web")
    runs = (sweep(), sweep("run-2", "emulated"), sweep("run-3"), hostile("run-h"), thousand("run-m"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOTUNE_HOME", str(place / "home"))
        patch.setenv("XDG_CONFIG_HOME", str(place / "config"))
        with served(store=store_with(place / "web.db", *runs)) as found:
            yield found


def until(page, expression, timeout_s=15):
    """Wait for what the page says to be true. (Playwright's own way needs eval, which the pages' policy does not allow.)"""
    deadline = time.monotonic() + timeout_s
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"still not: {expression}"
        time.sleep(0.05)


def drawn(page):
    until(page, "Number(document.querySelector('[data-plot]')?.dataset.marks) > 0")
    page.wait_for_selector("[data-plot] .scatterlayer path.point", state="attached")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
@pytest.mark.parametrize("path", PAGES)
def test_pages_fit_are_named_and_say_nothing_on_the_console(browser, address, path, scheme, width):  # noqa: F811
    with opened(browser, address, path, width=width, scheme=scheme) as page:
        if page.locator("[data-plot]").count():
            drawn(page)
        assert page.evaluate(TOO_WIDE) == []
        assert page.evaluate(UNNAMED) == []
        assert page.locator("h1").count() == 1


def values(page):
    return {
        item.get_attribute("data-objective"): float(item.input_value())
        for item in page.locator("[data-objective]").all()
    }


def ranked(page, act):
    with page.expect_response(re.compile("/results\\?")):
        act()
    page.wait_for_timeout(150)


def test_sliders_rebalance_by_keyboard_and_by_typing_and_rank_anew(browser, address):  # noqa: F811
    with opened(browser, address, "/results?run=run-1") as page:
        drawn(page)
        slider = page.get_by_label("Weight of TTFT, in percent")
        slider.focus()
        ranked(page, lambda: slider.press("End"))
        assert values(page) == {"maximize_throughput_per_gpu": 0.0, "minimize_tpot": 0.0, "minimize_ttft": 100.0}
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Weight of TTFT, in percent"
        assert "#6" in page.locator("#choose .pick").first.inner_text()
        typed = page.get_by_label("tokens/s per GPU", exact=True)
        ranked(page, lambda: typed.fill("90"))
        typed.blur()
        page.wait_for_timeout(50)
        assert values(page) == {"maximize_throughput_per_gpu": 90.0, "minimize_tpot": 0.0, "minimize_ttft": 10.0}
        assert "c=64" in page.locator("#choose .pick").first.inner_text()
        assert page.get_by_label("Weight of tokens/s per GPU, in percent").input_value() == "90"
        page.reload()
        assert values(page) == {"maximize_throughput_per_gpu": 90.0, "minimize_tpot": 0.0, "minimize_ttft": 10.0}
        page.get_by_role("link", name="Back to its own").click()
        assert sum(values(page).values()) == pytest.approx(100)


def test_filter_sort_columns_and_axes_without_a_reload(browser, address):  # noqa: F811
    with opened(browser, address, "/results?run=run-1") as page:
        drawn(page)
        ranked(page, lambda: page.get_by_role("link", name="TPOT ms").click())
        assert page.locator("th[aria-sort=ascending]").inner_text().startswith("TPOT ms")
        ranked(page, lambda: page.get_by_label("Text").fill("fp8 c=64"))
        assert page.locator("#found tbody tr").count() == 3
        assert page.locator("th[aria-sort=ascending]").count() == 1, "the order stays"
        until(page, "document.querySelector('[data-plot]').dataset.marks === '3'")
        page.get_by_text("Columns", exact=True).click()
        ranked(page, lambda: page.get_by_label("TTFT p95 ms").check())
        assert page.locator("#found thead", has_text="TTFT p95 ms").count() == 1
        ranked(page, lambda: page.get_by_label("Across").select_option("minimize_ttft"))
        until(page, "document.querySelector('[data-plot] .xtitle').textContent.includes('TTFT')")
        shown = page.locator("#found tbody").inner_text()
        page.reload()
        assert page.locator("#found tbody").inner_text() == shown


def test_the_policy_lets_no_script_in(browser, address):  # noqa: F811
    with opened(browser, address, "/results?run=run-h") as page:
        drawn(page)
        policy = page.request.get(f"{address}/results?run=run-h").headers["content-security-policy"]
        assert "unsafe" not in policy
        assert page.locator("[data-plot] script, [data-plot] img").count() == 0
        assert page.evaluate("window.Plotly !== undefined")


def test_the_way_by_keyboard(browser, address):  # noqa: F811
    with opened(browser, address, "/") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


class Server:
    """`autotune ui` in a process of its own, on a port that it keeps over a restart."""

    def __init__(self, place):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environ = os.environ | {"AUTOTUNE_HOME": str(place / "home"), "XDG_CONFIG_HOME": str(place / "config")}
        self.place = place
        self.process = None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def autotune(self, *words):
        return subprocess.Popen(
            [sys.executable, "-m", "autotune", *words], env=self.environ, cwd=self.place,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def start(self):
        self.process = self.autotune("ui", "--port", str(self.port), "--no-browser")
        deadline = time.monotonic() + 30
        while not self.answers():
            assert time.monotonic() < deadline, "autotune ui does not answer"
            time.sleep(0.1)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


def settled(page):
    return int(page.locator("#now").get_attribute("data-settled"))


def wait_for_settled(page, count, timeout_s=120):
    until(page, f"Number(document.getElementById('now').dataset.settled) >= {count}", timeout_s)


@pytest.mark.slow
def test_a_run_is_watched_to_its_end_over_a_reload_and_a_restart_of_the_server(browser, server):  # noqa: F811
    run = server.autotune(*SWEEP, "-m")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Security Policy" in message.text else None)
    try:
        page.goto(server.address)
        page.get_by_text("Running now").wait_for(timeout=60_000)
        page.locator("#home article a").first.click()
        page.locator(".state.running").wait_for()
        page.locator("#servers-head").wait_for()
        assert "GPU 0" in page.locator("#now").inner_text()
        wait_for_settled(page, 1)
        drawn(page)
        before = settled(page)
        page.reload()
        assert settled(page) >= before
        drawn(page)
        wait_for_settled(page, before + 1)
        before = settled(page)
        server.stop()
        until(page, "document.getElementById('live').dataset.connected === 'false'", 20)
        server.start()
        until(page, "document.getElementById('live').dataset.connected === 'true'", 30)
        page.locator(".state.finished").wait_for(timeout=180_000)
        assert run.wait(30) == 0
        assert settled(page) == 6
        assert page.locator("#points-head ~ .scroll tbody tr").count() == 6
        # The plot comes a moment after the table, later still on a busy machine.
        until(page, "document.querySelector('[data-plot]').dataset.marks === '18'", 20)
        drawn(page)
        assert int(page.locator("[data-plot]").get_attribute("data-frontier")) >= 1
        assert "finished: 6 of 6 points settled" in page.locator("#said").inner_text()
        page.get_by_role("link", name="Results").last.click()
        drawn(page)
        assert "6 points: 6 done" in page.locator("main").inner_text()
        assert wrong == []
    finally:
        context.close()
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGTERM)
            run.wait(30)


@pytest.mark.slow
def test_a_run_is_cancelled_and_goes_on_from_the_page(browser, server):  # noqa: F811
    run = server.autotune(*SWEEP, "-m")
    try:
        with opened(browser, server.address, "/") as page:
            page.locator("#home article a").first.click(timeout=60_000)
            wait_for_settled(page, 1)
            page.get_by_role("button", name="Cancel", exact=True).click()
            page.locator(".state.interrupted").wait_for(timeout=60_000)
            assert run.wait(30) == 143, "ended by a request, as by SIGTERM"
            there = settled(page)
            assert 1 <= there < 6
            page.get_by_role("button", name="Resume").click()
            page.locator(".state.finished").wait_for(timeout=180_000)
            assert settled(page) == 6
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGTERM)
            run.wait(30)
