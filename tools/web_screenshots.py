"""Screenshots of the web pages for docs/images/web/: each in the light and the dark theme, and as wide as a phone.

    .venv/bin/python tools/web_screenshots.py [NAME ...]      # all pages, or those named

Needs Playwright and Pillow (the dev environment has them) and Debian's Chromium. The pages are served from a store of
their own in a temporary folder, so that nobody's results end up in the documentation.
"""

from __future__ import annotations

import argparse
import io
import os
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parent.parent / "docs" / "images" / "web"
FLAGS = ["--no-sandbox", "--disable-gpu"]
#: Bytes that one picture may have.
LARGEST = 150_000


class Shot(NamedTuple):
    """One page: its address, and what is done in it before the picture is taken."""

    name: str
    path: str
    prepare: Callable[[Page], None] | None = None


class Look(NamedTuple):
    name: str
    scheme: str
    width: int
    height: int


LOOKS = (Look("light", "light", 1280, 900), Look("dark", "dark", 1280, 900), Look("phone", "light", 390, 844))


def _migrated(page: Page) -> None:
    task = """{"task_name": "llama-tuning", "base_runtime": "vllm-llama", "model": {"id_or_path": "meta-llama/Llama-3.1-8B-Instruct"},
 "parameters": {"tp-size": [1, 2], "mem-fraction-static": [0.85, 0.9]}, "optimization": {"strategy": "grid_search", "objective": "minimize_latency"},
 "benchmark": {"task": "text-to-text", "model_name": "llama", "traffic_scenarios": ["D(100,100)"], "num_concurrency": [1, 4]}}"""
    page.set_input_files(
        "input[type=file]", {"name": "llama.json", "mimeType": "application/json", "buffer": task.encode()}
    )
    page.locator("#migrated section").first.wait_for()


#: Every page that is shown. A new page is a line here.
SHOTS = (
    Shot("new-quick", "/new/quick?model.id=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=2&parallel.tp=4&profile=fp8_quantized&executor=emulated"),
    Shot("new-advanced", "/new/advanced?tab=parallel&model.id=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=3,4&profile=balanced&executor=emulated"),
    Shot("profiles", "/profiles"),
    Shot("profile", "/profiles/fp8_quantized?model=Qwen/Qwen3-32B&gpu=a100_sxm"),
    Shot("models", "/models?filter=qwen3"),
    Shot("model", "/models/show?name=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=2"),
    Shot("migrate", "/migrate", _migrated),
    Shot("manifests", "/manifests?target=k8s&model.id=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=2"),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="pages to take (default: all)")
    names = parser.parse_args().names
    chosen = [shot for shot in SHOTS if not names or shot.name in names]
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as home:
        os.environ["AUTOTUNE_HOME"] = home
        address = serve()
        FOLDER.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            for shot in chosen:
                for look in LOOKS:
                    take(browser, address, shot, look)
            browser.close()


def serve() -> str:
    """Start the pages in a thread of this process; their address."""
    import uvicorn

    from autotune.web.app import create_app
    from autotune.web.settings import WebSettings

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(WebSettings(port=port)), port=port, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return f"http://127.0.0.1:{port}"


def take(browser: Browser, address: str, shot: Shot, look: Look) -> None:
    from PIL import Image

    context = browser.new_context(viewport={"width": look.width, "height": look.height}, color_scheme=look.scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}{shot.path}")
    page.wait_for_load_state("networkidle")
    if shot.prepare is not None:
        shot.prepare(page)
    picture = Image.open(io.BytesIO(page.screenshot()))
    file = FOLDER / f"{shot.name}-{look.name}.webp"
    picture.save(file, "WEBP", lossless=True, quality=90, method=6)
    context.close()
    size = file.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{file} has {size:,} bytes, over {LARGEST:,}")
    print(f"{file.relative_to(FOLDER.parent.parent.parent)}  {size:,} bytes")


if __name__ == "__main__":
    main()
