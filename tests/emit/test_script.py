from __future__ import annotations

import jinja2
import pytest

from autotune.emit.script import _environment, comments, render_script, words


def render(source, **values):
    return _environment().from_string(source).render(values)


def test_every_value_is_quoted_without_being_asked_for():
    assert render("{{ a }} {% for x in b %}{{ x }} {% endfor %}", a="$(id)", b=["x y", 2]) == "'$(id)' 'x y' 2 "


def test_a_comment_cannot_end_its_line():
    assert render("{{ a }}", a=comments(["x\nrm -rf", "y"])) == '# "x\\nrm -rf"\n# y'
    assert render("{{ a }}", a=comments(["it's plain, é", "x"])) == "# it's plain, é\n# x"


@pytest.mark.parametrize("long", ["", "x" * 600])
def test_words_are_quoted_each_on_its_line(long):
    assert render("run{{ a }}", a=words(["$(id)", f"a{long}", "it's"])) == (
        f"run \\\n  '$(id)' \\\n  a{long} \\\n  'it'\"'\"'s'"
    )
    assert render("run{{ a }}", a=words([])) == "run"


def test_a_name_that_nobody_gave_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="command"):
        render_script("shell.sh.j2", heading="", secrets=[], folders=[], scratch=[], files=[], env=[])
