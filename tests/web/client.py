"""A client of the application in this process, with a store and profile folders of its own."""

from __future__ import annotations

import contextlib
import html
import re

from starlette.testclient import TestClient

from autotune.web.app import create_app
from autotune.web.settings import WebSettings

HOSTILE = "<script>alert('x')</script>\"'&{{7*7}}"


@contextlib.contextmanager
def serving(tmp_path, monkeypatch, **settings):
    monkeypatch.setenv("AUTOTUNE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    app = create_app(WebSettings(store=str(tmp_path / "web.db"), **settings))
    # Not entered: the queue of runs stays still.
    yield TestClient(app, base_url="http://127.0.0.1:8765", headers={"accept": "text/html"}, follow_redirects=True)


def text_of(page, element_id):
    """The text of one element without elements in it, such as a `pre`."""
    found = re.search(rf'id="{element_id}"[^>]*>(.*?)</', page, re.DOTALL)
    assert found, f"there is no {element_id} in the page"
    return html.unescape(found[1])


def words(page):
    """What a person would read: tags out, entities decoded, white space single."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())
