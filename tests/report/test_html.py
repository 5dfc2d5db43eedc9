import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from autotune.report import Reported, render_html
from autotune.store import Predicted, RunInputs
from tests.report.results import HOSTILE, failed, measurement, result, run

RESULTS = [
    result(
        "a",
        ("parallel.tp=2",),
        [measurement(1, tpot=5, tokens=200), measurement(64, tpot=40, tokens=900)],
        origin={
            "parallel.tp": "override parallel.tp=2",
            "memory.prefix_caching": "profiles/balanced.yaml:14, layer `cache`",
            "parallel.pp": "conf/parallel/default.yaml:3",
            "misc.seed": "default",
        },
        applied_layers=("balanced/cache",),
    ),
    result("b", ("parallel.tp=4",), [measurement(1, tpot=3, tokens=300, gpus=4)], gpus=4),
    failed(),
]


class Page(HTMLParser):
    """Tags, attributes and text of a page; tags that are left open are noted."""

    VOID = frozenset({"meta", "br", "link", "img", "input"})

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page(results=RESULTS, record=None, **more):
    html = render_html([Reported(record or run(results, **more), tuple(results))])
    return html, Page(html)


def words(parsed):
    return re.sub(r"\s+", " ", " ".join(parsed.text))


def test_it_is_one_file_that_needs_nothing():
    html, parsed = page()
    assert not {"script", "link", "img", "iframe", "object"} & set(parsed.tags)
    assert all(value.startswith("#") for name, value in parsed.attributes if name in ("href", "src", "xlink:href"))
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_the_plot_is_there_with_tooltips_and_words_for_who_does_not_see_it():
    html, parsed = page()
    assert 'class="plot plot-0"' in html
    assert 'class="frontier"' in html
    assert "tokens/s per GPU" in words(parsed)
    assert any("TTFT 100 ms, TPOT 5.00 ms" in text for text in parsed.text)
    assert "3 measured loads." in words(parsed)
    assert "better is right and up" in words(parsed)


def test_predictions_stand_apart_and_are_linked():
    predictions = (Predicted(measurement(1, tpot=6, tokens=180, kind="predicted"), "roofline", "1"),)
    html, parsed = page([replace(RESULTS[0], predictions=predictions), *RESULTS[1:]])
    assert html.count('class="link ') == 1
    assert html.count('class="ghost s0" x=') == 1
    assert "show what was predicted" in words(parsed)
    assert "Predicted against measured" in words(parsed)
    assert "predicted: 167 and 90.0 tokens/s" in words(parsed)
    assert "hollow, dotted to its marker: predicted" not in words(page()[1])


def test_an_emulated_run_says_that_its_predictions_prove_nothing():
    told = (Predicted(measurement(8, kind="predicted"), "roofline", "1"),)
    found = words(page([result(kind="emulated", measurements=[measurement(kind="emulated")], predictions=told)])[1])
    assert "says nothing about hardware" in found
    assert "Predicted against emulated" in found


def test_three_objectives_can_be_looked_at_in_three_ways():
    config = {"optimization": {"objectives": ["maximize_throughput", "minimize_tpot", "minimize_ttft"]}}
    html, parsed = page([result("a", ("x=1",), [measurement()], config=config)])
    assert html.count('<input type="radio"') == 3
    assert html.count(" checked> output") == 1
    assert 'class="plot plot-2"' in html
    assert "tokens/s against TTFT" in words(parsed)
    assert page()[0].count('<input type="radio"') == 0


def test_effects_say_how_many_pairs_they_rest_on():
    found = words(page()[1])
    assert "What each setting did" in found
    assert "1 pair of points few pairs" in found
    assert "Points that did not run, by value: 1: 1 of 1" in found
    assert "What each setting did" not in words(page([RESULTS[0]])[1])


