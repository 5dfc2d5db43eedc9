"""New, Profiles, Models, Migrate and Manifests in a real browser."""

import itertools
import json
import re

import pytest

from tests.web.browsing import TOO_WIDE, UNNAMED, browser, opened, served  # noqa: F401
from tests.web.v1_task import TEXT

pytestmark = pytest.mark.browser

PAGES = (
    "/new/quick?parallel.tp=2&parallel.tp=4&profile=fp8_quantized&executor=emulated",
    "/new/advanced?tab=scheduling&parallel.tp=3&profile=balanced",
    "/profiles",
    "/profiles/fp8_quantized?gpu=a100_sxm",
    "/profiles/new?start=balanced",
    "/models?filter=qwen3",
    "/models/systems",
    "/models/show?name=Qwen/Qwen3-32B&system.gpu=l4",
    "/models/system?name=h100_sxm",
    "/migrate",
    "/manifests?parallel.tp=2,4&target=kustomize",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    place = tmp_path_factory.mktemp("web")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOTUNE_HOME", str(place / "home"))
        patch.setenv("XDG_CONFIG_HOME", str(place / "config"))
        patch.chdir(place)
        # Runs wait in the queue: nothing is left to run when the tests are over.
        with served(store=str(place / "web.db"), max_runs=0, reads_per_s=1000.0, writes_per_s=1000.0) as found:
            yield found


def settle(page):
    """Wait until what was typed has been answered."""
    page.wait_for_timeout(300)
    page.wait_for_function("() => !document.querySelector('.htmx-request')")


def test_quick_compiles_as_one_chooses_and_starts_a_run(browser, address):  # noqa: F811
    with opened(browser, address, "/new/quick") as page:
        assert page.locator("#command").inner_text() == "autotune executor=emulated"
        page.get_by_label("4", exact=True).check()
        page.get_by_label("2", exact=True).check()
        page.get_by_label("Profile", exact=True).select_option("fp8_quantized")
        page.get_by_text("2 points in the sweep").last.wait_for()
        page.get_by_label("Profile 2").wait_for()
        page.locator("#command", has_text="+profile=fp8_quantized").wait_for()
        command = page.locator("#command").inner_text()
        assert command == "autotune +profile=fp8_quantized executor=emulated parallel.tp=2,4 -m"
        assert "--quantization fp8" in page.locator("#server-1").inner_text()
        assert "PREDICTED" in page.locator(".server").first.inner_text()
        page.get_by_role("link", name="Manifests").last.click()
        page.locator("#file-1").wait_for()
        page.go_back()
        assert page.locator("#command").inner_text() == command
        with page.expect_navigation(url=re.compile("/runs/")):
            page.get_by_role("button", name="Run", exact=True).click()


def test_a_diagnostic_appears_at_its_field_and_goes(browser, address):  # noqa: F811
    with opened(browser, address, "/new/advanced?tab=parallel") as page:
        field = page.get_by_label("tp", exact=True)
        field.fill("3")
        page.locator("#note-parallel\\.tp .finding.error").wait_for()
        page.wait_for_function("() => document.getElementById('f-parallel.tp').getAttribute('aria-invalid') === 'true'")
        assert "AT012" in page.locator("#findings").inner_text()
        assert "does not divide" in page.get_by_role("status").inner_text()
        assert "1" in page.get_by_role("tab", name=re.compile("parallel")).inner_text()
        assert page.get_by_role("button", name="Run", exact=True).is_disabled()
        assert page.evaluate("document.activeElement.id") == "f-parallel.tp"
        field.press_sequentially("2")
        field.fill("2,4")
        page.get_by_text("2 points in the sweep").last.wait_for()
        assert page.locator("#note-parallel\\.tp .finding").count() == 0
        assert field.get_attribute("aria-invalid") is None
        assert "2 values swept by you" in page.locator("#note-parallel\\.tp").inner_text()
        assert page.get_by_role("button", name="Run", exact=True).is_enabled()


def test_a_reload_and_the_way_to_the_other_form_lose_nothing(browser, address):  # noqa: F811
    with opened(browser, address, "/new/advanced") as page:
        page.get_by_role("tab", name="scheduling").click()
        page.locator("[name='scheduling.max_running_requests']").fill("64,128")
        page.get_by_text("2 points in the sweep").last.wait_for()
        page.get_by_role("tab", name="sweep, more").click()
        page.get_by_label("Further overrides").fill("quantization=bf16,fp8\nparallel.tp=2")
        page.get_by_text("4 points in the sweep").last.wait_for()
        page.reload()
        assert page.get_by_role("tab", name="sweep, more").get_attribute("aria-selected") == "true"
        assert page.get_by_label("Further overrides").input_value() == "quantization=bf16,fp8\nparallel.tp=2"
        assert page.locator("#f-scheduling\\.max_running_requests").input_value() == "64,128"
        page.get_by_role("link", name="Quick").click()
        page.get_by_text("4 points in the sweep").last.wait_for()
        page.get_by_role("link", name="Advanced", exact=True).first.click()
        page.get_by_text("4 points in the sweep").last.wait_for()


def test_tabs_follow_the_keyboard(browser, address):  # noqa: F811
    with opened(browser, address, "/new/advanced") as page:
        page.get_by_role("tab", name="model").focus()
        for key, group in (
            ("ArrowDown", "runtime"),
            ("ArrowRight", "system"),
            ("ArrowUp", "runtime"),
            ("End", "more"),
            ("ArrowDown", "model"),
            ("Home", "model"),
        ):
            page.keyboard.press(key)
            assert page.evaluate("document.activeElement.dataset.tab") == group
            assert page.locator("[role=tabpanel]:not([hidden])").get_attribute("id") == f"group-{group}"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('[role=tabpanel]').id") == "group-model"


def test_the_keyboard_reaches_everything_in_the_order_in_which_it_stands(browser, address):  # noqa: F811
    with opened(browser, address, "/new/quick") as page:
        page.locator("body").focus()
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate(
                    "(document.activeElement.id || document.activeElement.name || document.activeElement.textContent).trim()"
                )
            )
        assert reached[0] == "Skip to the page"
        order = [
            "f-model.id",
            "f-system.gpu",
            "parallel.tp",
            "f-optimization.objectives",
            "profile-0",
            "f-executor",
            "Run",
            "Manifests",
            "command",
        ]
        places = [reached.index(name, reached.index("Quick")) for name in order]
        assert places == sorted(places)


