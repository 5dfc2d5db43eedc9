"""Shell text against a real shell, and against what no shell should be asked to do."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autotune.diagnostics import InputError
from autotune.importing.shell_text import read_shell
from tests.examples import examples

SH = shutil.which("sh")
#: Pieces of words, quoted and not, that say the same to every POSIX shell.
PLAIN = st.text("abcXYZ019_./:@%+,=-é{}~", min_size=1, max_size=6)
SINGLE = st.text('ab "$`\\#;&|<>()\n*~é', max_size=6).map(lambda text: f"'{text}'")
DOUBLE = st.text("ab '#;&|<>()\n*~é", max_size=6).map(lambda text: f'"{text}"')
ESCAPED = st.sampled_from(
    [r"\ ", r"\"", r"\'", r"\$", r"\\", r"\#", "\\\n", r"\;", '"\\""', '"\\$x"', '"\\a"', '"\\\\"']
)
WORD = st.lists(PLAIN | SINGLE | DOUBLE | ESCAPED, min_size=1, max_size=4).map("".join)


def words(text):
    return [list(command.words) for command in read_shell(text, "here").commands]


def said_by_sh(text):
    done = subprocess.run(
        [SH, "-c", f"printf '%s\\0' {text}"], capture_output=True, check=True, env={"HOME": "/nowhere"}
    )
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.skipif(SH is None, reason="needs a POSIX shell, `sh`")
@settings(max_examples=examples(150), derandomize=True, deadline=None, database=None)
@given(st.lists(WORD, min_size=1, max_size=4))
def test_words_are_those_of_a_real_shell(parts):
    text = " ".join(part for part in parts if not part.startswith("~"))
    if not text or "~" in text.replace("'", '"').split('"')[0]:
        return
    (command,) = words(f"printf '%s\\0' {text}")
    expected = said_by_sh(text)
    # No words at all and one empty word print the same.
    assert command[2:] == expected or (command[2:] == [] and expected == [""])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b\nc", [["a", "b"], ["c"]]),
        ("a && b || c; d | e &", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("a \\\n  b # not this\nc#d '#e'", [["a", "b"], ["c#d", "#e"]]),
        ("a > log 2>&1 < in 2>/dev/null", [["a"]]),
        ("M=org/x\na $M \"${M}y\" '$M'", [["M=org/x"], ["a", "org/x", "org/xy", "$M"]]),
        ("export ARGS='--a 1'; run $ARGS \"$ARGS\"", [["export", "ARGS=--a 1"], ["run", "--a", "1", "--a 1"]]),
        ("M=x run $M", [["M=x", "run", "$M"]]),
        ("run ${PORT:-8000} ${NAME}", [["run", "8000", "$NAME"]]),
        ("a \\ \n b", [["a", "b"]]),
        ("a\r\nb", [["a"], ["b"]]),
        ("", []),
    ],
)
def test_commands_follow_each_other(text, expected):
    assert words(text) == expected


def test_a_here_document_is_kept_with_its_command():
    first, second = read_shell("cat > f <<'EOF'\nkey: $x\nEOF\nnext", "here").commands
    assert first.redirections == ((">", "f"), ("<<", "key: $x\n"))
    assert second.words == ("next",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("vllm serve 'x", "single quote that is never closed"),
        ('vllm serve "x', "double quote that is never closed"),
        ("vllm serve $(rm -rf /)", "`$(rm -rf /)` is what another command prints"),
        ("vllm serve `id`", "what another command prints"),
        ("vllm serve $((1+1))", "what another command prints"),
        ("vllm serve x\\", "ends in a backslash"),
        ("vllm serve ${x%y}", "is not read"),
        ("vllm serve ${x}y", "has no value here"),
        ("vllm serve $'a\\n'", "quoting is not read"),
        ("vllm serve >", "nothing stands after"),
        ("vllm serve <MODEL>", "`<MODEL>` stands for a value"),
        ("cat <<EOF\nx", "without its end"),
        ("vllm serve a\0b", "NUL"),
        ("x" * (2**20 + 1), "no command line"),
    ],
)
def test_what_cannot_be_read_is_refused(text, says):
    with pytest.raises(InputError) as caught:
        read_shell(text, "here")
    (found,) = caught.value.diagnostics
    assert found.code == "AT042"
    assert says in found.message
    assert found.help
    assert len(found.message) < 200


def test_a_megabyte_is_read_in_a_moment():
    assert len(words("vllm serve " + "a" * 1_000_000)[0][2]) == 1_000_000
