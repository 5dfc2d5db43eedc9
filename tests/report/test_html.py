import re
import shlex
from html.parser import HTMLParser

import pytest

from autotune.report import render_html
from autotune.report.reproduce import reproduce_commands, show_command
from autotune.store import RunInputs
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

    VOID = frozenset({"meta", "br", "link", "img"})

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
    html = render_html(record or run(results), results, **more)
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


def test_the_plot_is_there_with_tooltips():
    html, parsed = page()
    assert parsed.tags.count("svg") > 1
    assert 'class="plot"' in html
    assert 'class="frontier"' in html
    assert "tokens/s per GPU" in words(parsed)
    assert any("TTFT 100 ms, TPOT 5.00 ms" in text for text in parsed.text)


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
    assert "1,000,000 tokens/s " not in words(parsed).split("Speed for one user")[0]
    assert 'class="mark hollow' in html


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
    html, parsed = page(results, environment={"Host": HOSTILE})
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
    html, _ = page(results, environment={"HF_TOKEN": "tok-5"})
    for secret in ("key-1", "tok-2", "pass-3", "tok-4", "tok-5", token):
        assert secret not in html


def test_commands_survive_a_shell():
    overrides = ("model.id=a b;$(rm -rf x)`y`'z'", "benchmark.num_concurrency=[1,8]", "+profile=[a,b]")
    commands = reproduce_commands(result(overrides=overrides))
    assert shlex.split(commands["Run it again"]) == ["autotune", "run", *overrides]
    assert any(line.startswith("autotune emit --target") for line in commands.values())
    argv = ["vllm", "serve", "a'b", "--x", '{"k": "v w"}', "-y", "$HOME"]
    assert shlex.split(show_command(argv).replace("\\\n", " ")) == argv


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