def test_fields_of_other_executors_are_out_of_sight_and_not_sent(browser, address):  # noqa: F811
    with opened(browser, address, "/new/advanced?tab=executor&executor=docker") as page:
        assert page.locator("[name='executor.pull']").is_visible()
        assert page.locator("[name='executor.reach']").is_hidden()
        page.locator("[name='executor.pull']").fill("never")
        page.get_by_label("Executor", exact=True).select_option("emulated")
        page.locator("#command", has_text="executor=emulated").wait_for()
        assert "pull" not in page.locator("#command").inner_text()
        assert page.locator("[name='executor.speed']").is_visible()


def test_what_is_copied_is_what_is_shown(browser, address):  # noqa: F811
    with opened(
        browser, address, "/new/quick?parallel.tp=2", permissions=["clipboard-read", "clipboard-write"]
    ) as page:
        page.get_by_role("button", name="Copy the task file").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == page.locator("#task").text_content()


def test_files_are_migrated_when_they_are_chosen_and_when_they_are_dropped(browser, address):  # noqa: F811
    with opened(browser, address, "/migrate") as page:
        page.set_input_files("#files", [{"name": "a.json", "mimeType": "application/json", "buffer": TEXT.encode()}])
        page.get_by_text("1 of 1 migrated").last.wait_for()
        assert "parallel.tp" in page.locator("#migrated table").inner_text()
        page.evaluate(
            """text => {
              const files = new DataTransfer();
              for (const name of ["b.json", "c.json"]) files.items.add(new File([text], name));
              document.querySelector("[data-drop]").dispatchEvent(new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true}));
            }""",
            json.dumps(json.loads(TEXT)),
        )
        page.get_by_text("2 of 2 migrated").last.wait_for()
        with page.expect_download() as both:
            page.get_by_role("button", name="Download all 2 as ZIP").click()
        assert both.value.suggested_filename == "migrated.zip"
        with page.expect_download() as one:
            page.get_by_role("button", name="Download b.v2.yaml").click()
        assert one.value.suggested_filename == "b.v2.yaml"


