"""The New pages over HTTP: what they show is what the command line would make of it."""

import re
import shlex
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.api import compile_dimensions
from autotune.compose.overrides import parse_overrides
from autotune.compose.task_file import read_task
from autotune.layers import parse_yaml
from autotune.schema import Config
from autotune.schema.fields import fields_of
from autotune.web.pages.checked import check_words
from autotune.web.pages.draft import read_draft
from autotune.web.pages.panel import command_line, task_text
from autotune.workspace.load import load_workspace
from tests.examples import examples
from tests.web.client import HOSTILE, serving, text_of, words

FIELDS = [field for group in Config.model_fields for field in fields_of(group)]


@pytest.fixture(scope="module")
def workspace():
    return load_workspace()


@pytest.mark.parametrize("mode", ["quick", "advanced"])
def test_the_command_is_there_before_anything_was_typed(client, mode):
    page = client.get(f"/new/{mode}").text
    assert text_of(page, "command") == "autotune executor=emulated"
    assert "vllm serve Qwen/Qwen3-8B" in text_of(page, "server-1")
    assert "1 point" in words(page)


def test_new_leads_to_quick_and_takes_the_draft_along(client):
    answer = client.get("/new?parallel.tp=2")
    assert answer.url.path == "/new/quick"
    assert text_of(answer.text, "command") == "autotune parallel.tp=2"


def test_several_sizes_are_a_sweep(client):
    answer = client.get("/new/panel/quick?parallel.tp=2&parallel.tp=4&profile=fp8_quantized&executor=emulated")
    page = answer.text
    assert text_of(page, "command") == "autotune +profile=fp8_quantized executor=emulated parallel.tp=2,4 -m"
    assert "2 points in the sweep" in words(page)
    assert "--tensor-parallel-size 4" in text_of(page, "server-2")
    assert answer.headers["HX-Replace-Url"] == "/new/quick?parallel.tp=2%2C4&executor=emulated&profile=fp8_quantized"


def test_a_diagnostic_stands_at_its_field_and_in_the_list_and_goes_when_it_is_mended(client):
    wrong = client.get("/new/panel/advanced?parallel.tp=3").text
    note = wrong[wrong.index('id="note-parallel.tp"') :]
    note = note[: note.index("</div>")]
    assert "AT012" in note
    assert "data-invalid" in note
    assert "does not divide" in words(wrong[: wrong.index("<template")])
    assert re.search(r"<button[^>]*disabled[^>]*>Run", wrong)
    mended = client.get("/new/panel/advanced?parallel.tp=4").text
    assert "AT012" not in mended
    assert "data-invalid" not in mended
    assert not re.search(r"<button[^>]*disabled[^>]*>Run", mended)


def test_a_finding_about_a_key_of_a_map_or_a_further_override_stands_at_its_field(client):
    page = client.get("/new/panel/advanced", params={"misc.extra_args": "--swap-space=4", "also": "nonsense"}).text
    assert "AT022" in page[page.index('id="note-misc.extra_args"') :].split("</div>")[0]
    assert "AT004" in page[page.index('id="note-also"') :].split("</div>")[0]


def test_only_engines_are_said_to_choose(client):
    page = client.get("/new/panel/advanced").text
    assert "the engine chooses" in page[page.index('id="note-parallel.tp"') :].split("</div>")[0]
    assert "the engine chooses" not in page[page.index('id="note-slo.ttft.p95.threshold"') :].split("</div>")[0]


def test_what_is_not_understood_does_not_hide_the_rest(client):
    page = client.get("/new/panel/advanced?parallel.tp=3&memory.page_size=[1").text
    assert "AT004" in page
    assert "AT012" in page
    assert "data-invalid" in page[page.index('id="note-memory.page_size"') :][:90]


@pytest.mark.parametrize("word", ["misc.seed=${oc.env:PATH}", "~misc", "hydra.run.dir=/tmp/x", "hydra/launcher=joblib"])
def test_what_reaches_beyond_the_config_is_refused(client, word):
    page = client.get(f"/new/panel/advanced?{urlencode({'also': word})}").text
    assert "AT004" in page
    assert "for the command line alone" in words(page)


def test_a_huge_sweep_is_counted_and_only_its_beginning_is_compiled(client):
    page = words(client.get("/new/panel/advanced?misc.seed=range(0,900)&runtime.isl=range(1,901)").text)
    assert "810,000 points in the sweep, the first 60 checked here" in page
    assert "None: the sweep is too long to be written out" in page
    assert "sweeps over more than" in words(client.get("/new/panel/advanced?misc.seed=range(0,100000000000)").text)


@pytest.mark.parametrize("mode", ["quick", "advanced"])
@pytest.mark.parametrize("path", ["model.id", "system.gpu", "misc.env", "also", "profile", "executor", "parallel.tp"])
def test_hostile_text_is_shown_and_nothing_else(client, mode, path):
    for place in (f"/new/{mode}", f"/new/panel/{mode}"):
        answer = client.get(place, params={path: HOSTILE})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "49" not in text_of(answer.text, "command")


def test_names_that_are_no_paths_are_passed_over(client):
    page = client.get("/new/quick?foo=bar&tab=evil&target=k8s").text
    assert text_of(page, "command") == "autotune"


def test_every_field_of_the_schema_has_a_label_and_says_what_it_is(client):
    page = client.get("/new/advanced").text
    for field in FIELDS:
        assert f'<label for="f-{field.path}">' in page
        assert f'aria-describedby="note-{field.path} hint-{field.path}"' in page
    assert len(re.findall(r'role="tab"', page)) == len(Config.model_fields) + 1


