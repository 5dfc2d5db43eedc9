from __future__ import annotations

import jinja2
import pytest

from autotune.emit.script import _environment, render_script


def render(source, **values):
    return _environment().from_string(source).render(values)


def test_every_value_is_quoted_without_being_asked_for():
    assert render("{{ a }} {% for x in b %}{{ x }} {% endfor %}", a="$(id)", b=["x y", 2]) == "'$(id)' 'x y' 2 "


def test_a_comment_cannot_end_its_line():
    assert render("# {{ a | comment }}", a="x\nrm -rf") == '# "x\\nrm -rf"'
    assert render("# {{ a | comment }}", a="it's plain, é") == "# it's plain, é"


def test_a_name_that_nobody_gave_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="argv"):
        render_script("shell.sh.j2", heading=[], secrets=[], folders=[], scratch=[], files=[], env=[])