def test_limits_are_judged_load_by_load():
    config = {"slo": {"tpot": {"mean": {"threshold": 10.0}}}, "optimization": {"constraints": ["error_rate == 0.0"]}}
    html, parsed = page([replace(RESULTS[0], config=config)])
    found = words(parsed)
    assert "1 of 2 loads meet every limit" in found
    assert "TPOT mean ≤ 10 ms 1 of 2 5.00 ms, 50 % under: #1" in found
    assert "✗ 40.0 ms, 300 % over" in found
    assert "error_rate == 0.0" in found
    assert "Limits:" not in words(page()[1])
    assert 'class="rule"' in html


def test_how_fast_the_frontier_was_found_is_told_with_the_failures():
    html, parsed = page()
    text = words(parsed)
    assert "After 1 of 3 experiments 95 % of what was found in the end was there." in text
    assert html.count('class="failed" d=') == 1
    chosen = words(page(record=run(RESULTS, points=("a", "b", "p9", "left")))[1])
    assert "1 of 4 points were not run" in chosen
    assert "How fast" not in words(page([RESULTS[0]])[1])


def test_what_all_points_have_is_said_once_and_the_run_can_be_made_again():
    results = [replace(item, origin=item.origin | {"model.id": "override model.id=org/model"}) for item in RESULTS]
    html, parsed = page(results, inputs=RunInputs(("model.id=org/model", "parallel.tp=1,2,4"), multirun=True))
    assert html.count("override model.id=org/model") == 1
    assert "autotune run model.id=org/model parallel.tp=1,2,4 -m" in words(parsed)
    assert "Layers applied: balanced/cache (1 of 3 points)." in words(parsed)


