import pytest

from autotune.check.dataset import check_dataset, split_address
from tests.check.findings import codes, findings

URL = "https://example.org/p.jsonl"
SHA256 = "0a" * 32


def check(dataset, scenarios=("dataset",), **more):
    return {"benchmark": {"dataset": dataset, "traffic_scenarios": list(scenarios), **more}}


@pytest.mark.parametrize(
    ("dataset", "more", "found"),
    [
        ("p.jsonl", {}, []),
        ("/data/p#1.jsonl", {}, []),
        (URL, {}, ["AT122"]),
        (f"{URL}#sha256={SHA256}", {}, []),
        (URL, {"dataset_sha256": SHA256}, []),
        (f"{URL}#sha256={SHA256}", {"dataset_sha256": SHA256.upper()}, []),
        (f"{URL}#sha256={SHA256}", {"dataset_sha256": "1" * 64}, ["AT048"]),
        (f"{URL}#sha256=abc", {}, ["AT048"]),
        (URL, {"dataset_sha256": "sha256:abc"}, ["AT048"]),
        ("s3://bucket/p.jsonl", {}, ["AT048"]),
        ("https://user:secret@example.org/p.jsonl", {"dataset_sha256": SHA256}, ["AT048"]),
    ],
)
def test_what_is_wrong_with_it(dataset, more, found):
    assert codes(check_dataset, **check(dataset, **more)) == found


def test_a_password_is_not_repeated():
    [found] = findings(check_dataset, **check("https://user:secret@example.org/p", dataset_sha256=SHA256))
    assert "secret" not in f"{found.message} {found.help}"


def test_one_that_no_load_uses():
    assert codes(check_dataset, **check("p.jsonl", scenarios=())) == ["AT123"]
    assert codes(check_dataset, **check("p.jsonl", scenarios=("D(1,1)",))) == ["AT123"]
    assert codes(check_dataset, **check("p.jsonl", scenarios=("D(1,1)", "dataset"))) == []


def test_the_checksum_is_no_part_of_the_address():
    assert split_address(f"{URL}#sha256={SHA256}") == (URL, SHA256)
    assert split_address(f"{URL}#top") == (f"{URL}#top", None)
    assert split_address(f"p#sha256={SHA256}") == (f"p#sha256={SHA256}", None)
