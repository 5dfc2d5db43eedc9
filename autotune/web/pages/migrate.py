"""Migrate: v1 tasks become v2 task files, each value beside what became of it. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import HTMLResponse, Response

from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.migrate import migrate_text, report_data
from autotune.migrate.placement import IMAGES
from autotune.report.masking import mask_text
from autotune.web.pages.archive import download, plain_name, zip_texts
from autotune.web.pages.panel import show_value
from autotune.web.pages.rendering import render
from autotune.web.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.web.state import WebState

router = APIRouter(prefix="/migrate")

#: Files at a time, and the bytes that one may have.
MOST_FILES = 100
LARGEST = 500_000
#: What stands for the text of a file that has more; no task is this.
_TOO_LARGE = "\0"

Engine = Annotated[str, Form(max_length=40)]


@dataclass(frozen=True, slots=True)
class Migrated:
    """One file: its text, the v2 text and what became of each value; or what keeps it from being migrated."""

    name: str
    original: str
    target: str
    text: str | None
    report: dict[str, Any]
    findings: tuple[Diagnostic, ...] = ()

    @property
    def shown(self) -> str:
        """The original as a page shows it."""
        return mask_text(self.original)


@router.get("")
def migrate(request: Request) -> HTMLResponse:
    return render(request, "migrate", engines=tuple(IMAGES), migrated=[], engine="", show_value=show_value)


@router.post("")
def preview(
    request: Request,
    state: State,
    files: list[UploadFile] | None = None,
    pasted: Annotated[str, Form(max_length=LARGEST)] = "",
    engine: Engine = "",
) -> HTMLResponse:
    """What the files, and a pasted text, become. htmx asks for the part below the form, a browser for the page."""
    texts = [_read(item) for item in files or () if item.filename]
    if pasted.strip():
        texts.append(("pasted.json", pasted))
    migrated = _migrate(state, texts, engine)
    name = "migrated" if request.headers.get("hx-request") else "migrate"
    return render(request, name, engines=tuple(IMAGES), migrated=migrated, engine=engine, show_value=show_value)


@router.post("/download")
def fetch(
    state: State,
    name: Annotated[list[str], Form()],
    text: Annotated[list[str], Form()],
    engine: Engine = "",
) -> Response:
    """The v2 file, or a ZIP archive of several. Raises InputError where nothing could be migrated."""
    migrated = _migrate(state, list(zip(name, text, strict=False)), engine)
    done = {item.target: item.text for item in migrated if item.text is not None}
    if not done:
        raise InputError(*(found for item in migrated for found in item.findings))
    if len(done) == 1:
        ((target, only),) = done.items()
        return download(only, target, "application/yaml")
    return download(zip_texts(done), "migrated.zip", "application/zip")


def _read(item: UploadFile) -> tuple[str, str]:
    data = item.file.read(LARGEST + 1)
    return item.filename or "", data.decode("utf-8", errors="replace") if len(data) <= LARGEST else _TOO_LARGE


def _migrate(state: WebState, texts: Sequence[tuple[str, str]], engine: str) -> list[Migrated]:
    executors = frozenset(state.workspace.composer.options("executor"))
    taken: set[str] = set()
    found = []
    for name, text in texts[:MOST_FILES]:
        named = plain_name(name, "task.json")
        target = _free(f"{named.rpartition('.')[0] or named}.v2.yaml", taken)
        taken.add(target)
        if text == _TOO_LARGE:
            found.append(Migrated(named, "", target, None, {}, (_too_large(named),)))
            continue
        try:
            made = migrate_text(
                text,
                named,
                state.workspace.world.catalog,
                engine=engine if engine in IMAGES else None,
                executors=executors,
            )
            found.append(Migrated(named, text, target, made.text, report_data(made)))
        except InputError as error:
            found.append(Migrated(named, text, target, None, {}, tuple(error.diagnostics)))
    return found


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where an earlier file has it."""
    stem = name.removesuffix(".v2.yaml")
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{stem}-{number}.v2.yaml"
    return free


def _too_large(name: str) -> Diagnostic:
    return diagnostic("AT001", f"{name} has more than {LARGEST:,} bytes", writer=Writer(Source.USER, name), help="`autotune migrate` on the command line takes it")  # fmt: skip
