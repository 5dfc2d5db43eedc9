"""The Migrate page over HTTP."""

import io
import json
import zipfile

from autotune.catalog import builtin_catalog
from autotune.migrate import migrate_text
from tests.web.client import HOSTILE, text_of, words
from tests.web.v1_task import TASK, TEXT


def upload(client, *files, **data):
    return client.post("/migrate", files=[("files", file) for file in files], data=data, headers={"HX-Request": "true"})


def test_each_value_stands_beside_what_became_of_it(client):
    page = upload(client, ("llama.json", TEXT)).text
    told = words(page)
    assert "1 of 1 migrated" in told
    assert "parameters.tensor-parallel-size [1, 2]" in told
    assert "parallel.tp" in told
    assert "no-such-flag 3" in told
    made = migrate_text(TEXT, "llama.json", builtin_catalog()).text
    assert text_of(page, "v2-1") == made


def test_a_bad_file_does_not_stop_the_others(client):
    told = words(upload(client, ("llama.json", TEXT), ("bad.json", "{"), ("v2.yaml", "model: {id: x}")).text)
    assert "1 of 3 migrated" in told
    assert "AT001" in told or "AT025" in told


def test_an_engine_that_is_not_named_is_asked_for(client):
    text = json.dumps(TASK | {"base_runtime": "my-runtime"})
    assert "needs a person" in words(upload(client, ("a.json", text)).text)
    assert "1 of 1 migrated" in words(upload(client, ("a.json", text), engine="vllm").text)


def test_pasted_text_is_taken_too(client):
    assert "1 of 1 migrated" in words(client.post("/migrate", data={"pasted": TEXT}).text)


def test_one_file_is_downloaded_as_it_is_and_several_as_an_archive(client):
    made = migrate_text(TEXT, "llama.json", builtin_catalog()).text
    one = client.post("/migrate/download", data={"name": "llama.json", "text": TEXT})
    assert one.text == made
    assert one.headers["content-disposition"] == 'attachment; filename="llama.v2.yaml"'
    several = client.post("/migrate/download", data={"name": ["llama.json", "../llama.json"], "text": [TEXT, TEXT]})
    with zipfile.ZipFile(io.BytesIO(several.content)) as archive:
        assert archive.namelist() == ["llama.v2.yaml", "llama-2.v2.yaml"]
        assert archive.read("llama.v2.yaml").decode() == made
    assert client.post("/migrate/download", data={"name": "x", "text": "{"}).status_code == 422


def test_hostile_names_and_texts_are_shown_and_nothing_else(client):
    hostile = json.dumps(TASK | {"task_name": HOSTILE, "description": HOSTILE})
    answer = upload(client, (HOSTILE, hostile), ('"; x=".json', hostile))
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    fetched = client.post("/migrate/download", data={"name": '..\\a"\r\nX: y', "text": TEXT})
    assert "\n" not in fetched.headers["content-disposition"]
    assert "x" not in fetched.headers


def test_a_file_that_is_too_large_is_refused(client):
    assert "more than 500,000 bytes" in words(upload(client, ("big.json", " " * 500_001)).text)
