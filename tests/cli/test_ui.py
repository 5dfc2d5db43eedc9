"""`autotune ui` where it cannot start; tests/web has what it serves."""

import sys


def test_without_its_extra_it_says_what_to_install(autotune, monkeypatch):
    for name in ("fastapi", "sse_starlette"):
        monkeypatch.setitem(sys.modules, name, None)
    done = autotune("ui", "--no-browser")
    assert (done.code, done.codes) == (2, ["AT030"])
    assert "fastapi, sse_starlette" in done.err
    assert "llm-autotune[web]" in done.err


def test_a_port_that_is_none_is_an_error(autotune):
    done = autotune("ui", "--port", "70000", "--no-browser")
    assert (done.code, done.codes) == (2, ["AT003"])