def test_anchors_and_ids_fit_together_and_every_table_has_a_caption():
    html, parsed = page()
    ids = [value for name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    linked = {value[1:] for name, value in parsed.attributes if name == "href"}
    assert linked <= set(ids)
    described = {word for name, value in parsed.attributes if name == "aria-labelledby" for word in value.split()}
    assert described <= set(ids)
    levels = [int(tag[1]) for tag in parsed.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    regions = re.findall(r"<table[^>]*>(.*?)</table>", html, re.DOTALL)
    points = html.partition('class="points"')[2].partition("</section>")[0]
    assert all("<caption" in table or table in points for table in regions)


def thousand():
    """Six settings, three loads a point, two failures in a hundred."""
    points = itertools.product((1, 2, 4, 8), ("bf16", "fp8"), (256, 512), (2048, 8192), ("auto", "fcfs"), range(16))
    found = []
    for n, (tp, quantization, requests, tokens, policy, seed) in enumerate(itertools.islice(points, 1000)):
        overrides = (
            f"parallel.tp={tp}", f"quantization={quantization}", f"scheduling.max_running_requests={requests}",
            f"scheduling.max_batched_tokens={tokens}", f"scheduling.policy={policy}", f"misc.seed={seed}",
        )  # fmt: skip
        loads = [
            measurement(c, tokens=100.0 * c * tp + n, tpot=5 + c / tp + n % 7, ttft=20 + c * 3 + n % 11)
            for c in (1, 8, 64)
        ]
        origin = {override.partition("=")[0]: f"override {override}" for override in overrides}
        predictions = [Predicted(replace(item, kind="predicted"), "roofline", "1") for item in loads]
        if n % 50 == 7:
            found.append(failed(f"p{n}", overrides))
        else:
            found.append(result(f"p{n}", overrides, loads, origin=origin, predictions=tuple(predictions)))
    return found


@pytest.mark.slow
def test_a_thousand_points_stay_a_small_page():
    html, parsed = page(thousand())
    assert len(html) < 3_000_000
    assert "colour and shape say tp" in words(parsed)
    assert html.count('id="point-') == 1000


def test_the_same_input_gives_the_same_page():
    assert page()[0] == page()[0]


def test_measured_pages_have_no_banner_and_others_do():
    assert "not measured" not in words(page()[1]).lower()
    emulated = [result(kind="emulated", measurements=[measurement(kind="emulated")])]
    assert "No number on this page was measured" in words(page(emulated)[1])
    assert "emulated, not measured." in words(page(emulated)[1])
    mixed = [RESULTS[0], result("z", kind="predicted", measurements=[measurement(kind="predicted", tokens=1e6)])]
    html, parsed = page(mixed)
    assert "Some points on this page" in words(parsed)
    assert "1,000,000 tokens/s " not in words(parsed).split("Pareto plot")[0]
    assert 'class="mark f1 pale' in html


def test_failures_have_class_line_remedy_and_log():
    text = words(page()[1])
    assert "out of memory" in text
    assert "CUDA out of memory. Tried to allocate 2 GiB" in text
    assert "What to do: raise parallel.tp" in text
    assert "line one CUDA out of memory" in text


def test_provenance_shows_who_set_what_and_leaves_defaults_out():
    results = [
        result(
            "a",
            origin={**RESULTS[0].origin, "model.id": "conf/config.yaml:2"},
            config={**RESULTS[0].config, "memory": {"prefix_caching": True}, "misc": {"seed": 1}},
            measurements=[measurement()],
        )
    ]
    text = words(page(results)[1])
    assert "memory.prefix_caching true profiles/balanced.yaml:14, layer `cache`" in text
    assert "parallel.tp 2 override parallel.tp=2" in text
    assert "conf/" not in text
    assert "misc.seed" not in text


@pytest.mark.parametrize("field", ["model", "override", "failure", "environment", "origin", "point", "argv", "file"])
def test_hostile_text_does_not_break_out(field):
    match field:
        case "model":
            results = [result(model=HOSTILE, measurements=[measurement()])]
        case "override":
            results = [
                result("a", (f"model.id={HOSTILE}",), [measurement()]),
                result("b", ("model.id=x",), [measurement()]),
            ]
        case "failure":
            results = [failed(overrides=(HOSTILE,))]
        case "origin":
            results = [result(origin={"model.id": HOSTILE}, measurements=[measurement()])]
        case "point":
            results = [result(HOSTILE, measurements=[measurement()])]
        case "argv":
            results = [result(deployment={"argv": ["vllm", HOSTILE], "env": {HOSTILE: HOSTILE}, "gpus": 1})]
        case "file":
            results = [result(deployment={"files": {HOSTILE: HOSTILE}, "gpus": 1})]
        case _:
            results = [result(measurements=[measurement()])]
    html, parsed = page(results, environment={"host": HOSTILE})
    assert not {"script", "img"} & set(parsed.tags)
    assert not any(name.startswith("on") for name, _ in parsed.attributes)
    assert "49" not in re.findall(r"onerror=alert\(2\)&gt;(\S*)", html)
    assert "alert(1)" in words(parsed)


def test_secrets_are_not_on_the_page():
    token = "hf_" + "q" * 32
    deployment = {
        "argv": ["vllm", "serve", "m", "--api-key", "key-1"],
        "env": {"HF_TOKEN": "tok-2", "NOTE": token},
        "files": {"/a": token},
        "gpus": 1,
    }
    config = {"misc": {"env": {"DB_PASSWORD": "pass-3"}}}
    results = [
        result(
            overrides=("misc.env.API_TOKEN=tok-4",),
            deployment=deployment,
            config=config,
            origin={"misc.env": "x.yaml:1", "misc.env.DB_PASSWORD": "override misc.env.DB_PASSWORD=pass-3"},
            measurements=[measurement()],
        )
    ]
    html, _ = page(results, environment={"host": token}, inputs=RunInputs(("misc.env.API_TOKEN=tok-5",)))
    for secret in ("key-1", "tok-2", "pass-3", "tok-4", "tok-5", token):
        assert secret not in html


def test_the_folder_of_the_task_file_stays_private():
    record = run(RESULTS, inputs=RunInputs(task_path="/home/someone/private/task.yaml", cwd="/home/someone"))
    html, _ = page(record=record)
    assert "task.yaml" not in html
    assert "someone" not in html


def test_a_run_without_measurements_is_still_a_page():
    for results in ([], [failed()], [result(deployment={}, config={})]):
        text = words(page(results)[1])
        assert "Results" in text
        assert f"{len(results)} point" in text
