import json

from hypothesis import given
from hypothesis import strategies as st

from autotune.diagnostics import Source, Writer
from autotune.engines.provenance import (
    MOST_BYTES,
    Edit,
    count_left_out,
    find_edits,
    read_set_by,
    spell_emitted,
    spell_set_by,
)

USER = Writer(Source.USER, override="parallel.tp=2")
LAYER = Writer(Source.PROFILE, "profiles/fp8.yaml", 7, "fp8", "weights")
ARGV = ("vllm", "serve", "m", "--tensor-parallel-size", "2", "--enforce-eager")
ANY_TEXT = st.text(max_size=40)


def test_base_defaults_are_left_out_and_lines_too():
    text = spell_set_by([
        ("parallel.tp", 2, USER),
        ("parallel.pp", 1, Writer(Source.BASE, "conf/parallel/default.yaml", 3)),
        ("quantization.gemm_mode", "fp8", LAYER),
    ])  # fmt: skip
    assert json.loads(text) == {
        "parallel.tp": [2, "override parallel.tp=2"],
        "quantization.gemm_mode": ["fp8", "profiles/fp8.yaml, layer `weights`"],
    }


def test_no_folder_of_the_writers_machine_is_named():
    file = Writer(Source.PROFILE, "/home/me/.config/autotune/profiles/mine.yaml", 7, "mine", "a")
    assert read_set_by(spell_set_by([("parallel.tp", 2, file)]))["parallel.tp"].writer == "mine.yaml, layer `a`"


def test_secrets_are_hidden_wherever_they_stand():
    token = "hf_abcdefghijklmnopqrstuvwxyz"
    text = spell_set_by([
        ("misc.env.HF_TOKEN", token, Writer(Source.USER, override=f"misc.env.HF_TOKEN={token}")),
        ("misc.env.MY_PASSWORD", "opensesame", Writer(Source.USER, override="misc.env.MY_PASSWORD=opensesame")),
        ("misc.extra_args.--api-key", ["sk-abcdefghijklmnopqrst"], USER),
    ])  # fmt: skip
    assert "abcdefghij" not in text
    assert "opensesame" not in text
    assert read_set_by(text)["misc.env.MY_PASSWORD"].value == "(hidden)"


def test_it_never_grows_past_its_bound_and_says_what_it_left_out():
    text = spell_set_by((f"misc.env.V{number:04}", "x" * 5000, USER) for number in range(500))
    assert len(text) <= MOST_BYTES
    kept = read_set_by(text)
    assert kept
    assert len(kept) + count_left_out(text) == 500


@given(st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=5))
def test_any_value_is_one_line_of_ascii_without_template_openings(values):
    text = spell_set_by((f"misc.env.{name}", value, USER) for name, value in values.items())
    assert text.isascii()
    assert text.isprintable()
    assert "{{" not in text
    assert set(read_set_by(text)) == {f"misc.env.{name}" for name in values}


def test_a_braces_value_comes_back():
    text = spell_set_by([("misc.env.A", "{{ x }}", USER)])
    assert "{{" not in text
    assert read_set_by(text)["misc.env.A"].value == "{{ x }}"


def edits(argv=ARGV, env=None, files=None, image="i:1", **more):
    emitted = spell_emitted(ARGV, {"A": "1", "B": "2"}, {"/etc/x.yaml": "a: 1"}, "i:1")
    env = {"A": "1", "B": "2"} if env is None else env
    return find_edits(emitted, argv, env, {"/etc/x.yaml": "a: 1"} if files is None else files, image, **more)


def test_nothing_was_edited():
    assert edits() == []
    assert edits(argv=("vllm", "serve", "m", "--enforce-eager", "--tensor-parallel-size=2")) == []


def test_each_edit_is_named():
    assert edits(argv=(*ARGV[:4], "4", "--seed", "1")) == [
        Edit("flag", "--tensor-parallel-size", "changed"),
        Edit("flag", "--enforce-eager", "removed"),
        Edit("flag", "--seed", "added"),
    ]
    assert edits(argv=("vllm", "serve", "other", *ARGV[3:])) == [Edit("command", "the command", "changed")]
    assert edits(env={"A": "9", "C": "3"}) == [
        Edit("env", "A", "changed"),
        Edit("env", "B", "removed"),
        Edit("env", "C", "added"),
    ]
    assert edits(files={"/etc/x.yaml": "a: 2"}) == [Edit("file", "/etc/x.yaml", "changed")]
    assert edits(image="mirror/i:1") == [Edit("image", "i:1 -> mirror/i:1", "changed")]


def test_what_others_put_into_a_running_container_is_no_edit():
    assert edits(env={"A": "1", "B": "2", "LWS_GROUP_SIZE": "2"}, injected=True) == []


def test_a_command_too_long_for_single_checksums_still_has_one():
    argv = ("vllm", *(f"--flag-{number}" for number in range(2000)))
    emitted = spell_emitted(argv, {}, {}, "i:1")
    assert len(emitted) < MOST_BYTES
    assert find_edits(emitted, argv, {}, {}, "i:1") == []
    assert find_edits(emitted, argv[:-1], {}, {}, "i:1") == [Edit("command", "the command line", "changed")]


def test_an_annotation_that_was_damaged_is_not_trusted():
    for text in ("", "{", "[]", '{"flags2":1}', "[" * 100_000):
        assert find_edits(text, ARGV, {}, {}, None) is None
        assert read_set_by(text) == {}