def test_a_profile_is_written_checked_and_tried(browser, address):  # noqa: F811
    with opened(browser, address, "/profiles/new") as page:
        page.get_by_label("Name").fill("seen")
        page.get_by_label("Layers, as YAML").fill("description: x\nlayers: {a: {set: {parallel.tpp: 2}}}")
        page.locator("#verdict", has_text="AT002").wait_for()
        page.get_by_label("Layers, as YAML").fill(
            "description: x\nlayers: {a: {when: gpu.memory_gb > 50.0, set: {parallel.tp: 2}}}"
        )
        page.get_by_text("Nothing is wrong with it.").last.wait_for()
        page.get_by_role("button", name="Save").click()
        page.locator("#trial", has_text="--tensor-parallel-size 2").wait_for()
        page.get_by_label("GPU").select_option("l4")
        page.locator("#trial", has_text="does not apply").wait_for()
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("heading", name="Profiles").wait_for()
        assert page.get_by_role("link", name="seen", exact=True).count() == 0


def test_tables_and_plans_follow_what_one_types(browser, address):  # noqa: F811
    with opened(browser, address, "/models") as page:
        page.get_by_label("Filter").fill("qwen3-32b")
        page.wait_for_function("() => document.querySelectorAll('#rows tr').length < 10")
        page.get_by_role("link", name="Qwen/Qwen3-32B", exact=True).click()
        page.get_by_label("GPU").select_option("l4")
        page.get_by_text("It does not fit").last.wait_for()
        page.get_by_label("gemm_mode").select_option("fp8")
        page.get_by_label("tp", exact=True).fill("4")
        page.get_by_text("It fits").last.wait_for()
        page.get_by_role("link", name="New run with it").click()
        page.locator("#command", has_text="quantization.gemm_mode=fp8").wait_for()


def test_another_target_shows_other_files(browser, address):  # noqa: F811
    with opened(browser, address, "/manifests?parallel.tp=2") as page:
        page.get_by_label("Target").select_option("compose")
        page.locator("summary", has_text="compose.yaml").wait_for()
        assert "target=compose" in page.url
        with page.expect_download() as packed:
            page.get_by_role("link", name="Download 1 file").click()
        assert packed.value.suggested_filename == "compose.zip"


@pytest.mark.parametrize("path", PAGES)
def test_every_control_has_a_name(browser, address, path):  # noqa: F811
    with opened(browser, address, path) as page:
        settle(page)
        assert page.evaluate(UNNAMED) == []
        assert page.locator("main").count() == page.locator("h1").count() == 1
        assert page.title().endswith("autotune")


@pytest.mark.parametrize(("path", "scheme"), list(itertools.product(PAGES, ("light", "dark"))))
def test_no_page_scrolls_sideways_on_a_phone(browser, address, path, scheme):  # noqa: F811
    with opened(browser, address, path, width=360, scheme=scheme) as page:
        settle(page)
        assert page.evaluate(TOO_WIDE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser, address, scheme):  # noqa: F811
    with opened(browser, address, "/new/quick", scheme=scheme) as page:
        colours = page.evaluate(
            """() => {
              const probe = document.body.appendChild(document.createElement("i"));
              const of = name => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
              return Object.fromEntries(["ground", "raised", "text", "soft", "accent", "on-accent", "error", "warning", "good"].map(name => [name, of(name)]));
            }"""
        )
        pairs = [
            *itertools.product(("text", "soft", "accent", "error", "warning", "good"), ("ground", "raised")),
            ("on-accent", "accent"),
        ]
        weak = {pair: ratio for pair in pairs if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < 4.5}
        assert not weak


def contrast(one, other):
    """WCAG 2.2, contrast ratio of two `rgb(r, g, b)`."""

    def luminance(text):
        channels = [int(part) / 255 for part in re.findall(r"\d+", text)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)
