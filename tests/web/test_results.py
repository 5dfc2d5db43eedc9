"""The pages of results: tables, plots, weights, limits, exports."""

import html
import io
import json
import re
import tarfile
import zipfile

import pytest

from autotune.store import Store
from tests.report.results import HOSTILE
from tests.web.client import serving, words
from tests.web.stored import hostile, store_with, sweep, thousand

OWN = ("maximize_throughput_per_gpu", "minimize_tpot", "minimize_ttft")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    place = tmp_path_factory.mktemp("results")
    runs = (sweep(), sweep("run-2", "emulated"), sweep("run-3"), hostile("run-h"), thousand("run-m"))
    store_with(place / "web.db", *runs)
    with pytest.MonkeyPatch.context() as patch, serving(place, patch) as found:
        yield found


def table(client, query):
    """The rows of the table as lists of words, and the heads."""
    answer = client.get(f"/results?{query}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    head, body = re.search(r"<thead>(.*?)</thead>\s*<tbody>(.*?)</tbody>", answer.text, re.DOTALL).groups()
    rows = [
        [words(cell) for cell in re.findall(r"<t[dh][^>]*>.*?</t[dh]>", row, re.DOTALL)]
        for row in body.split("</tr>")[:-1]
    ]
    return rows, [words(cell) for cell in re.findall(r"<th.*?</th>", head, re.DOTALL)]


def numbers(rows, place):
    return [float(row[place].replace(",", "")) for row in rows if row[place] != "-"]


def test_without_a_name_it_is_the_latest_run(client):
    answer = client.get("/results")
    assert answer.url.params["run"] == "run-m"
    assert "1000 points" in words(answer.text)


def test_a_run_has_its_picks_effects_and_every_load(client):
    page = words(client.get("/results?run=run-1").text)
    assert "Results of Qwen/Qwen3-8B" in page
    assert "7 points: 1 failed, 6 done" in page
    assert "1 to 19 of 19 lines" in page
    assert "Best score" in page
    assert "parallel.tp From To" in page
    assert "failed: out of memory" in page
    assert "autotune run parallel.tp=" in page


def test_sorting_goes_both_ways_and_what_is_not_known_stands_last(client):
    up, heads = table(client, "run=run-1&sort=tpot_ms")
    down, _ = table(client, "run=run-1&sort=tpot_ms&desc=1")
    place = heads.index("TPOT ms ▲")
    assert numbers(up, place) == sorted(numbers(up, place))
    assert numbers(down, place) == sorted(numbers(up, place), reverse=True)
    assert up[-1][place] == down[-1][place] == "-"


def test_filters_narrow_the_table_and_the_plot(client):
    rows, _ = table(client, "run=run-1&v:parallel.tp=4&v:quantization=fp8")
    assert len(rows) == 3
    assert len(table(client, "run=run-1&status=failed")[0]) == 1
    assert all(row[0] == "on the frontier" or "★" in row[0] for row in table(client, "run=run-1&frontier=1")[0])
    assert len(table(client, "run=run-1&best=1")[0]) == 7
    assert len(table(client, "run=run-1&q=FP8+c%3D64")[0]) == 3
    drawn = client.get("/results/figure?run=run-1&v:parallel.tp=4").json()
    assert sum(len(one["marks"]) for one in drawn["series"]) == 6
    assert "No line matches" in words(
        client.get("/results?run=run-1&q=nothing+like+it", headers={"HX-Request": "true"}).text
    )


def test_columns_and_axes_are_chosen(client):
    _, heads = table(client, "run=run-1&col=ttft_ms.p95&col=predicted:tpot_ms")
    assert heads == ["on the frontier", "Point", "TTFT p95 ms", "TPOT predicted ms"]
    figure = client.get("/results/figure?run=run-1&x=minimize_ttft&y=maximize_throughput").json()
    assert (figure["x"]["title"], figure["y"]["title"].partition(",")[0]) == ("TTFT, ms, log scale", "output tokens/s")
    assert any(mark["predicted"] for one in figure["series"] for mark in one["marks"])


def test_weights_sum_to_100_and_the_others_move_in_proportion(client):
    query = "run=run-1&asked=1&slo:ttft.p95=300&w:maximize_throughput_per_gpu=60&w:minimize_tpot=20&w:minimize_ttft=20"
    answer = client.get(f"/results?{query}&w:minimize_tpot=50&moved=minimize_tpot", headers={"HX-Request": "true"})
    ranked = json.loads(answer.headers["HX-Trigger-After-Swap"])["autotune:ranked"]
    assert ranked == {"maximize_throughput_per_gpu": 37.5, "minimize_tpot": 50.0, "minimize_ttft": 12.5}
    assert "moved" not in answer.headers["HX-Replace-Url"]


@pytest.mark.parametrize("moved", [*OWN, "", "nonsense"])
@pytest.mark.parametrize("value", ["0", "33.3", "100", "1e99", "-4", "nan", "words"])
def test_whatever_is_typed_the_sum_is_100(client, moved, value):
    query = "&".join(f"w:{name}={value if name == moved else 7}" for name in OWN)
    answer = client.get(f"/results?run=run-1&asked=1&moved={moved}&{query}", headers={"HX-Request": "true"})
    ranked = json.loads(answer.headers["HX-Trigger-After-Swap"])["autotune:ranked"]
    assert round(sum(ranked.values()), 6) == 100.0
    assert all(0 <= percent <= 100 for percent in ranked.values())


def test_other_weights_choose_another_point_and_the_store_is_left_alone(client):
    quick = words(client.get("/results?run=run-1&asked=1&w:minimize_ttft=100&moved=minimize_ttft").text)
    cheap = words(
        client.get(
            "/results?run=run-1&asked=1&w:maximize_throughput_per_gpu=100&moved=maximize_throughput_per_gpu"
        ).text
    )
    assert "#6 tp=8 quantization=bf16 at D(100,100) c=1 " in quick.partition("Best score")[2][:80]
    assert "c=64" in cheap.partition("Best score")[2][:80]
    assert "Ranked by other weights or limits than the run's own" in cheap
    assert "Ranked by other weights" not in words(client.get("/results?run=run-1").text)


def test_a_limit_is_set_tightened_and_taken_away(client):
    assert "meets every limit" in words(client.get("/results?run=run-1").text)
    tight = words(client.get("/results?run=run-1&asked=1&slo:ttft.p95=0.1").text)
    assert "no load meets every limit" in tight
    none = words(client.get("/results?run=run-1&asked=1&slo:ttft.p95=").text)
    assert "meets every limit" not in none


def test_runs_side_by_side_of_one_kind_are_compared(client):
    page = words(client.get("/results?run=run-1&run=run-3").text)
    assert "2 runs side by side" in page
    assert "The best of each run" in page
    figure = client.get("/results/figure?run=run-1&run=run-3").json()
    assert [one["name"] for one in figure["series"]] == ["A: run-1", "B: run-3"]


def test_what_was_emulated_is_not_compared_with_what_was_measured(client):
    page = words(client.get("/results?run=run-1&run=run-2").text)
    assert "The best of each run" not in page
    assert "Not compared" in page


@pytest.mark.parametrize("path", ["/results?run=run-h", "/results/run-h/p1", "/runs/run-h", "/", "/runs"])
def test_hostile_names_are_text(client, path):
    page = client.get(path).text
    assert HOSTILE not in page
    assert "<script>alert" not in page
    assert "<img" not in page


def test_hostile_names_in_the_plot_are_data(client):
    answer = client.get("/results/figure?run=run-h")
    assert answer.headers["content-type"] == "application/json"


def test_a_thousand_points_come_a_page_at_a_time(client):
    rows, _ = table(client, "run=run-m&sort=output_tokens_per_s&desc=1&page=2")
    assert len(rows) == 50
    page = client.get("/results?run=run-m&page=20")
    assert "951 to 1,000 of 1,000 lines".replace(",", "") in words(page.text).replace(",", "")
    assert "Page 20 of 20" in words(page.text)
    assert "Page 20 of 20" in words(client.get("/results?run=run-m&page=999").text)
    assert len(page.content) < 200_000


def test_a_point_tells_everything(client):
    page = words(client.get("/results/run-1/1bf16").text)
    assert "out of memory" in page
    assert "What to do: raise parallel.tp" in page
    assert "CUDA out of memory" in page
    page = words(client.get("/results/run-1/8fp8").text)
    assert "vllm serve" in page
    assert "ranks first" in page
    assert "autotune run parallel.tp=8 quantization=fp8" in page


def test_what_is_not_there_says_so(client):
    assert client.get("/results?run=nope").status_code == 404
    answer = client.get("/results/run-1/8fp9")
    assert answer.status_code == 404
    assert "8fp8" in html.unescape(answer.text)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "md", "html"])
