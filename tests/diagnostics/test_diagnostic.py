import json
import re

from autotune.diagnostics import CODES, Source, Writer, diagnostic, nearest, render_json, render_text, suggest, unique

WRITER = Writer(Source.PROFILE, "profiles/mine.yaml", 7, "mine", "big")


def test_text_form_is_the_one_people_know_from_compilers():
    item = diagnostic(
        "AT012",
        "parallel.tp=3 does not divide the model's 32 attention heads",
        path="parallel.tp",
        writer=WRITER,
        help="use 1, 2 or 4",
    )
    assert render_text([item]) == (
        "error[AT012]: parallel.tp=3 does not divide the model's 32 attention heads\n"
        "  --> profiles/mine.yaml:7, layer `big`\n"
        "  help: use 1, 2 or 4"
    )


def test_json_form_has_place_and_writer():
    (data,) = json.loads(render_json([diagnostic("AT012", "m", path="parallel.tp", writer=WRITER)]))
    assert data == {
        "code": "AT012", "severity": "error", "message": "m", "path": "parallel.tp",
        "writer": "profiles/mine.yaml:7, layer `big`", "file": "profiles/mine.yaml", "line": 7,
    }  # fmt: skip


def test_the_same_finding_at_many_points_is_said_once():
    from dataclasses import replace

    item = diagnostic("AT012", "m")
    assert unique([replace(item, point="a"), replace(item, point="b"), replace(item, message="n", point="a")]) == [
        item,
        replace(item, message="n", point="a"),
    ]


def test_every_code_says_why_and_what_to_do():
    for name, code in CODES.items():
        assert re.fullmatch(r"AT\d{3}", name)
        assert code.severity == {"0": "error", "1": "warning", "2": "note"}[name[2]]
        assert len(code.why) > 30
        assert len(code.remedy) > 15


def test_suggestions():
    assert nearest("H100-SXM", ["h100_sxm", "a100_sxm"])[0] == "h100_sxm"
    assert suggest("fp8_quantised", ["fp8_quantized", "moe"]) == "did you mean fp8_quantized?"
    assert suggest("zzz", ["b", "a"]) == "known: a, b"
