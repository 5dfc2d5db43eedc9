"""Screenshots of the web pages for docs/images/web/: each in the light and the dark theme, and as wide as a phone.

    .venv/bin/python tools/web_screenshots.py [NAME ...]      # all pages, or those named

Needs Playwright and Pillow (the dev environment has them) and Debian's Chromium. The pages are served from a store of
their own in a temporary folder, so that nobody's results end up in the documentation.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def _drawn(page: Page) -> None:
    page.locator("[data-plot] .scatterlayer path.point").first.wait_for(state="attached")
    # Playwright leaves the page where its address says: at the top, or at a heading.
    if "#" in page.url:
        page.locator("#table-head").scroll_into_view_if_needed()


def _watched(page: Page) -> None:
    page.locator("#servers-head").wait_for()
    _drawn(page)


#: Every page that is shown. A new page is a line here.
SHOTS = (
    Shot("new-quick", "/new/quick?model.id=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=2&parallel.tp=4&profile=fp8_quantized&executor=emulated"),
    Shot("new-advanced", "/new/advanced?tab=parallel&model.id=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=3,4&profile=balanced&executor=emulated"),
    Shot("profiles", "/profiles"),
    Shot("profile", "/profiles/fp8_quantized?model=Qwen/Qwen3-32B&gpu=a100_sxm"),
    Shot("models", "/models?filter=qwen3"),
    Shot("model", "/models/show?name=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=2"),
    Shot("migrate", "/migrate", _migrated),
    Shot("home", "/"),
    Shot("run", "/runs/{running}", _watched),
    Shot("results", "/results?run={finished}", _drawn),
    Shot("results-table", "/results?run={finished}&sort=score&best=1#table-head", _drawn),
    Shot("point", "/results/{finished}/{point}"),
    Shot("verify", "/verify?run=20260102-030405-madeup"),
    Shot("manifests", "/manifests?target=k8s&model.id=Qwen/Qwen3-32B&system.gpu=h100_sxm&parallel.tp=2"),
)  # fmt: skip

#: Those that need runs.
OF_RUNS = ("home", "run", "results", "results-table", "point", "verify")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="pages to take (default: all)")
    names = parser.parse_args().names
    chosen = [shot for shot in SHOTS if not names or shot.name in names]
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as work:
        os.environ["AUTOTUNE_HOME"] = home
        places = work.enter_context(runs()) if any(shot.name in OF_RUNS for shot in chosen) else {}
        chosen = [shot._replace(path=fill(shot.path, places)) for shot in chosen]
        address = serve()
        FOLDER.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            for shot in chosen:
                for look in LOOKS:
                    take(browser, address, shot, look)
            browser.close()


@contextlib.contextmanager
def runs() -> Iterator[dict[str, str]]:
    """What the pages of runs show: an emulated sweep that is over, one that is at work meanwhile, and for the page of
    verification the made-up measurements that the tests use. Gives the ids.
    """
    sys.path.insert(0, str(FOLDER.parent.parent.parent))
    from autotune.store import Store
    from tests.web.stored import store_with, sweep

    home = Path(os.environ["AUTOTUNE_HOME"])
    store_with(home / "autotune.db", sweep("20260102-030405-madeup"))
    command = [
        sys.executable,
        "-m",
        "autotune",
        "model.id=Qwen/Qwen3-8B",
        "system.gpu=h100_sxm",
        "executor=emulated",
        "-m",
    ]
    swept = [
        "parallel.tp=1,2,4",
        "quantization=bf16,fp8",
        "scheduling.max_running_requests=32,128",
        "benchmark.max_requests=64",
    ]
    more = ["executor.speed=50", "optimization.max_parallel=4", "slo.ttft.p95.threshold=1000"]
    subprocess.run([*command, *swept, *more], check=True, capture_output=True, cwd=home)
    with Store(home / "autotune.db") as store:
        finished = store.find_run().run_id
        point = next(item.point_id for item in store.results(finished) if item.status == "done")
    live = subprocess.Popen(
        [*command, "parallel.tp=2,4", "scheduling.max_running_requests=16,32,64,128", "executor.speed=6", "optimization.max_parallel=2"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home,
    )  # fmt: skip
    try:
        with Store(home / "autotune.db") as store:
            while (running := store.find_run()).run_id == finished or not running.counts.get("done"):
                time.sleep(0.5)
        yield {"finished": finished, "running": running.run_id, "point": point}
    finally:
        live.kill()
        live.wait()


def fill(path: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        path = path.replace(f"{{{name}}}", value)
    return path


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