def test_exports(client, form):
    answer = client.get(f"/results/export/run-1.{form}")
    assert answer.status_code == 200
    assert f'filename="run-1.{form}"' in answer.headers["content-disposition"]
    starts = {"csv": b"run_id,", "jsonl": b'{"run_id"', "parquet": b"PAR1", "md": b"#", "html": b"\n<!DOCTYPE html>"}
    assert answer.content.lstrip().startswith(starts[form].lstrip())


@pytest.mark.parametrize("name", ["run-1.exe", "run-1", "..%2f..%2fetc%2fpasswd.csv", "nope.csv"])
def test_what_is_no_export_is_refused(client, name):
    assert client.get(f"/results/export/{name}").status_code in (404, 422)


def test_a_pick_is_packed_as_the_command_line_packs_it(client):
    packed = client.get("/results/package/run-1?pick=best&target=k8s,compose")
    with tarfile.open(fileobj=io.BytesIO(packed.content)) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    zipped = client.get("/results/package/run-1?pick=best&target=k8s,compose&form=zip")
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as file:
        assert {name.partition("/")[2] for name in file.namelist()} == names
        assert all(info.date_time == (1980, 1, 1, 0, 0, 0) for info in file.infolist())
    assert {"task.yaml", "README.md", "metrics.json"} <= names
    assert any(name.startswith("manifests/") and "compose" in name for name in names)
    assert client.get("/results/package/run-1?pick=best&form=zip&target=k8s,compose").content == zipped.content


@pytest.mark.parametrize("query", ["pick=nope", "form=rar", "target=nowhere", "pick=1bf16"])
def test_what_cannot_be_packed_says_why(client, query):
    assert client.get(f"/results/package/run-1?{query}").status_code in (404, 409, 422)


def test_a_stamp_changes_with_every_result(tmp_path):
    found = sweep()
    with Store(store_with(tmp_path / "s.db", found, finished=None)) as store:
        before = store.run_stamp("run-1")
        assert before == store.run_stamp("run-1")
        store.forget("run-1", found[1].point_id)
        after = store.run_stamp("run-1")
        store.finish_run("run-1", "2026-01-02T05:00:00Z")
        assert len({before, after, store.run_stamp("run-1")}) == 3
        assert store.run_stamp("nope") == ""