def test_who_set_a_value_stands_below_its_field(client):
    page = client.get("/new/panel/advanced?profile=fp8_quantized&parallel.tp=2&runtime=summarize").text
    said = {path: words(page[page.index(f'id="note-{path}"') - 5 :].split("</div>")[0]) for path in (
        "quantization.gemm_mode", "parallel.tp", "runtime.isl", "parallel.pp",
    )}  # fmt: skip
    assert "fp8 profile fp8_quantized, layer weights · profiles/fp8_quantized.yaml" in said["quantization.gemm_mode"]
    assert said["parallel.tp"].endswith("2 you")
    assert "you · conf/runtime/summarize.yaml" in said["runtime.isl"]
    assert said["parallel.pp"].endswith("not set: the engine chooses")


def test_every_engine_is_shown_with_what_it_cannot(client):
    page = client.get("/new/panel/quick?parallel.tp=2").text
    assert "--tp-size 2" in text_of(page, "engine-sglang")
    assert "transformers serves a model on one GPU" in words(page)


def test_quick_carries_what_it_has_no_control_for(client):
    page = client.get("/new/quick?parallel.tp=range(1,3)&misc.seed=7&model.id=Qwen/Qwen3-32B").text
    assert '<input type="hidden" name="misc.seed" value="7">' in page
    assert '<input type="hidden" name="parallel.tp" value="range(1,3)">' in page
    assert "misc.seed=7" in text_of(page, "command")


def test_secrets_are_not_repeated_in_what_is_copied(client):
    page = client.get("/new/panel/advanced", params={"misc.env": "HF_TOKEN=verysecret\nA=1"}).text
    for place in ("command", "task", "server-1"):
        assert "verysecret" not in text_of(page, place) if f'id="{place}"' in page else True
    assert "********" in text_of(page, "command")


def test_a_run_is_started_from_the_form(client):
    answer = client.post("/new/run", data={"parallel.tp": "1,2", "executor": "emulated"}, follow_redirects=False)
    assert answer.status_code == 303
    assert re.fullmatch(r"/runs/[\w-]+", answer.headers["location"])


def test_a_run_that_cannot_start_shows_the_form_again(client):
    answer = client.post("/new/run", data={"parallel.tp": "3", "mode": "advanced"})
    assert answer.status_code == 422
    assert "It was not started." in answer.text
    assert 'value="3"' in answer.text


def test_a_read_only_page_starts_nothing(tmp_path, monkeypatch):
    with serving(tmp_path, monkeypatch, read_only=True) as client:
        assert client.post("/new/run", data={"parallel.tp": "2"}).status_code == 403
        assert re.search(r"<button[^>]*disabled[^>]*>Run", client.get("/new/quick").text)


VALUES = {
    "model.id": st.sampled_from(["Qwen/Qwen3-32B", "Qwen/Qwen3-8B,Qwen/Qwen3-32B", "a b", "it's \\", "7", "[x"]),
    "model.revision": st.text("ab1 '\\,[]{}=\"", max_size=6),
    "parallel.tp": st.sampled_from(["1", "2", "1,2,4", "range(1,5)", "3"]),
    "runtime": st.sampled_from(["summarize", "summarize,chat"]),
    "runtime.isl": st.sampled_from(["100", "100,200"]),
    "misc.env": st.sampled_from(["A=1\nB=x y", "{A: b}", "C.D=é"]),
    "misc.extra_args": st.sampled_from(["--swap-space=4", "--seed=1,2"]),
    "deploy.labels": st.sampled_from(["app.kubernetes.io/name=x"]),
    "benchmark.traffic_scenarios": st.sampled_from(["D(100,100)", "D(100,100), D(7,7)"]),
    "benchmark.num_concurrency": st.sampled_from(["[1,8]", "4", "[1],[2,3]"]),
    "misc.speculative.method": st.just("ngram"),
    "misc.speculative.num_tokens": st.just("3"),
    "executor": st.just("emulated"),
}  # fmt: skip
DRAFTS = st.tuples(
    st.fixed_dictionaries({}, optional=VALUES),
    st.lists(st.sampled_from(["fp8_quantized", "balanced"]), max_size=2, unique=True),
    st.lists(st.sampled_from(["parallel.pp,parallel.dp=[1,2],[2,1]", "quantization=bf16,fp8", "misc.seed=1"]), max_size=2, unique=True),
)  # fmt: skip


@given(DRAFTS)
@settings(max_examples=examples(12), deadline=None)
def test_the_command_line_and_the_task_file_say_what_the_form_says(workspace, draft):
    values, profiles, also = draft
    pairs = [*values.items(), *(("profile", name) for name in profiles), ("also", "\n".join(also))]
    groups, options = workspace.composer.groups, workspace.composer.options
    said = read_draft(pairs, groups).overrides()
    checked = check_words(workspace, said, limit=12)
    shown = command_line(said, sweeps=any(item.swept for item in checked.dimensions))
    name, *typed = shlex.split(shown)
    assert name == "autotune"
    sweeps = typed[-1:] == ["-m"]
    if checked.refused or checked.checked_part:
        return
    typed = parse_overrides(typed[:-1] if sweeps else typed, groups, options, sweeps=sweeps)
    task = read_task(parse_yaml(task_text(workspace, said), "task.yaml"), groups, options)
    first = sorted((point.id, str(point.data)) for point in checked.points)
    for dimensions in (typed, task):
        again = compile_dimensions(workspace, dimensions)
        assert sorted((point.id, str(point.data)) for point in again) == first
