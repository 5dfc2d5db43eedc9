"""A real browser on a real server: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
import time

import pytest
import uvicorn

from autotune.web.app import create_app
from autotune.web.settings import WebSettings

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: What has no name for a screen reader, and ids that stand there twice.
UNNAMED = """() => {
  const wrong = [];
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href], summary, [role=tabpanel]")) {
    const by = (field.getAttribute("aria-labelledby") || "").split(" ").map(id => document.getElementById(id)?.textContent || "").join("");
    const name = field.getAttribute("aria-label") || by || [...(field.labels || [])].map(label => label.textContent).join("")
      || (["BUTTON", "A", "SUMMARY"].includes(field.tagName) ? field.textContent : "");
    if (!name.trim()) wrong.push(field.outerHTML.slice(0, 120));
    for (const id of (field.getAttribute("aria-describedby") || "").split(" ").filter(Boolean))
      if (!document.getElementById(id)) wrong.push(`${field.id} is described by ${id}, which is not there`);
  }
  const ids = [...document.querySelectorAll("[id]")].map(item => item.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) wrong.push(`the id ${id} stands there twice`);
  return wrong;
}"""
#: Elements that are wider than the page, but for those inside of what scrolls by itself.
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("main *")].filter(item => item.getBoundingClientRect().right > width + 1
    && !item.closest("pre, .scroll, textarea")).map(item => item.outerHTML.slice(0, 100)).slice(0, 5).concat(["the page scrolls sideways"]);
}"""


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    place = shutil.which("chromium") or "/usr/bin/chromium"
    if shutil.which(place) is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=place, args=FLAGS)
        yield started
        started.close()


@contextlib.contextmanager
def served(**settings):
    """The pages on a port of their own, in a thread; gives their address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(create_app(WebSettings(port=port, **settings)), port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@contextlib.contextmanager
def opened(browser, address, path, width=1280, scheme="light", **more):
    """One page. What the console says, a script that fails and a request that is refused fail the test."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
    page = context.new_page()
    noise = []
    page.on("console", lambda message: noise.append(message.text) if message.type in ("error", "warning") else None)
    page.on("response", lambda answer: noise.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on(
        "requestfailed",
        lambda request: (
            noise.append(f"{request.url}: {request.failure}") if "ABORTED" not in str(request.failure) else None
        ),
    )
    page.goto(f"{address}{path}")
    yield page
    context.close()
    assert noise == [], noise
